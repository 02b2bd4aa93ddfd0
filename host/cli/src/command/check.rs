//! `sigmapol check`

use std::{io::Write, path::PathBuf};

use comfy_table::Cell;
use serde_json::{Value, json};
use sigmapol_core::json::Object;
use sigmapol_prove::{Facts, Finding, Level, Path, lint_config, lint_flow};
use sigmapol_provider::Http;
use sigmapol_router::{Config, Router, check_flow};

use crate::{
    Failure, Global, print_json,
    shared::{
        findings::{Found, of_host},
        input, profiles,
        table::render,
        text::safe,
    },
};

/// What a retry table has of its own, and is found there.
const OF_TABLES: [&str; 6] = ["L050", "L054", "L055", "L056", "L058", "L059"];

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
    let lines = profiles::lines(&file, config);
    let here = |finding| Found::new(&file, lines, finding);
    let engine = global.engine.open(sigmapol::Limits::default())?;
    let router = Router::builder(config.clone()).engine(engine.into()).reference(args.reference);
    let router = router.build()?;

    let facts = of_host(Facts::of_config(config.value()));
    let mut found: Vec<Found> = providers(config.value())?.into_iter().map(here).collect();
    found.extend(lint_config(config.value(), &facts).into_iter().map(here));
    // what surrounds a policy is found in the configuration itself
    let mut facts = facts;
    (facts.fields, facts.adapters) = (Vec::new(), None);
    for name in members(config.value(), "profiles").map(|(name, _)| name) {
        let contract = Object::new().with("profile", &Value::from(name.as_str()).to_string());
        let policy = router.resolve(&contract.finish())?.policy;
        let of_profile = profiles::in_profile(&file, config, name, &policy, &facts);
        found.extend(of_profile.into_iter().filter(|found| {
            let in_table = found.finding.at.ends_with(".retry_policy");
            !(in_table && OF_TABLES.contains(&found.finding.code))
        }));
    }
    found.sort_by_key(Found::order);
    // what a profile inherits is found once
    found.dedup_by(|one, other| one.finding == other.finding);
    for path in &args.flow {
        let flow = input::text("flow", path)?;
        check_flow(&sigmapol_core::Native, &flow, Some(config), args.reference)?;
        let name = path.display().to_string();
        let of_flow = lint_flow(&flow, &facts).into_iter();
        found.extend(of_flow.map(|finding| Found::new(&name, Some(&flow), finding)));
    }
    Ok(found)
}

/// Providers that no call can be made to: not described as they have to be, or without their key.
fn providers(config: &Value) -> Result<Vec<Finding>, Failure> {
    let root = Path::default().key("providers");
    let mut found = Vec::new();
    let mut good: serde_json::Map<String, Value> =
        members(config, "providers").map(|(id, provider)| (id.clone(), provider.clone())).collect();
    for (id, problem) in Http::problems(config) {
        let problem = problem.to_string();
        let (place, what) = problem.split_once(": ").unwrap_or(("", &problem));
        let below = place.strip_prefix(&format!("providers.{id}.")).unwrap_or_default();
        let at = match below.strip_prefix("error_map.") {
            Some(key) => root.key(&id).key("error_map").key(key),
            None => below
                .split('.')
                .filter(|key| !key.is_empty())
                .fold(root.key(&id), |at, key| at.key(key)),
        };
        found.push(Finding::new("C001", Level::Error, &at, what));
        good.remove(&id);
    }
    let http = Http::new(&json!({ "providers": good }));
    let http = http.map_err(|error| Failure::Usage(error.to_string()))?;
    for missing in http.missing_credentials() {
        let own =
            good.get(&missing.provider).and_then(|provider| provider.pointer("/auth/auth_env"));
        let at = root.key(&missing.provider);
        let at = if own.is_some() { at.key("auth").key("auth_env") } else { at.key("auth_env") };
        let variable = missing.variable;
        let message = format!(
            "the environment variable {variable} is not set, nobody is called there (no_credential)"
        );
        found.push(Finding::new("C002", Level::Warning, &at, message));
    }
    Ok(found)
}

fn members<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}
