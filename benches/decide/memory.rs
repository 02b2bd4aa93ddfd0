//! Linear memory of an instance that has loaded a catalog and decided over it.

use sigmapol::{Policy, Sandbox};

use crate::{
    cases::{REQUEST, SUPPORT, catalog},
    table::{NOT_MEASURED, Table, count, figure},
};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// What a catalog of this size took.
pub struct Taken {
    candidates: usize,
    text_bytes: usize,
    memory_bytes: usize,
}

pub fn measure() -> Vec<Taken> {
    let sandbox = Sandbox::new().unwrap();
    let policy = Policy::new(SUPPORT.policy);
    let taken = |candidates| {
        let text = catalog(candidates).to_string();
        let text_bytes = text.len();
        let loaded = sandbox.catalog(text).unwrap();
        let memory_bytes = loaded.decide(&policy, REQUEST).unwrap().spent.memory_bytes;
        Taken { candidates, text_bytes, memory_bytes }
    };
    SIZES.into_iter().map(taken).collect()
}

pub fn section(taken: &[Taken]) -> String {
    let mut table = Table::new(
        0,
        [
            "candidates",
            "memory / text",
            "memory, MiB",
            "text, MiB",
            "memory per candidate more, bytes",
            "text per candidate more, bytes",
        ],
    );
    let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    for (index, here) in taken.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &taken[before]);
        let more = |bytes: fn(&Taken) -> usize| {
            before.map_or(NOT_MEASURED.to_owned(), |before| {
                let candidates = here.candidates - before.candidates;
                figure((bytes(here) - bytes(before)) as f64 / candidates as f64)
            })
        };
        table.row([
            count(here.candidates),
            figure(here.memory_bytes as f64 / here.text_bytes as f64),
            figure(mebibytes(here.memory_bytes)),
            figure(mebibytes(here.text_bytes)),
            more(|taken| taken.memory_bytes),
            more(|taken| taken.text_bytes),
        ]);
    }
    format!(
        "## Memory

The linear memory of one instance at its largest, which is when it reads the catalog; a decision by
`support` is in it. Per candidate: the difference to the row above.

{table}"
    )
}
