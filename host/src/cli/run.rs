//! `sigmapol run`

use std::{
    io::{self, Write},
    pin::pin,
    sync::Arc,
};

use tokio::sync::mpsc::unbounded_channel;

use super::{
    Failure, Global,
    contract::ContractArgs,
    print_json, provider,
    router::{RouterArgs, State, block_on},
    trace,
};
use crate::{
    provider::Provider,
    router::{Config, Outcome, Router},
};

/// Make one call, and print the text of the answer
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    contract: ContractArgs,
    #[command(flatten)]
    router: RouterArgs,
    /// Print the text as it arrives
    #[arg(long, conflicts_with = "json")]
    stream: bool,
    /// Print what happened at each hop, on standard error
    #[arg(long)]
    trace: bool,
    /// Print JSON: the answer, who gave it, and the trace
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    args.contract.check_complete()?;
    let config = args.router.config()?;
    let provider = provider::open(config.value())?;
    with(args, config, provider, global, out)
}

fn with(
    args: &Args,
    config: Config,
    provider: Arc<dyn Provider>,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let contract = args.contract.read(&args.router)?;
    let router = args.router.builder(config, State::Held, global)?.provider(provider).build()?;
    let outcome = block_on(async {
        if args.stream {
            stream(&router, &contract, out).await
        } else {
            Ok(router.start(&contract)?.answer().await?)
        }
    })?;
    router.save()?;
    if args.trace {
        // with no stderr there is nobody left to tell
        let _ = writeln!(io::stderr(), "{}", trace::table(&outcome, global));
    }
    if args.json {
        print_json(&outcome, out)?;
    } else if args.stream && !outcome.text().is_empty() {
        writeln!(out)?;
    } else if outcome.ok {
        writeln!(out, "{}", outcome.text())?;
    }
    match outcome.error {
        Some(error) => Err(Failure::Verdict(format!("run: {error}"))),
        None => Ok(()),
    }
}

/// Writes the text as it arrives.
///
/// It takes a detour through a channel: the future of a run may go to another thread, and what a
/// command writes to may not.
async fn stream(router: &Router, contract: &str, out: &mut impl Write) -> Result<Outcome, Failure> {
    let (sender, mut receiver) = unbounded_channel();
    let mut on_text = move |text: &str| {
        let _ = sender.send(text.to_owned()); // the receiver outlives the run
    };
    let mut running = pin!(router.start(contract)?.stream(&mut on_text));
    let outcome = loop {
        tokio::select! {
            biased;
            Some(text) = receiver.recv() => write(&text, out)?,
            outcome = &mut running => break outcome,
        }
    };
    while let Ok(text) = receiver.try_recv() {
        write(&text, out)?;
    }
    Ok(outcome?)
}

fn write(text: &str, out: &mut impl Write) -> Result<(), Failure> {
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use clap::Parser;
    use tempfile::TempDir;

    use super::*;
    use crate::cli::{engine::Kind, flow_fixture::Named};

    const CONFIG: &str = include_str!("../../../examples/router.json");

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// Runs a command line over providers of which the named ones fail.
    fn call(line: &str, failing: &'static [&'static str]) -> (String, Result<(), Failure>) {
        let folder: TempDir = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("router.json");
        fs::write(&path, CONFIG).unwrap();
        let path = path.display().to_string();
        let words = ["run", "--config", &path].into_iter().chain(line.split_whitespace());
        let args = Line::try_parse_from(words).unwrap().args;
        let global = Global { engine: Kind::Native, width: Some(100) };
        let config = args.router.config().unwrap();
        let mut out = Vec::new();
        let result = with(&args, config, Arc::new(Named { failing }), &global, &mut out);
        (String::from_utf8(out).unwrap(), result)
    }

    #[test]
    fn the_text_of_the_answer() {
        for line in ["--prompt hello", "--prompt hello --stream"] {
            let (printed, result) = call(line, &[]);
            assert_eq!(printed, "beta says: hello\n");
            result.unwrap();
        }
    }
}
