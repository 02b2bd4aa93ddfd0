//! `sigmapol hash`

use std::io::Write;

use serde_json::json;

use sigmapol_core::Error;

use crate::{
    Failure, Global,
    command::admit::{TermArgs, facts},
    print_json,
};

/// Print the identity of a term: SHA-256 of its canonical encoding
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    term: TermArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let (term, vocabulary) = args.term.read()?;
    let engine = args.term.limits.open(global.engine)?;
    let identity = engine.hash(&term.text, &vocabulary);
    let explain = |error: Error| term.explain(error.into(), &facts(&vocabulary), false);
    let identity = identity.map_err(explain)?.value;
    if args.json {
        return print_json(&json!({ "identity": identity }), out);
    }
    Ok(writeln!(out, "{identity}")?)
}
