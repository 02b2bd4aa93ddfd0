//! Every property, on input from seeds: the same on every machine, and small enough for every day.
//! `SEED` is another seed, `TIMES` so many times the cases. `make fuzz` and `make differential` go on
//! where this ends; see `docs/fuzzing.md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use sigmapol_tests::generate::Seed;
use sigmapol_tests::properties::ALL;

fn setting(name: &str) -> u64 {
    std::env::var(name).map_or(1, |value| value.parse().unwrap())
}

/// Holds a property against so many cases, of which at least so many have to be in order.
fn holds(name: &str, cases: u64, least: u64) {
    let (seed, times) = (setting("SEED"), setting("TIMES"));
    let property = ALL.iter().find(|property| property.name == name).unwrap();
    let mut in_order = 0;
    for number in 0..cases * times {
        match (property.check)(&Seed::case(seed, number)) {
            Ok(accepted) => in_order += u64::from(accepted),
            Err(broken) => panic!("{name}, case {number} of seed {seed}: {broken}"),
        }
    }
    println!("{name}: {in_order} of {} in order", cases * times);
    assert!(in_order >= least * times, "{name}: only {in_order} were in order");
}

#[test]
fn admit_bytes() {
    holds("admit_bytes", 4_000, 300);
}

#[test]
fn encode_fixed_point() {
    holds("encode_fixed_point", 4_000, 3_400);
}

#[test]
fn normal_form() {
    holds("normal_form", 4_000, 3_000);
}

#[test]
fn engines_agree() {
    holds("engines_agree", 1_500, 1_100);
}

#[test]
fn step_bound() {
    holds("step_bound", 500, 280);
}

#[test]
fn flow_bound() {
    holds("flow_bound", 1_000, 700);
}

#[test]
fn defloat_agrees() {
    holds("defloat_agrees", 600, 500);
}
