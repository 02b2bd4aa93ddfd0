//! The command `sigmapol`, as functions: nothing here needs a process of its own.

mod command;
mod shared;

use std::io::Write;

use clap::{Parser, Subcommand};

use command::{
    admit, conformance, decide, flow, genvm, hash, inspect, ledger, mock_provider, operate, rank,
    replay, run, sandbox, status,
};
use shared::engine;

pub use shared::failure::{Failure, usage};

/// What follows the help of every command.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by the engine, or a check that failed
  2  wrong usage, or a file that cannot be read
  3  exhausted: fuel, memory, deadline or result size
  4  trap, or an engine that cannot be loaded
  65 a ledger that is damaged, torn, cut off before an anchor, or none
  74 a ledger that cannot be read or written
  75 a ledger that another one writes

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
    #[arg(long, global = true, value_enum, default_value_t = engine::Kind::Component)]
    engine: engine::Kind,
    /// Columns of tables, by default those of the terminal
    #[arg(long, global = true, value_name = "COLUMNS")]
    width: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Admit(admit::Args),
    Hash(hash::Args),
    Decide(decide::Args),
    Replay(replay::Args),
    Inspect(inspect::Args),
    Sandbox(sandbox::Args),
    Genvm(genvm::Args),
    Conformance(conformance::Args),
    MockProvider(mock_provider::Args),
    Run(run::Args),
    Rank(rank::Args),
    Status(status::Args),
    Enable(operate::EnableArgs),
    Disable(operate::DisableArgs),
    Flow(flow::Args),
    Ledger(ledger::Args),
}

/// Runs a command and writes what it prints.
///
/// # Errors
///
/// One line of text and an exit code; see [`Failure`].
pub fn run(cli: &Cli, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    match &cli.command {
        Command::Admit(args) => admit::run(args, &cli.global, out),
        Command::Hash(args) => hash::run(args, &cli.global, out),
        Command::Decide(args) => decide::run(args, &cli.global, out),
        Command::Replay(args) => replay::run(args, &cli.global, out),
        Command::Inspect(args) => inspect::run(args, &cli.global, out),
        Command::Sandbox(args) => sandbox::run(args, &cli.global, out),
        Command::Genvm(args) => genvm::run(args, &cli.global, out),
        Command::Conformance(args) => conformance::run(args, &cli.global, out),
        Command::MockProvider(args) => mock_provider::run(args, out),
        Command::Run(args) => run::run(args, &cli.global, out),
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
    serde_json::to_writer_pretty(&mut *out, value)
        .map_err(|error| Failure::Output(error.into()))?;
    Ok(writeln!(out)?)
}
