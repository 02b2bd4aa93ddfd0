//! What lowering does to whole modules: types, memory, constants, names, and what it refuses.
#![allow(clippy::unwrap_used, reason = "tests panic")]

mod support;

use support::{Running, compare};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn error(text: &str) -> String {
    defloat::lower(&wat(text)).unwrap_err().to_string()
}

#[test]
fn values_of_every_place_become_integers() {
    let original = wat(r#"
        (module
          (type $binary (func (param f64 f64) (result f64)))
          (memory 1 1)
          (table 1 1 funcref)
          (elem (i32.const 0) $second)
          (global $wide (mut f64) (f64.const -0.1))
          (global $narrow f32 (f32.const nan:0x200001))
          (func $second (type $binary) (local.get 1))
          (func (export "global wide") (param f64) (result f64) (local f64)
            (local.set 1 (global.get $wide))
            (global.set $wide (local.get 0))
            (local.get 1))
          (func (export "global narrow") (result f32) (global.get $narrow))
          (func (export "const zero") (result f64) (f64.const -0))
          (func (export "const infinity") (result f32) (f32.const inf))
          (func (export "load wide") (param f64) (result f64)
            (f64.store offset=5 align=1 (i32.const 3) (local.get 0))
            (f64.load offset=3 align=2 (i32.const 5)))
          (func (export "load narrow") (param f32) (result f32)
            (f32.store (i32.const 3) (local.get 0))
            (f32.load (i32.const 3)))
          (func (export "select") (param f64 f64 i32) (result f64)
            (select (local.get 0) (local.get 1) (local.get 2)))
          (func (export "select typed") (param f32 f32 i32) (result f32)
            (select (result f32) (local.get 0) (local.get 1) (local.get 2)))
          (func (export "reinterpret in a block") (param i32 i64) (result f64)
            (if (result f64) (local.get 0)
              (then (f64.reinterpret_i64 (local.get 1)))
              (else (block (result f64) (loop (result f64) (f64.const 2)))))
            (block (param f64) (result f64)))
          (func (export "reinterpret by call") (param f64 f64) (result f64)
            (call_indirect (type $binary) (local.get 0) (local.get 1) (i32.const 0)))
          (func (export "copysign among locals") (param f64 i32 f32) (result f32)
            (local f32 i64 f64)
            (local.set 3 (f32.copysign (local.get 2) (f32.const -1)))
            (local.set 5 (f64.copysign (f64.const 3) (local.get 0)))
            (local.set 4 (i64.reinterpret_f64 (local.get 5)))
            (select (local.get 2) (local.get 3)
              (i32.and (i64.eqz (local.get 4)) (local.get 1)))))
    "#);
    let before = defloat::inspect(&original).unwrap();
    assert!(before.float_types.signatures > 10);
    assert_eq!((before.float_types.locals, before.float_types.globals), (3, 2));
    assert_eq!(before.float_types.blocks, 4);

    let lowered = defloat::lower(&original).unwrap();
    let after = defloat::inspect(&lowered).unwrap();
    assert_eq!(after.float_types.total(), 0);
    assert!(after.float_operators.is_empty());
    assert!(compare(&original, &lowered) > 1000);
    assert_eq!(Running::new(&lowered).call("const zero", &[]), 1 << 63);
}

#[test]
fn a_file_without_floats_stays_as_it_is() {
    let text = r#"(module (func (export "f") (param i64) (result i64) (local.get 0)))"#;
    assert_eq!(defloat::lower(&wat(text)).unwrap(), wat(text));
}

#[test]
fn names_and_notes_go_and_the_module_name_stays() {
    let text = r#"(module $old (@custom "producers" "\00") (func $helper (export "f")))"#;
    let lowered = defloat::lower(&wat(text)).unwrap();
    assert_eq!(defloat::inspect(&lowered).unwrap().module_name.as_deref(), Some("old"));
    assert!(!lowered.windows(6).any(|window| window == b"helper"));
    assert!(!lowered.windows(9).any(|window| window == b"producers"));

    let renamed = defloat::lower_named(&wat(text), Some("new")).unwrap();
    assert_eq!(defloat::inspect(&renamed).unwrap().module_name.as_deref(), Some("new"));
}

#[test]
fn lowering_twice_changes_nothing() {
    let once = defloat::lower(&wat("(module $m (func (param f64) (result f64) local.get 0))"));
    let once = once.unwrap();
    assert_eq!(defloat::lower(&once).unwrap(), once);
}

#[test]
fn over_long_indices_become_short() {
    // `call_indirect` of table 0, its index written with five bytes as relocatable code has it.
    let mut wasm = wat("(module (table 1 funcref) (func i32.const 0 call_indirect))");
    let call = wasm.windows(3).position(|window| window == [0x11, 0, 0]).unwrap();
    wasm.splice(call + 2..call + 3, [0x80, 0x80, 0x80, 0x80, 0]);
    let body = call - 4;
    for size in [body, body - 2] {
        wasm[size] += 4;
    }
    assert_eq!(defloat::inspect(&wasm).unwrap().features, ["reference-types"]);
    let lowered = defloat::lower(&wasm).unwrap();
    assert_eq!(defloat::inspect(&lowered).unwrap().features, [""; 0]);
}

#[test]
fn a_routine_of_another_type_is_an_error() {
    let message = error(
        "(module (func $__adddf3 (param f64) (result f64) local.get 0)
           (func (param f64 f64) (result f64) local.get 0 local.get 1 f64.add))",
    );
    assert_eq!(message, "routine __adddf3 has type (i64) -> (i64), expected (i64, i64) -> (i64)");
}

#[test]
fn a_routine_made_of_its_own_operator_is_an_error() {
    let direct = "(module (func $__adddf3 (param f64 f64) (result f64)
        local.get 0 local.get 1 f64.add))";
    let through_another = "(module
        (func $__ltdf2 (param f64 f64) (result i32) local.get 0 local.get 1 call $helper)
        (func $helper (param f64 f64) (result i32) local.get 0 local.get 1 f64.lt))";
    for (text, routine) in [(direct, "__adddf3"), (through_another, "__ltdf2")] {
        let expected = format!(
            "routine {routine} is made of the operator it is to replace, expected integer code"
        );
        assert_eq!(error(text), expected);
    }
}

#[test]
fn an_error_names_the_function() {
    let message = error("(module (func $scale (param f64) (result f64) local.get 0 f64.sqrt))");
    assert_eq!(
        message,
        "offset 0x1b, function scale: f64.sqrt needs the routine sqrt, expected a function of \
         that name in the name section"
    );
}

#[test]
fn what_is_not_wasm_is_an_error() {
    for bytes in [b"".as_slice(), b"\0asm", b"\0asm\x01\0\0\0\x01", b"(module)"] {
        assert!(defloat::lower(bytes).is_err());
        assert!(defloat::inspect(bytes).is_err());
    }
    let message = defloat::lower(b"(module)").unwrap_err().to_string();
    assert!(message.starts_with("not a valid wasm file: "), "{message}");
}

#[test]
fn calls_that_do_nothing_are_left_out() {
    let lower = |text: &str| defloat::lower(&wat(text)).unwrap();
    let called = lower(
        r#"(module (func $idle) (func $busy (local i32)) (func (export "f") (call $idle) (call $busy)))"#,
    );
    let left_out =
        lower(r#"(module (func $idle) (func $busy (local i32)) (func (export "f") (call $busy)))"#);
    assert!(called == left_out);
    // a parameter, a result, an operator: each is something
    for kept in [
        r#"(module (func (param i32)) (func (export "f") (call 0 (i32.const 1))))"#,
        r#"(module (func (result i32) i32.const 1) (func (export "f") (result i32) (call 0)))"#,
        r#"(module (func unreachable) (func (export "f") (call 0)))"#,
    ] {
        assert!(lower(kept) == wat(kept), "{kept}");
    }
}
