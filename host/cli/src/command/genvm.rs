//! `sigmapol genvm`

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use sigmapol::Cache;
use sigmapol_genvm::{LoadError, Rules, Runner, Setting, message, pack};

use crate::{
    Failure, Global,
    shared::{
        input,
        matrix::{self, RequestArgs},
    },
};

/// Make the package that GenVM loads, or run one as far as a decision needs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Pack(PackArgs),
    Run(RunArgs),
}

/// Write the package: a ZIP with the core module and what is started of it
#[derive(Debug, clap::Args)]
struct PackArgs {
    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A component or core module, in place of the one of this program
    #[arg(long, alias = "core", value_name = "FILE")]
    module: Option<PathBuf>,
}

/// Give a package a message, in a minimal machine, in every way that it might be compiled
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The package
    package: PathBuf,
    #[command(flatten)]
    request: RequestArgs,
    /// The whole message, calldata, in place of one that is made of a policy and a ctx
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "policy",
        required_unless_present = "policy"
    )]
    message: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    match &args.command {
        Command::Pack(args) => write(args, out),
        Command::Run(args) => give(args, global, out),
    }
}

fn write(args: &PackArgs, out: &mut impl Write) -> Result<(), Failure> {
    let core = matrix::core(args.module.as_deref())?;
    let package = pack(&core).map_err(LoadError::from)?;
    let name = args.output.display();
    fs::write(&args.output, &package)
        .map_err(|error| Failure::Usage(format!("cannot write {name}: {error}")))?;
    writeln!(out, "package  {}  {} bytes", sigmapol_core::digest(&package), package.len())?;
    Ok(writeln!(out, "core     {}", sigmapol_core::digest(&core))?)
}

fn give(args: &RunArgs, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let package = input::bytes(&args.package, input::MODULE_BYTES)?;
    let message = match args.message.as_deref().map(Path::new) {
        Some(path) => input::bytes(path, input::MODULE_BYTES)?,
        None => {
            let (policy, ctx) = args.request.read()?;
            message::message(&policy, &ctx)
        }
    };
    let runner = Runner::load(&package, &Setting::ALL, Rules::default(), &Cache::of_user())?;
    matrix::print(&runner.run(&message)?, args.json, global, out)
}
