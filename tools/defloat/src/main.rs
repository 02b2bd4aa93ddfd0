//! The command: `defloat lower`, `defloat inspect`, `defloat check`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

mod print;

/// Takes the floating point out of a WebAssembly file.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Replace every float operator by integer code and calls to soft-float routines
    Lower {
        /// A core module or a component
        input: PathBuf,
        /// Where to write the result
        #[arg(short, long)]
        output: PathBuf,
        /// Where to write the core module of the result
        #[arg(long, value_name = "FILE")]
        core: Option<PathBuf>,
        /// The name to give the core module
        #[arg(long)]
        name: Option<String>,
    },
    /// Print what is in a file
    Inspect {
        /// A core module or a component
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fail unless the file is closed and integer-only, and no frame needs over 65,535 value slots
    Check {
        /// A core module or a component
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("defloat: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Lower { input, output, core, name } => {
            let lowered = defloat::lower_named(&read(&input)?, name.as_deref())
                .with_context(|| input.display().to_string())?;
            if let Some(path) = core {
                let module =
                    defloat::core_module(&lowered).with_context(|| input.display().to_string())?;
                write(&path, &module)?;
            }
            write(&output, &lowered)?;
        }
        Command::Inspect { file, json } => {
            let report = inspect(&file)?;
            if json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print::report(&report);
            }
        }
        Command::Check { file } => {
            let mut violations = inspect(&file)?.violations();
            if violations.is_empty() {
                let module = defloat::core_module(&read(&file)?)?;
                violations = defloat::frames(&module)?.violations();
            }
            for line in &violations {
                eprintln!("{}: {line}", file.display());
            }
            if !violations.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(file: &Path) -> anyhow::Result<defloat::Report> {
    defloat::inspect(&read(file)?).with_context(|| file.display().to_string())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
