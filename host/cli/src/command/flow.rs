//! `sigmapol flow`

use std::{
    io::{self, Write},
    iter,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Subcommand;
use serde_json::Value;
use sigmapol_provider::Provider;
use sigmapol_router::{CallKind, Config, FlowOutcome, FlowRequest, NodeOutcome, Totals};

use crate::{
    Failure, Global, print_json,
    shared::{
        input, provider,
        router::{RouterArgs, State, block_on, save_after},
        table::{number, render},
        text::{AsItIs, safe},
        trace,
    },
};

/// Check or run a flow: a graph of calls, each under a policy of its own
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(CheckArgs),
    Run(RunArgs),
}

/// Check a flow and name it
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The flow, `["flow", {node: {kind, …}}]`
    flow: PathBuf,
    /// A configuration whose fields the policies of nodes may speak of
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Admit policies of the reference profile, instead of the strict one
    #[arg(long)]
    reference: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Run a flow, the nodes that are ready side by side, and print its output
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The flow
    flow: PathBuf,
    /// The text of the input node; `-` is standard input. Without one it is the last text of a user
    /// in the contract
    #[arg(long, value_name = "TEXT", required_unless_present = "contract")]
    input: Option<String>,
    /// The input is JSON, which nodes read as data
    #[arg(long, requires = "input")]
    data: bool,
    /// The conversation and what goes with every call, `{messages?, tools?, requirements?, …}`
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    #[command(flatten)]
    router: RouterArgs,
    /// Print what happened at each hop of each node, on standard error
    #[arg(long)]
    trace: bool,
    /// Print JSON: the output, how the run of each node ended, and what they took
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    match &args.command {
        Command::Check(args) => check(args, global, out),
        Command::Run(args) => {
            let config = args.router.config()?;
            let provider = provider::open(config.value())?;
            with(args, config, provider, global, &mut AsItIs::to_stdout(out))
        }
    }
}

fn check(args: &CheckArgs, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let flow = input::text("flow", &args.flow)?;
    let config = args.config.as_deref().map(Config::read).transpose()?;
    let engine = global.engine.open(sigmapol::Limits::default())?;
    let named = sigmapol_router::check_flow(&*engine, &flow, config.as_ref(), args.reference)?;
    if args.json {
        return print_json(&named, out);
    }
    let mut table = global.plain_table();
    for key in ["identity", "fingerprint", "canonical"] {
        table.add_row([key, &safe(named.get(key).and_then(Value::as_str).unwrap_or_default())]);
    }
    Ok(writeln!(out, "{}", render(table))?)
}

fn with(
    args: &RunArgs,
    config: Config,
    provider: Arc<dyn Provider>,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let given = args.input.as_deref().map(Path::new).filter(|path| input::is_stdin(path));
    let paths = iter::once(args.flow.as_path()).chain(args.router.paths());
    input::check_stdin(paths.chain(args.contract.as_deref()).chain(given))?;
    let flow = input::text("flow", &args.flow)?;
    let text = match given {
        Some(stdin) => Some(input::text("input", stdin)?),
        None => args.input.clone(),
    };
    let contract =
        args.contract.as_deref().map(|path| input::text("contract", path)).transpose()?;
    let request = FlowRequest {
        flow: &flow,
        input: text.as_deref(),
        is_data: args.data,
        contract: contract.as_deref(),
    };
    let router = args.router.builder(config, State::Held, global)?.provider(provider).build()?;
    let mut told = |node: &NodeOutcome| {
        if !args.json {
            // with no stderr there is nobody left to tell
            let _ = writeln!(io::stderr(), "{}", line(node));
        }
    };
    let outcome = block_on(async { Ok(router.run_flow_with(&request, &mut told).await?) })?;
    if args.trace {
        // with no stderr there is nobody left to tell
        let _ = write!(io::stderr(), "{}", traces(&outcome, global));
    }
    if args.json {
        print_json(&outcome, out)?;
    } else {
        let _ = writeln!(io::stderr(), "{}", sum(&outcome.totals));
        if let Some(output) = &outcome.output {
            writeln!(out, "{output}")?;
        }
    }
    let ended = match outcome.error {
        Some(error) => Err(Failure::Verdict(format!("flow: {error}"))),
        None => Ok(()),
    };
    save_after(&router, ended)
}

/// A call that has ended: the node, who answered, and how long it took.
fn line(node: &NodeOutcome) -> String {
    let outcome = &node.outcome;
    let name = |key: &str| {
        let chosen = outcome.chosen.as_ref().filter(|_| outcome.ok);
        safe(chosen.and_then(|chosen| chosen.get(key)?.as_str()).unwrap_or_default())
    };
    let what = match node.kind {
        CallKind::Routing => " (routing)",
        _ => "",
    };
    let end = match &outcome.error {
        Some(error) => safe(error),
        None => format!("{} of {}", name("model_family"), name("provider_id")),
    };
    let took = outcome.trace.get("total_latency_ms").and_then(Value::as_f64).map(number);
    let took = took.unwrap_or_else(|| "-".to_owned());
    format!("{}{what}: {end}, {took} ms", safe(&node.node))
}

/// What all calls took.
fn sum(totals: &Totals) -> String {
    let cost = match totals.cost_nano_usd {
        Some(nano) => format!("{} USD", usd(nano)),
        None => "at an unknown cost".to_owned(),
    };
    let Totals { calls, input_tokens, output_tokens, .. } = totals;
    format!("{calls} calls, {input_tokens} tokens in, {output_tokens} tokens out, {cost}")
}

/// Billionths of a dollar as dollars, exactly.
fn usd(nano: u64) -> String {
    let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    let trimmed = text.trim_end_matches('0');
    trimmed.strip_suffix('.').unwrap_or(trimmed).to_owned()
}

fn traces(outcome: &FlowOutcome, global: &Global) -> String {
    let nodes = outcome
        .nodes
        .iter()
        .map(|node| format!("{}\n{}\n\n", safe(&node.node), trace::table(&node.outcome, global)));
    nodes.collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::shared::fixture::{Echo, Folder, global};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    const FLOW: &str = r#"["flow", {
        "in": {"kind": "input"},
        "draft": {"kind": "llm", "inputs": ["in"], "system": "Draft.", "policy": POLICY},
        "edit": {"kind": "llm", "inputs": ["draft"], "system": "Edit.", "policy": POLICY},
        "out": {"kind": "output", "inputs": ["edit"]}}]"#;
    const POLICY: &str = r#"["policy", ["family_eq", "large"], ["neg", ["field", "price_in"]],
        ["argmax"], ["id"], ["always", {"action": "next_candidate"}]]"#;

    fn call(line: &str, failing: &'static [&'static str]) -> Result<String, Failure> {
        let folder = Folder::new();
        folder.write("flow.json", &FLOW.replace("POLICY", POLICY));
        in_folder(&folder, line, failing)
    }

    fn in_folder(
        folder: &Folder,
        line: &str,
        failing: &'static [&'static str],
    ) -> Result<String, Failure> {
        let args = Line::try_parse_from(folder.words(&format!("flow {line}"))).unwrap().args;
        let mut out = Vec::new();
        match &args.command {
            Command::Check(args) => check(args, &global(), &mut out)?,
            Command::Run(args) => {
                let config = args.router.config()?;
                with(args, config, Echo::but(failing), &global(), &mut out)?;
            }
        }
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn runs() {
        let line = "run @flow.json --config @router.json --input hello";
        assert_eq!(call(line, &[]).unwrap(), "alpha: alpha: hello\n");
        assert_eq!(call(line, &["alpha"]).unwrap(), "beta: beta: hello\n");
        let failure = call(line, &["alpha", "beta"]).unwrap_err();
        let message = "flow: node 'draft': exhausted: server_error";
        assert_eq!((failure.to_string().as_str(), failure.exit_code()), (message, 1));
        let printed = call(&format!("{line} --json"), &[]).unwrap();
        let outcome: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(outcome["output"], "alpha: alpha: hello");
        assert_eq!(outcome["nodes"][1]["node"], "edit");
        // the provider says nothing of tokens
        assert_eq!(
            outcome["totals"],
            serde_json::json!({"calls": 2, "input_tokens": 0, "output_tokens": 0})
        );
    }

    #[test]
    fn runs_over_data_and_conversations() {
        let folder = Folder::new();
        folder.write("flow.json", &FLOW.replace("POLICY", POLICY));
        folder.write("contract.json", r#"{"messages":[{"role":"user","content":"who?"}]}"#);
        let line = "run @flow.json --config @router.json --contract @contract.json";
        assert_eq!(in_folder(&folder, line, &[]).unwrap(), "alpha: alpha: who?\n");
        let data = r#"run @flow.json --config @router.json --data --input {"a":null}"#;
        assert_eq!(in_folder(&folder, data, &[]).unwrap(), "alpha: alpha: {\"a\":null}\n");
        let wrong = "run @flow.json --config @router.json --data --input {";
        let message =
            "refused event: event.input: data: line 1 column 2: expected a key, got the end";
        assert_eq!(in_folder(&folder, wrong, &[]).unwrap_err().to_string(), message);
        for line in
            ["run @flow.json --config @router.json", "run @flow.json --config @router.json --data"]
        {
            assert!(Line::try_parse_from(folder.words(&format!("flow {line}"))).is_err(), "{line}");
        }
    }

    #[test]
    fn dollars() {
        for (nano, text) in
            [(0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (20_000_000_000, "20")]
        {
            assert_eq!(usd(nano), text);
        }
        let totals = Totals { calls: 2, input_tokens: 7, output_tokens: 3, cost_nano_usd: None };
        assert_eq!(sum(&totals), "2 calls, 7 tokens in, 3 tokens out, at an unknown cost");
        let totals = Totals { cost_nano_usd: Some(2_500_000), ..totals };
        assert_eq!(sum(&totals), "2 calls, 7 tokens in, 3 tokens out, 0.0025 USD");
    }

    #[test]
    fn checks() {
        insta::assert_snapshot!("flow_check", call("check @flow.json", &[]).unwrap());
        let failure = call("check @router.json", &[]).unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        let message = r#"refused flow: $: a flow is { "flow", <nodes map> }"#;
        assert_eq!(failure.to_string(), message);
    }
}
