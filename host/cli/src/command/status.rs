//! `sigmapol status`

use std::io::Write;

use comfy_table::Cell;
use serde_json::Value;

use crate::{
    Failure, Global, print_json,
    shared::{
        input, provider,
        router::{RouterArgs, State},
        table::{number, render, right},
        text::safe,
    },
};

/// Show what the runtime state says of each provider
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    router: RouterArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    input::check_stdin(args.router.paths())?;
    let config = args.router.config()?;
    let provider = provider::known(config.value());
    let mut builder = args.router.builder(config, State::Read, global)?;
    if let Some(provider) = provider {
        builder = builder.provider(provider);
    }
    let router = builder.build()?;
    let status = router.status()?;
    if args.json {
        return print_json(&status, out);
    }
    Ok(writeln!(out, "{}", table(&status, global))?)
}

fn table(status: &Value, global: &Global) -> String {
    let header = ["provider", "available", "breaker", "recovers in", "disabled", "credits $"];
    let mut table = global.table(header);
    let providers = status.get("providers").and_then(Value::as_object);
    for (id, provider) in providers.into_iter().flatten() {
        let at = |pointer: &str| provider.pointer(pointer);
        let flag = |pointer: &str| at(pointer).and_then(Value::as_bool) == Some(true);
        let value = |pointer: &str| at(pointer).and_then(Value::as_f64);
        let breaker = if flag("/breaker/open") { "open" } else { "closed" };
        let failures = value("/breaker/consecutive_failures").unwrap_or_default();
        let breaker = match failures > 0.0 {
            true => format!("{breaker}, {} failed", number(failures)),
            false => breaker.to_owned(),
        };
        let closed = at("/closed_models").and_then(Value::as_object);
        let closed = closed.into_iter().flatten();
        let breaker = closed
            .clone()
            .fold(breaker, |breaker, (model, _)| format!("{breaker}; model {} open", safe(model)));
        let models = closed.filter_map(|(_, model)| model.get("ms_until_recovery")?.as_f64());
        let recovery = ["/breaker/ms_until_recovery", "/disabled/ms_until_recovery"];
        let recovery = recovery.into_iter().filter_map(value).chain(models).fold(0.0, f64::max);
        let recovery = if recovery > 0.0 { seconds(recovery) } else { "-".to_owned() };
        let disabled = at("/disabled/kind").and_then(Value::as_str).map(safe);
        let keyless = at("/without_credential").and_then(Value::as_str);
        let disabled = keyless.map(|name| format!("{} is not set", safe(name))).or(disabled);
        let disabled = disabled.unwrap_or_else(|| "-".to_owned());
        let credits = value("/credits_remaining_usd").map_or_else(|| "-".to_owned(), number);
        table.add_row([
            Cell::new(safe(id)),
            Cell::new(if flag("/available") { "yes" } else { "no" }),
            Cell::new(breaker),
            right(recovery),
            Cell::new(disabled),
            right(credits),
        ]);
    }
    render(table)
}

/// Whole seconds, rounded up: before then it is not over.
fn seconds(ms: f64) -> String {
    format!("{} s", number((ms / 1e3).ceil()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shared::fixture::global;

    #[test]
    fn one_row_a_provider() {
        let closed = json!({"open": false, "consecutive_failures": 0, "ms_until_recovery": 0});
        let status = json!({"providers": {
            "up": {"available": true, "breaker": closed, "credits_remaining_usd": 4.5},
            "broken": {"available": false, "breaker":
                {"open": true, "consecutive_failures": 3, "ms_until_recovery": 29_400}},
            "shut": {"available": false, "breaker":
                {"open": false, "consecutive_failures": 1, "ms_until_recovery": 0},
                "disabled": {"kind": "auth_error", "at_ms": 0, "ms_until_recovery": 299_000}},
            "some": {"available": true, "breaker": closed,
                "closed_models": {"m-1": {"failures": 3, "ms_until_recovery": 12_000}}},
            "keyless": {"available": false, "breaker": closed, "without_credential": "KEY_A"},
        }});
        insta::assert_snapshot!("status", table(&status, &global()));
    }
}
