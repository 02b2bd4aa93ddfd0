//! A report as text.

use defloat::{Kind, Report};

/// Prints one fact a line, and the verdict at the end.
pub fn report(report: &Report) {
    let kind = match report.kind {
        Kind::Component => "component",
        Kind::Module => "core module",
    };
    let operators: usize = report.float_operators.values().sum();
    println!("kind             {kind}");
    println!("size             {} bytes", report.bytes);
    println!("sha256           {}", report.sha256);
    println!("core modules     {}", report.core_modules);
    println!("module name      {}", report.module_name.as_deref().unwrap_or("none"));
    println!("imports          {}", report.imports.len());
    print_indented(&report.imports);
    println!("exports          {}", report.exports.len());
    print_indented(&report.exports);
    for memory in &report.memories {
        let max = memory.max_pages.map_or("no maximum".to_owned(), |max| format!("at most {max}"));
        let name = memory.exported_as.as_deref().unwrap_or("nothing");
        println!("memory           {} pages, {max}, exported as {name}", memory.min_pages);
    }
    println!("features         {}", report.features.join(", "));
    println!("float operators  {operators}");
    print_indented(report.float_operators.iter().map(|(name, count)| format!("{name} {count}")));
    println!("float types      {}", report.float_types.total());
    let violations = report.violations();
    if violations.is_empty() {
        println!("verdict          closed and integer-only");
    } else {
        println!("verdict          not closed and integer-only");
        print_indented(violations);
    }
}

fn print_indented<T: std::fmt::Display>(lines: impl IntoIterator<Item = T>) {
    for line in lines {
        println!("  {line}");
    }
}
