//! What is not lowered, word for word. The other errors are where they arise: `modules.rs`,
//! `components.rs`.
#![allow(clippy::unwrap_used, reason = "tests panic")]

use std::process::Command;

fn error(text: &str) -> String {
    defloat::lower(&wat::parse_str(text).unwrap()).unwrap_err().to_string()
}

#[test]
fn vectors() {
    for (operator, params, result, offset) in [
        ("f64x2.add", "v128 v128", "v128", "0x1e"),
        ("f32x4.splat", "f32", "v128", "0x1b"),
        ("f64x2.promote_low_f32x4", "v128", "v128", "0x1b"),
        ("i32x4.trunc_sat_f32x4_s", "v128", "v128", "0x1b"),
        ("f32x4.relaxed_madd", "v128 v128 v128", "v128", "0x21"),
    ] {
        let gets = ["local.get 0 ", "local.get 1 ", "local.get 2 "];
        let gets = gets[..params.split(' ').count()].concat();
        let text =
            format!("(module (func $v (param {params}) (result {result}) {gets} {operator}))");
        let expected = format!(
            "offset {offset}, function v: {operator} has no integer form: build without SIMD"
        );
        assert_eq!(error(&text), expected);
    }
    // a vector of integers has nothing to do with floats
    let integers = "(module (func (param v128 v128) (result v128)
        (i64x2.add (local.get 0) (local.get 1))))";
    let integers = wat::parse_str(integers).unwrap();
    assert_eq!(defloat::lower(&integers).unwrap(), integers);
}

#[test]
fn an_operator_without_its_routine() {
    assert_eq!(
        error("(module (func (param f32) (result f32) (f32.sqrt (local.get 0))))"),
        "offset 0x1b, function 0: f32.sqrt needs the routine sqrtf, expected a function of that \
         name in the name section"
    );
}

/// The command says where, and writes nothing.
#[test]
fn the_command_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("in.wasm"), folder.path().join("out.wasm"));
    let text = "(module (func $f (param f64) (result v128) (f64x2.splat (local.get 0))))";
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let defloat = Command::new(env!("CARGO_BIN_EXE_defloat"))
        .args(["lower", "-o"])
        .args([&out, &file])
        .output()
        .unwrap();
    assert_eq!(defloat.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(defloat.stderr).unwrap(),
        format!(
            "defloat: {}: offset 0x1b, function f: f64x2.splat has no integer form: build without \
             SIMD\n",
            file.display()
        )
    );
    assert!(!out.exists());
}
