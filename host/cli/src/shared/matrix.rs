//! What runs in every setting ended with, and whether they agree.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use comfy_table::Cell;
use serde::Serialize;
use sigmapol::artifact;
use sigmapol_genvm::{Counted, Execution, Left, LoadError, Setting, VmResult, agreed};

use crate::{
    Failure, Global, print_json,
    shared::{
        context::{self, Part},
        input,
        table::{grouped, render, right},
        text::safe,
    },
};

/// What a decision is made of.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArgs {
    /// The policy
    pub(crate) policy: Option<PathBuf>,
    /// The ctx; given several times, the members of the files are put together
    #[arg(long, value_name = "FILE", requires = "policy")]
    ctx: Vec<PathBuf>,
    /// The seed of the ctx
    #[arg(long, value_name = "N", allow_negative_numbers = true, requires = "policy")]
    seed: Option<i64>,
}

impl RequestArgs {
    /// The policy and the ctx.
    pub(crate) fn read(&self) -> Result<(String, String), Failure> {
        let policy = self.policy.as_deref();
        let policy = policy.ok_or_else(|| Failure::Usage("expected a policy".to_owned()))?;
        input::check_stdin(self.ctx.iter().map(PathBuf::as_path).chain([policy]))?;
        let read = |path: &PathBuf| -> Result<Part, Failure> {
            Ok((path.display().to_string(), input::text("ctx", path)?))
        };
        let parts: Vec<Part> = self.ctx.iter().map(read).collect::<Result<_, _>>()?;
        Ok((input::text("policy", policy)?, context::merge(&parts, self.seed, false)?))
    }
}

/// The core module of this program, or that of a file.
pub(crate) fn core(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let Some(path) = path else { return Ok(artifact::CORE_MODULE.to_vec()) };
    let wasm = input::bytes(path, input::MODULE_BYTES)?;
    // what is neither is for the rules to refuse
    Ok(defloat::core_module(&wasm).unwrap_or(wasm))
}

/// The JSON form.
#[derive(Serialize)]
struct Json<'r> {
    wasmtime: &'static str,
    outcome: String,
    agree: bool,
    runs: Vec<JsonRun<'r>>,
}

#[derive(Serialize)]
struct JsonRun<'r> {
    #[serde(flatten)]
    setting: Setting,
    counted: Option<Counted>,
    /// SHA-256 of the bytes that the machine hands on.
    result: String,
    memory: Option<&'r Left>,
}

impl<'r> JsonRun<'r> {
    fn of(run: &'r Execution) -> Self {
        let Execution { setting, counted, outcome, memory } = run;
        let result = sigmapol_core::digest(outcome.bytes());
        Self { setting: *setting, counted: *counted, result, memory: memory.as_ref() }
    }
}

/// Prints runs, and fails unless all of them returned the same.
pub(crate) fn print(
    runs: &[Execution],
    json: bool,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let agreed = agreed(runs);
    if json {
        let outcome =
            agreed.map_or_else(|| "runs differ".to_owned(), |run| run.outcome.to_string());
        let runs = runs.iter().map(JsonRun::of).collect();
        let wasmtime = artifact::wasmtime_version();
        print_json(&Json { wasmtime, outcome, agree: agreed.is_some(), runs }, out)?;
    } else {
        table(runs, global, out)?;
    }
    let Some(run) = agreed else {
        return Err(Failure::Verdict("runs differ in their result or memory".to_owned()));
    };
    if !json {
        summary(run, runs.len(), out)?;
    }
    match &run.outcome {
        VmResult::Return(_) => Ok(()),
        VmResult::UserError(_) => Err(Failure::Verdict(run.outcome.to_string())),
        VmResult::VmError(name) => Err(Failure::Machine(name.clone())),
    }
}

fn table(runs: &[Execution], global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let mut table =
        global.table(["optimised", "NaNs", "code", "result", "memory", "bytes", "frames", "slots"]);
    let short = |digest: &str| digest.get(..16).unwrap_or_default().to_owned();
    for run in runs {
        let memory = run.memory.as_ref();
        let counted = |of: fn(Counted) -> u32| {
            right(run.counted.map_or_else(|| "-".to_owned(), |counted| grouped(of(counted))))
        };
        table.add_row([
            Cell::new(if run.setting.optimised { "speed" } else { "none" }),
            Cell::new(if run.setting.canonical_nans { "canonical" } else { "as they are" }),
            Cell::new(if run.counted.is_some() { "with counters" } else { "as it is" }),
            Cell::new(short(&sigmapol_core::digest(run.outcome.bytes()))),
            Cell::new(memory.map_or_else(|| "-".to_owned(), |memory| short(&memory.blake3))),
            right(memory.map_or_else(|| "-".to_owned(), |memory| bytes(memory.bytes))),
            counted(|counted| counted.frames),
            counted(|counted| counted.slots),
        ]);
    }
    Ok(writeln!(out, "{}\n", render(table))?)
}

fn summary(run: &Execution, count: usize, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "outcome  {}", safe(&run.outcome.to_string()))?;
    writeln!(out, "result   {}", sigmapol_core::digest(run.outcome.bytes()))?;
    if let Some(memory) = &run.memory {
        writeln!(out, "memory   {}", memory.blake3)?;
    }
    let version = artifact::wasmtime_version();
    Ok(writeln!(out, "verdict  one result and one memory in {count} runs of wasmtime {version}")?)
}

fn bytes(count: usize) -> String {
    grouped(u64::try_from(count).unwrap_or(u64::MAX))
}

/// A module that keeps the rules not, or cannot be compiled.
impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Invalid(invalid) => Self::Machine(invalid.to_string()),
            LoadError::Host(error) => error.into(),
            error => Self::Verdict(error.to_string()),
        }
    }
}
