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
use sigmapol_router::{Config, FlowOutcome};

use crate::{
    Failure, Global, print_json,
    shared::{
        input, provider,
        router::{RouterArgs, State, block_on, save_after},
        table::render,
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

/// Run a flow, one node after the other, and print its output
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The flow
    flow: PathBuf,
    /// The text of the input node; `-` is standard input
    #[arg(long, value_name = "TEXT")]
    input: String,
    #[command(flatten)]
    router: RouterArgs,
    /// Print what happened at each hop of each node, on standard error
    #[arg(long)]
    trace: bool,
    /// Print JSON: the output, and how the run of each node ended
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
    let given = Path::new(&args.input);
    let paths = iter::once(args.flow.as_path()).chain(args.router.paths());
    input::check_stdin(paths.chain(input::is_stdin(given).then_some(given)))?;
    let flow = input::text("flow", &args.flow)?;
    let text =
        if input::is_stdin(given) { input::text("input", given)? } else { args.input.clone() };
    let router = args.router.builder(config, State::Held, global)?.provider(provider).build()?;
    let outcome = block_on(async { Ok(router.run_flow(&flow, &text).await?) })?;
    if args.trace {
        // with no stderr there is nobody left to tell
        let _ = write!(io::stderr(), "{}", traces(&outcome, global));
    }
    if args.json {
        print_json(&outcome, out)?;
    } else if let Some(output) = &outcome.output {
        writeln!(out, "{output}")?;
    }
    let ended = match outcome.error {
        Some(error) => Err(Failure::Verdict(format!("flow: {error}"))),
        None => Ok(()),
    };
    save_after(&router, ended)
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
