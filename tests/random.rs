//! Every property, on input from seeds: the same on every machine, and small enough for every day.
//! `make fuzz` and `make differential` go on where this ends; see `docs/fuzzing.md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use sigmapol_tests::generate::Seed;
use sigmapol_tests::properties::ALL;

/// Holds a property against so many cases, of which at least so many have to be in order.
fn holds(name: &str, cases: u64, least: usize) {
    const SEED: u64 = 1;
    let property = ALL.iter().find(|property| property.name == name).unwrap();
    let mut in_order = 0;
    for number in 0..cases {
        match (property.check)(&Seed::case(SEED, number)) {
            Ok(accepted) => in_order += usize::from(accepted),
            Err(broken) => panic!("{name}, case {number} of seed {SEED}: {broken}"),
        }
    }
    println!("{name}: {in_order} of {cases} in order");
    assert!(in_order >= least, "{name}: only {in_order} of {cases} were in order");
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
fn defloat_agrees() {
    holds("defloat_agrees", 600, 500);
}
