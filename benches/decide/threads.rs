//! One catalog, one thread and two.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use sigmapol::{Policy, Sandbox};
use sigmapol_core::Prepared;

use crate::{
    cases::{REQUEST, SUPPORT, catalog},
    table::{Table, count, figure},
};

const SIZES: [usize; 2] = [100, 1_000];

/// How long each measurement takes, and how many there are.
#[derive(Clone, Copy)]
pub struct Pace {
    time: Duration,
    times: usize,
}

impl Pace {
    pub const FULL: Self = Self { time: Duration::from_secs(1), times: 5 };
    pub const ONCE: Self = Self { time: Duration::from_millis(1), times: 1 };
}

/// Decisions per second.
pub struct Rates {
    engine: &'static str,
    candidates: usize,
    one: f64,
    two: f64,
}

pub fn measure(pace: Pace) -> Vec<Rates> {
    let sandbox = Sandbox::new().unwrap();
    let policy = Policy::new(SUPPORT.policy);
    let mut all = Vec::new();
    for candidates in SIZES {
        let text = catalog(candidates).to_string();
        let loaded = sandbox.catalog(text.clone()).unwrap();
        let decide = || drop(loaded.decide(&policy, REQUEST).unwrap());
        let (one, two) = one_and_two(pace, [&decide, &decide]);
        all.push(Rates { engine: "component", candidates, one, two });

        let native = [(); 2].map(|()| {
            let mut prepared = Prepared::load(&text).unwrap();
            let number = prepared.policy(SUPPORT.policy, "{}").unwrap();
            move || drop(prepared.decide(number, REQUEST).unwrap())
        });
        let (one, two) = one_and_two(pace, native.each_ref());
        all.push(Rates { engine: "native", candidates, one, two });
    }
    all
}

/// The medians for one thread and for two, which take turns.
fn one_and_two<D: Fn() + Sync>(pace: Pace, decide: [&D; 2]) -> (f64, f64) {
    per_second(pace.time / 10, &decide); // each thread has an instance from here on
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..pace.times {
        rates[0].push(per_second(pace.time, &decide[..1]));
        rates[1].push(per_second(pace.time, &decide));
    }
    let [one, two] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    (one, two)
}

/// How often all of them decide, each on a thread of its own.
fn per_second<D: Fn() + Sync>(time: Duration, decide: &[&D]) -> f64 {
    let together = Barrier::new(decide.len());
    thread::scope(|scope| {
        let thread = |decide: &'_ D| {
            together.wait();
            let (start, mut count) = (Instant::now(), 0.0);
            while start.elapsed() < time {
                decide();
                count += 1.0;
            }
            count / start.elapsed().as_secs_f64()
        };
        let threads: Vec<_> =
            decide.iter().map(|decide| scope.spawn(move || thread(decide))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

pub fn section(rates: &[Rates]) -> String {
    let mut table = Table::new(
        1,
        [
            "engine",
            "candidates",
            "2 threads / 1 thread",
            "1 thread, decisions per second",
            "2 threads, decisions per second",
        ],
    );
    for Rates { engine, candidates, one, two } in rates {
        let (engine, candidates) = ((*engine).to_owned(), count(*candidates));
        table.row([engine, candidates, figure(two / one), figure(*one), figure(*two)]);
    }
    let Pace { time, times } = Pace::FULL;
    format!(
        "## Threads

Decisions by `support` over one catalog, which has an instance for each thread; native threads have
a copy each, which shows what the machine itself gives. Medians of {times} times {} s.

{table}",
        time.as_secs()
    )
}
