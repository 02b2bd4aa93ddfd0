//! `sigmapol ledger`

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::json;
use sigmapol_ledger as ledger;
use sigmapol_ledger::{Entry, Recovery, Report};

use crate::{
    Failure, Global, print_json,
    shared::{
        table::{grouped, render},
        text::{AsItIs, safe},
    },
};

/// Check, mend and read a ledger of records that are sealed and chained
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every record, on all cores; nothing is written
    Verify {
        #[command(flatten)]
        ledger: LedgerArgs,
        /// A record that has to be there, as `ledger anchor` printed it
        #[arg(long, value_name = "NUMBER:SEAL")]
        anchor: Option<Entry>,
    },
    /// Mend a last line that was cut short, as the next writer would; it does not verify the other
    /// records: `ledger verify` does
    Recover(LedgerArgs),
    /// Print every record as it stands, one a line, checking on the way
    Export {
        /// The folder of the ledger
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the number and the seal of the last record, to be kept elsewhere
    Anchor(LedgerArgs),
}

#[derive(Debug, clap::Args)]
struct LedgerArgs {
    /// The folder of the ledger
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    match &args.command {
        Command::Verify { ledger: LedgerArgs { folder, json }, anchor } => {
            let report = ledger::verify(folder, *anchor)?;
            match json {
                true => print_json(&report, out),
                false => Ok(writeln!(out, "{}", report_table(&report, global))?),
            }
        }
        Command::Recover(LedgerArgs { folder, json }) => {
            let recovery = ledger::recover(folder)?;
            match json {
                true => print_json(&recovery, out),
                false => print_recovery(&recovery, folder, out),
            }
        }
        Command::Export { folder } => ledger::export(folder, &mut AsItIs::to_stdout(out)).map(drop),
        Command::Anchor(LedgerArgs { folder, json }) => {
            let anchor = ledger::anchor(folder)?;
            match json {
                true => print_json(&json!(anchor), out),
                false => Ok(writeln!(out, "{anchor}")?),
            }
        }
    }
}

fn report_table(report: &Report, global: &Global) -> String {
    let mut table = global.plain_table();
    for (name, value) in [
        ("records", grouped(report.records)),
        ("texts", grouped(report.texts)),
        ("segments", grouped(report.segments)),
        ("bytes", grouped(report.bytes)),
        ("last record", report.head.number.to_string()),
        ("its seal", report.head.seal.to_string()),
    ] {
        table.add_row([name, &value]);
    }
    render(table)
}

fn print_recovery(recovery: &Recovery, folder: &Path, out: &mut impl Write) -> Result<(), Failure> {
    if recovery.is_whole() {
        // what was not read may be damaged
        let found = if recovery.believed > 0 { "nothing to mend" } else { "whole" };
        writeln!(out, "{found}")?;
    }
    if recovery.completed {
        writeln!(out, "completed: the last line was whole but for its end")?;
    }
    for one in &recovery.quarantined {
        let file = safe(&one.file.display().to_string());
        let (bytes, segment, offset) = (one.bytes, one.segment, one.offset);
        writeln!(
            out,
            "cut off: {bytes} bytes of segment {segment} from offset {offset}, now {file}"
        )?;
    }
    if recovery.believed > 0 {
        let (records, folder) = (grouped(recovery.believed), safe(&folder.display().to_string()));
        writeln!(
            out,
            "not verified: {records} records before were not read; \
             \"sigmapol ledger verify {folder}\" checks them"
        )?;
    }
    Ok(())
}
