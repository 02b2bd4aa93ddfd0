//! The routines of the compiler's own library in place of its operators.
//!
//! Needs the target `wasm32-wasip2`; says so and passes where it is missing.
#![allow(clippy::unwrap_used, reason = "tests panic")]

mod support;

#[test]
fn the_library_computes_what_the_operators_compute() {
    let Some(original) = support::library::library() else { return };
    let before = defloat::inspect(&original).unwrap();
    for operator in ["f64.lt", "f64.ge", "f64.ne", "f32.div", "i64.trunc_sat_f64_u"] {
        assert!(before.float_operators.contains_key(operator), "{:?}", before.float_operators);
    }
    let lowered = defloat::lower(&original).unwrap();
    assert!(defloat::inspect(&lowered).unwrap().float_operators.is_empty());
    assert!(support::compare(&original, &lowered) > 20_000);
}
