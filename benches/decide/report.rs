//! `docs/benchmarks.md`, from one run.

use std::{fs, thread};

use sigmapol_tests::project;

use crate::{
    at_once, catalogs,
    measured::Measured,
    memory::{self, Taken},
    plot, reference, router, start, steps,
    threads::{self, Rates},
};

/// Writes the report and the plot.
///
/// # Panics
///
/// When anything was not measured; then nothing is written.
pub fn write(measured: &Measured, memory: &[Taken], rates: &[Rates]) {
    let cores = thread::available_parallelism().unwrap();
    let head = format!(
        "# Benchmarks

Medians of one run of `make bench`, on one machine with {cores} cores; fuel is metered in every sandbox.
Ratios come first: they compare within a row and hold elsewhere better than times do. {} is what is
not measured.

![Microseconds of a decision against candidates, both logarithmic](benchmarks.svg)
",
        crate::table::NOT_MEASURED,
    );
    let sections = [
        head,
        catalogs::section(measured),
        at_once::section(measured),
        start::section(measured),
        memory::section(memory),
        threads::section(rates),
        router::section(measured),
        steps::section(measured),
        reference::section(measured),
    ];
    let plot = plot::svg(measured);
    fs::write(project("docs/benchmarks.md"), sections.join("\n")).unwrap();
    fs::write(project("docs/benchmarks.svg"), plot).unwrap();
}
