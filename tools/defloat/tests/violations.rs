//! The verdict on a file, word for word, and the command that gives it.
#![allow(clippy::unwrap_used, reason = "tests panic")]

use std::process::Command;

fn violations(text: &str) -> Vec<String> {
    defloat::inspect(&wat::parse_str(text).unwrap()).unwrap().violations()
}

#[test]
fn a_closed_integer_module_has_none() {
    let text = r#"(module
        (memory (export "memory") 1 4096)
        (global (export "g") (mut i32) (i32.const 0))
        (func (result i32 i64) (i32.extend8_s (i32.const 1)) (i64.const 1))
        (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))"#;
    assert_eq!(violations(text), [""; 0]);
}

#[test]
fn memory() {
    assert_eq!(violations("(module)"), ["0 memories, expected 1"]);
    assert_eq!(
        violations("(module (memory 1))"),
        ["memory without a maximum, expected one", "memory not exported, expected as `memory`"]
    );
    assert_eq!(
        violations(r#"(module (memory (export "mem") 1 2))"#),
        ["memory exported as `mem`, expected `memory`"]
    );
    assert_eq!(
        violations(r#"(module (memory (export "memory") 1 2) (memory 1 2))"#),
        ["feature multi-memory is used, expected off", "2 memories, expected 1"]
    );
}

#[test]
fn imports_of_a_module() {
    let text = r#"(module
        (import "env" "log" (func))
        (import "env" "base" (global i32))
        (memory (export "memory") 1 1))"#;
    assert_eq!(
        violations(text),
        ["import env.log: func, expected none", "import env.base: global, expected none"]
    );
}

#[test]
fn floats() {
    let text = r#"(module
        (memory (export "memory") 1 1)
        (global f32 (f32.const 1))
        (func (param f64) (result f64) (local f64)
          (block (result f64) (f64.add (local.get 0) (f64.const 1)))))"#;
    assert_eq!(
        violations(text),
        [
            "float operator f32.const: 1, expected 0",
            "float operator f64.add: 1, expected 0",
            "float operator f64.const: 1, expected 0",
            "float types in signatures: 2, expected 0",
            "float types in locals: 1, expected 0",
            "float types in globals: 1, expected 0",
            "float types in block types: 1, expected 0",
            "feature floats is used, expected off",
        ]
    );
}

#[test]
fn features() {
    for (body, feature) in [
        ("(func (result v128) (i64x2.splat (i64.const 0)))", "simd"),
        ("(func (result funcref) (ref.null func))", "reference-types"),
        ("(func (drop (i32.atomic.load (i32.const 0))))", "threads"),
        ("(func $f (return_call $f))", "tail-call"),
        ("(tag) (func (throw 0))", "exceptions"),
        ("(type (struct (field i32)))", "gc"),
        ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "extended-const"),
        ("(func (param funcref) (ref.as_non_null (local.get 0)) drop)", "function-references"),
        ("(func (result i64 i64) (i64.mul_wide_s (i64.const 0) (i64.const 0)))", "wide-arithmetic"),
    ] {
        let lines = violations(&format!(r#"(module (memory (export "memory") 1 1) {body})"#));
        assert!(lines.contains(&format!("feature {feature} is used, expected off")), "{lines:?}");
    }
    let lines = violations(r#"(module (memory (export "memory") i64 1 1))"#);
    assert_eq!(lines, ["feature memory64 is used, expected off"]);
    let lines = violations(
        r#"(module (memory (export "memory") 1 1)
             (func (param f64) (result i64) (i64.trunc_sat_f64_s (local.get 0))))"#,
    );
    assert!(
        lines.contains(&"feature saturating-float-to-int is used, expected off".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn the_command_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.wasm");
    let out = folder.path().join("out.wasm");
    let core = folder.path().join("core.wasm");
    let text = r#"(module $m (memory (export "memory") 1 1) (func (result f64) (f64.const 1)))"#;
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let defloat = || Command::new(env!("CARGO_BIN_EXE_defloat"));

    let check = defloat().arg("check").arg(&file).output().unwrap();
    assert_eq!(check.status.code(), Some(1));
    let stderr = String::from_utf8(check.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter_map(|line| line.split_once(".wasm: ")).collect();
    assert_eq!(lines.len(), 3, "{stderr}");
    assert_eq!(lines[0].1, "float operator f64.const: 1, expected 0");

    let mut lower = defloat();
    lower.arg("lower").arg(&file).arg("-o").arg(&out).arg("--core").arg(&core);
    assert!(lower.args(["--name", "other"]).status().unwrap().success());
    assert!(defloat().arg("check").arg(&out).status().unwrap().success());
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&core).unwrap());

    let inspect = defloat().arg("inspect").arg(&out).arg("--json").output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&inspect.stdout).unwrap();
    assert_eq!(report["kind"], "module");
    assert_eq!(report["module_name"], "other");
    assert_eq!(report["memories"][0]["max_pages"], 1);
    assert_eq!(report["float_types"]["signatures"], 0);

    let missing = defloat().args(["inspect", "missing.wasm"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    let stderr = String::from_utf8(missing.stderr).unwrap();
    assert!(stderr.starts_with("defloat: cannot read missing.wasm: "), "{stderr}");
}

#[test]
fn a_large_frame_fails_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.wasm");
    for (slots, said) in
        [(65_535, ""), (65_536, "function 0: 65536 value slots, expected at most 65535")]
    {
        let (pushes, drops) = ("(i32.const 0)".repeat(slots), "drop ".repeat(slots));
        let text = format!(r#"(module (memory (export "memory") 1 1) (func {pushes} {drops}))"#);
        std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
        let check = Command::new(env!("CARGO_BIN_EXE_defloat")).arg("check").arg(&file).output();
        let check = check.unwrap();
        assert_eq!(check.status.success(), said.is_empty());
        assert!(String::from_utf8(check.stderr).unwrap().trim_end().ends_with(said));
    }
}
