//! Every operator, before and after lowering, on values that find mistakes.
//!
//! The routines are imports here, so that this tests the rewriting and not a library.
#![allow(clippy::unwrap_used, reason = "tests panic")]

mod support;

use support::{Running, compare};

/// Operator, parameters, result, routine.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("f64.add", "f64 f64", "f64", "__adddf3"),
    ("f64.sub", "f64 f64", "f64", "__subdf3"),
    ("f64.mul", "f64 f64", "f64", "__muldf3"),
    ("f64.div", "f64 f64", "f64", "__divdf3"),
    ("f64.eq", "f64 f64", "i32", "__eqdf2"),
    ("f64.ne", "f64 f64", "i32", "__nedf2"),
    ("f64.lt", "f64 f64", "i32", "__ltdf2"),
    ("f64.le", "f64 f64", "i32", "__ledf2"),
    ("f64.gt", "f64 f64", "i32", "__gtdf2"),
    ("f64.ge", "f64 f64", "i32", "__gedf2"),
    ("f64.abs", "f64", "f64", ""),
    ("f64.neg", "f64", "f64", ""),
    ("f64.copysign", "f64 f64", "f64", ""),
    ("f64.convert_i32_s", "i32", "f64", "__floatsidf"),
    ("f64.convert_i32_u", "i32", "f64", "__floatunsidf"),
    ("f64.convert_i64_s", "i64", "f64", "__floatdidf"),
    ("f64.convert_i64_u", "i64", "f64", "__floatundidf"),
    ("i32.trunc_sat_f64_s", "f64", "i32", "__fixdfsi"),
    ("i32.trunc_sat_f64_u", "f64", "i32", "__fixunsdfsi"),
    ("i64.trunc_sat_f64_s", "f64", "i64", "__fixdfdi"),
    ("i64.trunc_sat_f64_u", "f64", "i64", "__fixunsdfdi"),
    ("i32.trunc_f64_s", "f64", "i32", "__fixdfsi"),
    ("i32.trunc_f64_u", "f64", "i32", "__fixunsdfsi"),
    ("i64.trunc_f64_s", "f64", "i64", "__fixdfdi"),
    ("i64.trunc_f64_u", "f64", "i64", "__fixunsdfdi"),
    ("f64.reinterpret_i64", "i64", "f64", ""),
    ("i64.reinterpret_f64", "f64", "i64", ""),
    ("f64.sqrt", "f64", "f64", "sqrt"),
    ("f64.ceil", "f64", "f64", "ceil"),
    ("f64.floor", "f64", "f64", "floor"),
    ("f64.trunc", "f64", "f64", "trunc"),
    ("f64.nearest", "f64", "f64", "roundeven"),
    ("f64.min", "f64 f64", "f64", "fminimum"),
    ("f64.max", "f64 f64", "f64", "fmaximum"),
    ("f64.promote_f32", "f32", "f64", "__extendsfdf2"),
    ("f32.demote_f64", "f64", "f32", "__truncdfsf2"),
    ("f32.add", "f32 f32", "f32", "__addsf3"),
    ("f32.sub", "f32 f32", "f32", "__subsf3"),
    ("f32.mul", "f32 f32", "f32", "__mulsf3"),
    ("f32.div", "f32 f32", "f32", "__divsf3"),
    ("f32.eq", "f32 f32", "i32", "__eqsf2"),
    ("f32.ne", "f32 f32", "i32", "__nesf2"),
    ("f32.lt", "f32 f32", "i32", "__ltsf2"),
    ("f32.le", "f32 f32", "i32", "__lesf2"),
    ("f32.gt", "f32 f32", "i32", "__gtsf2"),
    ("f32.ge", "f32 f32", "i32", "__gesf2"),
    ("f32.abs", "f32", "f32", ""),
    ("f32.neg", "f32", "f32", ""),
    ("f32.copysign", "f32 f32", "f32", ""),
    ("f32.convert_i32_s", "i32", "f32", "__floatsisf"),
    ("f32.convert_i32_u", "i32", "f32", "__floatunsisf"),
    ("f32.convert_i64_s", "i64", "f32", "__floatdisf"),
    ("f32.convert_i64_u", "i64", "f32", "__floatundisf"),
    ("i32.trunc_sat_f32_s", "f32", "i32", "__fixsfsi"),
    ("i32.trunc_sat_f32_u", "f32", "i32", "__fixunssfsi"),
    ("i64.trunc_sat_f32_s", "f32", "i64", "__fixsfdi"),
    ("i64.trunc_sat_f32_u", "f32", "i64", "__fixunssfdi"),
    ("i32.trunc_f32_s", "f32", "i32", "__fixsfsi"),
    ("i32.trunc_f32_u", "f32", "i32", "__fixunssfsi"),
    ("i64.trunc_f32_s", "f32", "i64", "__fixsfdi"),
    ("i64.trunc_f32_u", "f32", "i64", "__fixunssfdi"),
    ("f32.reinterpret_i32", "i32", "f32", ""),
    ("i32.reinterpret_f32", "f32", "i32", ""),
    ("f32.sqrt", "f32", "f32", "sqrtf"),
    ("f32.ceil", "f32", "f32", "ceilf"),
    ("f32.floor", "f32", "f32", "floorf"),
    ("f32.trunc", "f32", "f32", "truncf"),
    ("f32.nearest", "f32", "f32", "roundevenf"),
    ("f32.min", "f32 f32", "f32", "fminimumf"),
    ("f32.max", "f32 f32", "f32", "fmaximumf"),
];

/// A module that exports one function for each case, importing the routines unless `bare`.
fn module(cases: &[(&str, &str, &str, &str)], bare: bool) -> Vec<u8> {
    let mut imports = String::new();
    let mut functions = String::new();
    for (operator, params, result, routine) in cases {
        let import = format!(
            r#"(import "soft" "{routine}" (func ${routine} (param {params}) (result {result})))"#
        );
        // conversions that trap and those that do not have one routine
        if !routine.is_empty() && !bare && !imports.contains(&import) {
            imports += &import;
        }
        let gets: String =
            (0..params.split(' ').count()).map(|i| format!("local.get {i} ")).collect();
        functions += &format!(
            r#"(func (export "{operator}") (param {params}) (result {result}) {gets} {operator})"#
        );
    }
    wat::parse_str(format!("(module {imports} {functions})")).unwrap()
}

#[test]
fn every_operator_gives_the_same_bits() {
    let original = module(CASES, false);
    let lowered = defloat::lower(&original).unwrap();
    let report = defloat::inspect(&lowered).unwrap();
    assert_eq!(report.float_operators.len(), 0);
    assert_eq!(report.float_types.total(), 0);
    assert!(!report.features.contains(&"floats".to_owned()), "{:?}", report.features);
    assert!(compare(&original, &lowered) > 30_000);
}

#[test]
fn every_comparison_with_nan_is_false_except_ne() {
    let mut lowered = Running::new(&defloat::lower(&module(CASES, false)).unwrap());
    for (width, one, nan) in [
        ("f64", 1f64.to_bits(), f64::NAN.to_bits()),
        ("f32", u64::from(1f32.to_bits()), u64::from(f32::NAN.to_bits())),
    ] {
        for args in [[nan, one], [one, nan], [nan, nan]] {
            for comparison in ["eq", "lt", "le", "gt", "ge"] {
                assert_eq!(
                    lowered.call(&format!("{width}.{comparison}"), &args),
                    0,
                    "{comparison}"
                );
            }
            assert_eq!(lowered.call(&format!("{width}.ne"), &args), 1);
        }
    }
}

/// Where a library has one function for several comparisons.
#[test]
fn comparisons_share_routines() {
    for pair in ["le gt", "lt ge"] {
        let (less, greater) = pair.split_once(' ').unwrap();
        let mut text = String::new();
        for (width, suffix) in [("f64", "df2"), ("f32", "sf2")] {
            for name in [less, greater] {
                text += &format!(
                    r#"(import "soft" "__{name}{suffix}"
                        (func $__{name}{suffix} (param {width} {width}) (result i32)))"#
                );
            }
        }
        for width in ["f64", "f32"] {
            for comparison in ["eq", "ne", "lt", "le", "gt", "ge"] {
                let operator = format!("{width}.{comparison}");
                text += &format!(
                    r#"(func (export "{operator}") (param {width} {width}) (result i32)
                        ({operator} (local.get 0) (local.get 1)))"#
                );
            }
        }
        let original = wat::parse_str(format!("(module {text})")).unwrap();
        compare(&original, &defloat::lower(&original).unwrap());
    }
}

#[test]
fn an_operator_without_its_routine_is_an_error() {
    for case in CASES.iter().filter(|case| !case.3.is_empty()) {
        let error = defloat::lower(&module(&[*case], true)).unwrap_err().to_string();
        let (operator, routine) = (case.0, case.3);
        let expected = format!(
            "function 0: {operator} needs the routine {routine}, expected a function of that name \
             in the name section"
        );
        assert!(error.ends_with(&expected), "{error}");
    }
}
