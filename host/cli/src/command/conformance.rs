//! `sigmapol conformance`

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use comfy_table::Cell;
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sigmapol::{Limits, file};
use sigmapol_conformance::{
    Agreement, Differing, Process, Record, Schemas, Tally, records, replay,
};
use sigmapol_core::{Engine, INPUT_BYTES};

use crate::{
    Failure, Global, print_json,
    shared::{
        input,
        table::{render, right},
        text::safe,
    },
};

/// Records shown of those that differ.
const SHOWN: usize = 10;

/// Characters shown of a value that differs.
const SHOWN_CHARS: usize = 300;

/// The most bytes of a file of vectors, packed or not: those of the reference are a tenth of it.
const VECTOR_BYTES: usize = 256 << 20;

/// First bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Replay vector files and compare every answer
///
/// The last line is `N passed, M failed`. A record with `undef`, where the reference has no answer
/// of its own and one is pinned, does not fail: it is counted apart when it differs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Vector files: JSON Lines, plain or gzip, or one document with `vectors`; `schemas.json` is
    /// read from the same folder
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Ask an engine in another process too, and compare all it says with the one of --engine; the
    /// command answers a line with a line, as docs/conformance.md has it
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// The time that the engine of --exec has for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "exec")]
    exec_seconds: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A file and how its records were answered.
struct Replayed {
    file: String,
    families: String,
    tally: Tally,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    input::check_stdin(args.files.iter().map(PathBuf::as_path))?;
    let mut engine = global.engine.open(Limits::default())?;
    let mut process = None;
    if let Some(command) = &args.exec {
        let patience = Duration::from_secs(args.exec_seconds);
        let first = process.insert(Arc::new(Process::start(command, patience)?));
        engine = Box::new(Agreement { first: Box::new(Arc::clone(first)), second: engine });
    }
    let mut replayed = Vec::new();
    for path in &args.files {
        let found = file(path, &*engine);
        // an engine that is gone has said nothing, so nothing differs
        if let Some(failure) = process.as_ref().and_then(|process| process.failure()) {
            return Err(failure.into());
        }
        replayed.push(found?);
    }
    let sum = |count: fn(&Tally) -> usize| replayed.iter().map(|file| count(&file.tally)).sum();
    let (passed, failed): (usize, usize) = (sum(|tally| tally.passed), sum(|tally| tally.failed));
    let pinned: usize = sum(|tally| tally.pinned_differ);
    if args.json {
        print_json(&document(&replayed, [passed, failed, pinned]), out)?;
    } else {
        table(&replayed, global, out)?;
        differences(&replayed, out)?;
        if pinned > 0 {
            writeln!(out, "{pinned} pinned differ")?;
        }
        writeln!(out, "{passed} passed, {failed} failed")?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Verdict(format!(
            "{failed} of {} vectors failed",
            passed + failed + pinned
        ))),
    }
}

fn file(path: &Path, engine: &dyn Engine) -> Result<Replayed, Failure> {
    let name = path.display().to_string();
    let malformed = |error: &dyn std::fmt::Display| Failure::Usage(format!("{name}: {error}"));
    let mut bytes = input::bytes(path, VECTOR_BYTES)?;
    if bytes.starts_with(&GZIP) {
        bytes = file::bounded(MultiGzDecoder::new(bytes.as_slice()), VECTOR_BYTES)
            .map_err(|error| malformed(&error))?;
    }
    let text = String::from_utf8(bytes).map_err(|error| malformed(&error))?;
    let records = records(&text).map_err(|error| malformed(&error))?;
    if records.is_empty() {
        return Err(malformed(&"expected at least one vector, got none"));
    }
    let schemas = schemas(path).map_err(|error| malformed(&error))?;
    let progress = progress(&records, &name);
    let tally = replay(&records, &schemas, engine, &|| progress.inc(1));
    progress.finish_and_clear();
    let families: BTreeSet<_> = records.iter().map(|record| record.family().name()).collect();
    Ok(Replayed {
        families: families.into_iter().collect::<Vec<_>>().join(", "),
        tally: tally.map_err(|error| malformed(&error))?,
        file: name,
    })
}

/// The file beside the vectors; without it, no record may name a schema.
fn schemas(path: &Path) -> Result<Schemas, Failure> {
    let read = file::read(&path.with_file_name("schemas.json"), INPUT_BYTES);
    match read.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)) {
        Ok(text) => Ok(Schemas::read(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Schemas::default()),
        Err(error) => Err(Failure::Usage(format!("schemas.json: {error}"))),
    }
}

fn progress(records: &[Record<'_>], name: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(records.len()).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.with_message(safe(name))
}

fn table(replayed: &[Replayed], global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let mut table = global.table(["file", "family", "passed", "failed", "pinned differ"]);
    for Replayed { file, families, tally } in replayed {
        table.add_row([
            Cell::new(safe(file)),
            Cell::new(families),
            right(tally.passed),
            right(tally.failed),
            right(tally.pinned_differ),
        ]);
    }
    Ok(writeln!(out, "{}\n", render(table))?)
}

/// The first failures, then, if there is room, the first pinned answers that differ.
fn differences(replayed: &[Replayed], out: &mut impl Write) -> Result<(), Failure> {
    for (file, record) in first(replayed) {
        let pinned = if record.pinned { " (pinned)" } else { "" };
        for difference in &record.differences {
            let (id, what) = (safe(&record.id), safe(&difference.what));
            writeln!(out, "{} {id}{pinned}: {what}", safe(file))?;
            writeln!(out, "  expected {}", short(&difference.expected))?;
            writeln!(out, "  got      {}", short(&difference.got))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn first(replayed: &[Replayed]) -> impl Iterator<Item = (&str, &Differing)> {
    let kind = |pinned: bool| {
        replayed.iter().flat_map(move |replayed| {
            let records = replayed.tally.differing.iter();
            records
                .filter(move |record| record.pinned == pinned)
                .map(|record| (replayed.file.as_str(), record))
        })
    };
    kind(false).take(SHOWN).chain(kind(true).take(SHOWN))
}

fn short(text: &str) -> String {
    let mut line = safe(text);
    if let Some((end, _)) = line.char_indices().nth(SHOWN_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn document(replayed: &[Replayed], [passed, failed, pinned]: [usize; 3]) -> serde_json::Value {
    let files = replayed.iter().map(|Replayed { file, families, tally }| {
        let differing = tally.differing.iter().map(|record| {
            let differences = record.differences.iter().map(|difference| {
                json!({
                    "what": difference.what,
                    "expected": difference.expected,
                    "got": difference.got,
                })
            });
            json!({
                "id": record.id,
                "pinned": record.pinned,
                "differences": differences.collect::<Vec<_>>(),
            })
        });
        json!({
            "file": file,
            "family": families,
            "passed": tally.passed,
            "failed": tally.failed,
            "pinned_differ": tally.pinned_differ,
            "differing": differing.collect::<Vec<_>>(),
        })
    });
    json!({
        "files": files.collect::<Vec<_>>(),
        "passed": passed,
        "failed": failed,
        "pinned_differ": pinned,
    })
}
