//! `sigmapol check`

use std::{io::Write, path::PathBuf};

use comfy_table::Cell;
use serde_json::json;
use sigmapol_prove::{Finding, Level, lint_flow};
use sigmapol_router::{Config, check_flow};

use crate::{
    Failure, Global, print_json,
    shared::{checked, findings::Found, input, table::render, text::safe},
};

/// Say what is wrong with a configuration, or hardly meant, before a call; nobody is called
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration: JSON, TOML or YAML, by its extension; JSON or YAML from standard input
    config: PathBuf,
    /// A flow over the configuration
    #[arg(long, value_name = "FILE")]
    flow: Vec<PathBuf>,
    /// Admit policies of the reference profile, instead of the strict one
    #[arg(long)]
    reference: bool,
    /// Fail for warnings too
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    input::check_stdin(args.flow.iter().chain([&args.config]).map(PathBuf::as_path))?;
    let config = match input::is_stdin(&args.config) {
        true => Config::from_text(&input::text("config", &args.config)?)?,
        false => Config::read(&args.config)?,
    };
    let found = found(args, &config, global)?;
    let count = |level| found.iter().filter(|found| found.level() == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    if args.json {
        print_json(&json!({"findings": found, "errors": errors, "warnings": warnings}), out)?;
    } else if found.is_empty() {
        writeln!(out, "no findings")?;
    } else {
        let mut table = global.plain_table();
        for found in &found {
            let Finding { code, level, .. } = &found.finding;
            let cells = [&found.place(), level.name(), code, &found.finding.text()];
            table.add_row(cells.map(|text| Cell::new(safe(text))));
        }
        writeln!(out, "{}", render(table))?;
    }
    if errors > 0 || args.strict && warnings > 0 {
        return Err(Failure::Verdict(format!("check: {errors} errors, {warnings} warnings")));
    }
    Ok(())
}

/// Everything that is found, as it stands in the file. What the engine refuses ends the command, as it ends
/// `run`.
fn found(args: &Args, config: &Config, global: &Global) -> Result<Vec<Found>, Failure> {
    let file = args.config.display().to_string();
    let engine = global.engine.open(sigmapol::Limits::default())?;
    let mut found = checked::of_config(&file, config, args.reference, engine.into())?;
    let facts = checked::facts(config);
    for path in &args.flow {
        let flow = input::text("flow", path)?;
        check_flow(&sigmapol_core::Native, &flow, Some(config), args.reference)?;
        let name = path.display().to_string();
        let of_flow = lint_flow(&flow, &facts).into_iter();
        found.extend(of_flow.map(|finding| Found::new(&name, Some(&flow), finding)));
    }
    Ok(found)
}
