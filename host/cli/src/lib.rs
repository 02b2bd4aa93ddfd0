//! The command `sigmapol`, as functions: nothing here needs a process of its own.

mod command;
mod shared;

use std::io::Write;

use clap::{Parser, Subcommand};

use command::{
    admit, check, conformance, decide, flow, genvm, hash, inspect, keys, ledger, mock_provider,
    operate, rank, replay, run, sandbox, serve, status,
};
use shared::{engine, text::safe_json};

pub use shared::{
    failure::{Failure, usage},
    stop::Stopped,
};

/// What follows the help of the command.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by the engine, or a check that failed
  2  wrong usage, a file that cannot be read, or an output that cannot be written
  3  exhausted: fuel, memory, deadline, result size, cost or instances
  4  trap, or an engine that cannot be loaded
  65 a ledger that is damaged, torn, cut off before an anchor, or none
  73 answered, and the runtime state cannot be written
  74 a ledger that cannot be read or written
  75 a ledger that another one writes
  130, 143 stopped by SIGINT or SIGTERM before the end
  141 the reader of the output left before its end

Every failure is one line on standard error. `-` in place of a file is standard input.
Compiled code is kept in the user's cache folder, or in SIGMAPOL_CACHE_DIR; empty, that
variable switches the cache off.";

/// Decide which LLM a call goes to, by a policy that is data.
#[derive(Debug, Parser)]
#[command(name = "sigmapol", version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// What runs the engine; all of them give the same answers
    #[arg(long, global = true, value_enum, default_value_t)]
    engine: engine::Kind,
    /// Columns of tables, by default those of the terminal
    #[arg(long, global = true, value_name = "COLUMNS")]
    width: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Admit(admit::Args),
    Check(check::Args),
    Hash(hash::Args),
    Decide(decide::Args),
    Replay(replay::Args),
    Inspect(inspect::Args),
    Sandbox(sandbox::Args),
    Genvm(genvm::Args),
    Conformance(conformance::Args),
    MockProvider(mock_provider::Args),
    Run(run::Args),
    Serve(serve::Args),
    Keys(keys::Args),
    Rank(rank::Args),
    Status(status::Args),
    Enable(operate::EnableArgs),
    Disable(operate::DisableArgs),
    Flow(flow::Args),
    Ledger(ledger::Args),
}

impl Command {
    /// Whether `--engine` says what it asks. Some run a module in a machine of their own, and some
    /// run nothing.
    const fn asks_an_engine(&self) -> bool {
        match self {
            Self::Admit(_)
            | Self::Check(_)
            | Self::Hash(_)
            | Self::Decide(_)
            | Self::Replay(_)
            | Self::Conformance(_)
            | Self::Run(_)
            | Self::Serve(_)
            | Self::Rank(_)
            | Self::Status(_)
            | Self::Enable(_)
            | Self::Disable(_)
            | Self::Flow(_) => true,
            Self::Inspect(_)
            | Self::Sandbox(_)
            | Self::Genvm(_)
            | Self::MockProvider(_)
            | Self::Keys(_)
            | Self::Ledger(_) => false,
        }
    }
}

/// Runs a command and writes what it prints.
///
/// # Errors
///
/// One line of text and an exit code; see [`Failure`].
pub fn run(cli: &Cli, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    if cli.global.engine != engine::Kind::default() && !cli.command.asks_an_engine() {
        let engine = cli.global.engine.name();
        let message = format!("--engine {engine}: this command asks none of the engines");
        return Err(Failure::Usage(message));
    }
    match &cli.command {
        Command::Admit(args) => admit::run(args, &cli.global, out),
        Command::Check(args) => check::run(args, &cli.global, out),
        Command::Hash(args) => hash::run(args, &cli.global, out),
        Command::Decide(args) => decide::run(args, &cli.global, out),
        Command::Replay(args) => replay::run(args, &cli.global, out),
        Command::Inspect(args) => inspect::run(args, &cli.global, out),
        Command::Sandbox(args) => sandbox::run(args, &cli.global, out),
        Command::Genvm(args) => genvm::run(args, &cli.global, out),
        Command::Conformance(args) => conformance::run(args, &cli.global, out),
        Command::MockProvider(args) => mock_provider::run(args, out),
        Command::Run(args) => run::run(args, &cli.global, out),
        Command::Serve(args) => serve::run(args, &cli.global, out),
        Command::Keys(args) => keys::run(args, &cli.global, out),
        Command::Rank(args) => rank::run(args, &cli.global, out),
        Command::Status(args) => status::run(args, &cli.global, out),
        Command::Enable(args) => operate::enable(args, &cli.global, out),
        Command::Disable(args) => operate::disable(args, &cli.global, out),
        Command::Flow(args) => flow::run(args, &cli.global, out),
        Command::Ledger(args) => ledger::run(args, &cli.global, out),
    }
}

/// Writes a value as JSON, for people and programs alike.
fn print_json(value: &impl serde::Serialize, out: &mut impl Write) -> Result<(), Failure> {
    let json =
        serde_json::to_string_pretty(value).map_err(|error| Failure::Output(error.into()))?;
    Ok(writeln!(out, "{}", safe_json(&json))?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Each option that the help of a command names is one of that command.
    #[test]
    fn help_names_options_that_are_there() {
        fn check(command: &clap::Command, path: &str) -> usize {
            let known: Vec<_> = command
                .get_arguments()
                .flat_map(|argument| {
                    let aliases = argument.get_all_aliases().unwrap_or_default();
                    argument.get_long().into_iter().chain(aliases)
                })
                .collect();
            let texts = command.get_arguments().flat_map(|argument| {
                [argument.get_help(), argument.get_long_help()].into_iter().flatten()
            });
            let texts = texts.chain(command.get_about()).chain(command.get_long_about());
            let texts: Vec<_> = texts.map(ToString::to_string).collect();
            let mut count = 0;
            for word in texts.iter().flat_map(|text| text.split_whitespace()) {
                let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                if let Some(option) = word.strip_prefix("--") {
                    assert!(known.contains(&option), "{path}: --{option}");
                    count += 1;
                }
            }
            let inner = command.get_subcommands();
            count
                + inner
                    .map(|inner| check(inner, &format!("{path} {}", inner.get_name())))
                    .sum::<usize>()
        }
        let mut command = Cli::command();
        command.build(); // options of all commands are in each
        assert!(check(&command, "sigmapol") >= 4);
    }
}
