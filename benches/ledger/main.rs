//! What a ledger costs: records that are on disk when the call comes back, from 1, 8 and 64
//! threads, beside what the disk does alone; checking and reading a long ledger; recording and
//! replaying decisions.
//!
//! `make bench-ledger` measures and writes `docs/ledger-benchmarks.md`.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement says what is wrong by panicking"
)]

mod decisions;

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sigmapol_ledger as ledger;
use sigmapol_ledger::{Ledger, Options};
use sigmapol_tests::project;

/// For how long a rate is measured.
const WINDOW: Duration = Duration::from_secs(3);

/// Records of the long ledger.
const LONG: u64 = 500_000;

/// Times that the long ledger is read; the median counts.
const READS: usize = 5;

fn main() {
    // `cargo test --benches` only asks whether this runs
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = Scratch::new();
    let disk = folder.disk();
    let mut page = format!(
        "# Benchmarks of the ledger\n\n\
         One run of `make bench-ledger`, on one machine with {} cores; records of about {} bytes. \
         Durable:\nthe call comes back when the record is on disk. A disk has its own pace, and \
         changes it: rates of\nappending say little without that of the disk beside them.\n\n\
         ## Appending\n\n\
         | | per second | × the disk |\n| --- | ---: | ---: |\n\
         | the disk: write and fdatasync | {} | 1 |\n",
        thread::available_parallelism().unwrap(),
        line().len(),
        grouped(disk),
    );
    for threads in [1, 8, 64] {
        let rate = folder.append(threads);
        let name = if threads == 1 { "thread" } else { "threads" };
        writeln!(page, "| {threads} {name} | {} | {:.2} |", grouped(rate), rate / disk).unwrap();
    }
    let long = folder.long();
    writeln!(
        page,
        "\n## Reading\n\nA ledger of {} records, {} MB, in the memory of the system; medians of \
         {READS}.\n\n| | ms | records per second |\n| --- | ---: | ---: |",
        grouped(LONG as f64),
        size(&long) / 1_000_000,
    )
    .unwrap();
    let checkpoint = long.join("checkpoint.json");
    let kept = fs::read(&checkpoint).unwrap();
    for (name, read) in [
        ("verify, on all cores", &(|| assert!(ledger::verify(&long, None).is_ok())) as &dyn Fn()),
        ("read, on one", &|| assert!(ledger::read(&long).unwrap().all(|record| record.is_ok()))),
        ("open without a checkpoint", &|| {
            fs::remove_file(&checkpoint).unwrap();
            drop(Ledger::open(&long, Options::default()).unwrap());
        }),
    ] {
        let ms = median(read);
        writeln!(page, "| {name} | {} | {} |", grouped(ms), grouped(LONG as f64 / ms * 1e3))
            .unwrap();
    }
    fs::write(&checkpoint, kept).unwrap();
    let ms = median(&|| drop(Ledger::open(&long, Options::default()).unwrap()));
    writeln!(page, "| open with a checkpoint | {ms:.1} | |").unwrap();
    page += &decisions::section(&folder.0.join("decisions"));
    fs::write(project("docs/ledger-benchmarks.md"), &page).unwrap();
    print!("{page}");
}

/// A folder that goes when the measurement ends, on the disk that the build is on.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-ledger");
        fs::remove_dir_all(&folder).unwrap_or_default();
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Writes with a sync each, a second.
    fn disk(&self) -> f64 {
        let mut file = File::create(self.0.join("disk")).unwrap();
        let line = line();
        let (mut written, start) = (0, Instant::now());
        while start.elapsed() < WINDOW {
            file.write_all(line.as_bytes()).unwrap();
            file.sync_data().unwrap();
            written += 1;
        }
        f64::from(written) / start.elapsed().as_secs_f64()
    }

    /// Records a second.
    fn append(&self, threads: usize) -> f64 {
        let ledger =
            Ledger::open(self.0.join(format!("append-{threads}")), Options::default()).unwrap();
        let (written, ended) = (AtomicU64::new(0), AtomicBool::new(false));
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while !ended.load(Ordering::Relaxed) {
                        let number = written.fetch_add(1, Ordering::Relaxed);
                        ledger.append("decision", &body(number)).unwrap();
                    }
                });
            }
            thread::sleep(WINDOW);
            ended.store(true, Ordering::Relaxed);
        });
        written.into_inner() as f64 / start.elapsed().as_secs_f64()
    }

    /// A long ledger.
    fn long(&self) -> PathBuf {
        let folder = self.0.join("long");
        let ledger = Ledger::open(&folder, Options::default()).unwrap();
        for from in (0..LONG - 1).step_by(1_000) {
            let bodies: Vec<_> = (from..LONG - 1).take(1_000).map(body).collect();
            ledger.append_all(bodies.iter().map(|body| ("decision", body))).unwrap();
        }
        ledger.close().unwrap();
        folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// The body of a receipt, more or less.
fn body(number: u64) -> Value {
    let digest = |salt: u64| ledger::Digest::of((number * 8 + salt).to_string());
    json!({
        "policy": digest(1), "catalog": digest(2), "request": digest(3), "seed": number,
        "ordered": ["acme/large", "bolt/small", "dark/small"], "fuel": 812_345 + number % 1_000,
        "scores": [0.998_661, -0.25, 0.125], "status": "ok",
    })
}

/// A record of a usual length.
fn line() -> String {
    let seal = "0".repeat(64);
    format!(
        "{{\"at\":\"2026-02-24T12:00:30.000000Z\",\"body\":{},\"kind\":\"decision\",\
         \"number\":123456,\"prev\":\"{seal}\",\"seal\":\"{seal}\"}}\n",
        body(123_456)
    )
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// Milliseconds.
fn median(read: &dyn Fn()) -> f64 {
    let mut times: Vec<_> = (0..READS)
        .map(|_| {
            let start = Instant::now();
            read();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times.get(READS / 2).copied().unwrap()
}

fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
