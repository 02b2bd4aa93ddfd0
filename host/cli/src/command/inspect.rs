//! `sigmapol inspect`

use std::{borrow::Cow, io::Write, path::PathBuf};

use defloat::{Kind, Report};
use serde::Serialize;
use sigmapol::artifact;

use crate::{
    Failure, Global, print_json,
    shared::{input, table::render, text::safe},
};

/// First bytes of every WebAssembly file.
const MAGIC: &[u8] = b"\0asm";

/// Say what is in a component: digest, size, imports, exports, features, float operators
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Any component or core module; by default the component of this program
    component: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    report: &'a Report,
    core_module_sha256: Option<&'a str>,
    closed_and_integer_only: bool,
    violations: &'a [String],
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let (name, wasm) = match &args.component {
        None => ("the embedded component".to_owned(), Cow::Borrowed(artifact::COMPONENT)),
        Some(path) => {
            (path.display().to_string(), Cow::Owned(input::bytes(path, input::MODULE_BYTES)?))
        }
    };
    if !wasm.starts_with(MAGIC) {
        return Err(Failure::Usage(format!("{name}: not a WebAssembly file")));
    }
    let report =
        defloat::inspect(&wasm).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    let violations = report.violations();
    let core = defloat::core_module(&wasm).ok().map(|core| sigmapol_core::digest(&core));
    let core_module_sha256 = core.as_deref().filter(|_| report.kind == Kind::Component);
    if args.json {
        let closed_and_integer_only = violations.is_empty();
        print_json(
            &Json {
                report: &report,
                core_module_sha256,
                closed_and_integer_only,
                violations: &violations,
            },
            out,
        )?;
    } else {
        table(&report, core_module_sha256, &violations, global, out)?;
    }
    match violations.len() {
        0 => Ok(()),
        1 => Err(Failure::Verdict(format!("{name}: {}", violations.concat()))),
        count => Err(Failure::Verdict(format!("{name}: {count} violations"))),
    }
}

fn table(
    report: &Report,
    core_module_sha256: Option<&str>,
    violations: &[String],
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let kind = match report.kind {
        Kind::Component => "component",
        Kind::Module => "core module",
    };
    let operators: usize = report.float_operators.values().sum();
    let mut rows = vec![
        ("kind", kind.to_owned()),
        ("size", format!("{} bytes", report.bytes)),
        ("sha256", report.sha256.clone()),
        ("core modules", report.core_modules.to_string()),
        ("module name", report.module_name.clone().unwrap_or_else(|| "none".to_owned())),
        ("imports", counted(&report.imports)),
        ("exports", counted(&report.exports)),
    ];
    if let Some(digest) = core_module_sha256 {
        rows.insert(3, ("core sha256", digest.to_owned()));
    }
    for memory in &report.memories {
        let max = memory
            .max_pages
            .map_or_else(|| "no maximum".to_owned(), |max| format!("at most {max}"));
        let name = memory.exported_as.as_deref().unwrap_or("nothing");
        rows.push(("memory", format!("{} pages, {max}, exported as {name}", memory.min_pages)));
    }
    let counts = report.float_operators.iter().map(|(name, count)| format!("{name} {count}"));
    rows.push(("features", report.features.join(", ")));
    rows.push(("float operators", lines(operators, counts)));
    rows.push(("float types", report.float_types.total().to_string()));
    let verdict = match violations {
        [] => "closed and integer-only".to_owned(),
        _ => format!("not closed and integer-only\n{}", violations.join("\n")),
    };
    rows.push(("verdict", verdict));
    let mut table = global.plain_table();
    for (name, value) in rows {
        let value: Vec<_> = value.lines().map(safe).collect();
        table.add_row([name, &value.join("\n")]);
    }
    Ok(writeln!(out, "{}", render(table))?)
}

fn counted(names: &[String]) -> String {
    lines(names.len(), names.iter().cloned())
}

fn lines(count: usize, items: impl Iterator<Item = String>) -> String {
    [count.to_string()].into_iter().chain(items).collect::<Vec<_>>().join("\n")
}
