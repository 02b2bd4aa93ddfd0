//! `sigmapol sandbox`

use std::{io::Write, path::PathBuf};

use clap::ValueEnum;
use serde::Serialize;
use sigmapol::Cache;
use sigmapol_genvm::{
    Harness, Request, Rules, Setting,
    profile::{self, Check},
};

use crate::{
    Failure, Global, print_json,
    shared::{
        matrix::{self, RequestArgs},
        table::render,
        text::safe,
    },
};

/// Decide under the rules of another virtual machine, in every way that it might be compiled
///
/// Runs the core module, each run in an instance of its own, and prints the digest of what the
/// machine would hand on, BLAKE3 of the memory that is left, and the most frames and value slots.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose rules
    #[arg(long, value_enum)]
    profile: Profile,
    #[command(flatten)]
    request: RequestArgs,
    /// A component or core module, in place of the one of this program
    #[arg(long, alias = "core", value_name = "FILE")]
    module: Option<PathBuf>,
    /// Say what each rule finds in the module, and run nothing
    #[arg(long, conflicts_with_all = ["policy", "ctx", "seed"])]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Profile {
    /// A blockchain's, which has no floating point and compares memory
    Genvm,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let Profile::Genvm = args.profile;
    let core = matrix::core(args.module.as_deref())?;
    if args.check {
        return check(&core, args.json, global, out);
    }
    let (policy, ctx) = args.request.read()?;
    let harness = Harness::load(&core, &Setting::ALL, Rules::default(), &Cache::of_user())?;
    let runs = harness.run(Request::Decide { policy: &policy, ctx: &ctx })?;
    matrix::print(&runs, args.json, global, out)
}

#[derive(Serialize)]
struct Json<'c> {
    sha256: String,
    bytes: usize,
    checks: &'c [Check],
}

fn check(core: &[u8], json: bool, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let checks = profile::engine(core);
    let sha256 = sigmapol_core::digest(core);
    if json {
        print_json(&Json { sha256, bytes: core.len(), checks: &checks }, out)?;
    } else {
        let mut table = global.table(["rule", "found", "verdict"]);
        table.add_row(["sha256", &sha256, ""]);
        for Check { rule, found, error } in &checks {
            table.add_row([rule, safe(found).as_str(), error.unwrap_or("in order")]);
        }
        writeln!(out, "{}", render(table))?;
    }
    profile::verdict(&checks).map_err(|invalid| Failure::Verdict(invalid.to_string()))
}
