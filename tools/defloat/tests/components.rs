//! Components: what others see of them stays, what is inside is lowered.
#![allow(clippy::unwrap_used, reason = "tests panic")]

use defloat::Kind;

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A function that returns a record with a float, by way of memory.
const RECORD: &str = r#"
    (component
      (core module $m
        (memory (export "memory") 1 2)
        (func (export "get") (result i32)
          (f64.store (i32.const 8) (f64.neg (f64.const 2)))
          (i32.const 8)))
      (core instance $i (instantiate $m))
      (type $point' (record (field "x" f64) (field "y" f64)))
      (export $point "point" (type $point'))
      (func $get (result $point)
        (canon lift (core func $i "get") (memory $i "memory")))
      (export "get" (func $get)))
"#;

#[test]
fn floats_in_memory_are_lowered_and_the_interface_stays() {
    let original = wat(RECORD);
    let lowered = defloat::lower_named(&original, Some("core")).unwrap();
    let (before, after) =
        (defloat::inspect(&original).unwrap(), defloat::inspect(&lowered).unwrap());
    assert_eq!(before.kind, Kind::Component);
    assert_eq!(before.exports, ["point: type", "get: func"]);
    assert_eq!(after.exports, before.exports);
    assert_eq!(before.violations().len(), 4, "{:?}", before.violations());
    assert_eq!(after.violations(), [""; 0]);
    assert_eq!(after.features, ["component-model"]);
    assert_eq!(after.module_name.as_deref(), Some("core"));

    let core = defloat::core_module(&lowered).unwrap();
    let report = defloat::inspect(&core).unwrap();
    assert_eq!(report.kind, Kind::Module);
    assert_eq!(report.exports, ["memory: memory", "get: func"]);
    assert_eq!(report.violations(), [""; 0]);
    assert_eq!(defloat::core_module(&core).unwrap(), core);
}

#[test]
fn a_float_in_a_signature_is_an_error() {
    let text = r#"
        (component
          (core module $m (func (export "one") (result f64) (f64.const 1)))
          (core instance $i (instantiate $m))
          (func (export "one") (result f64) (canon lift (core func $i "one"))))
    "#;
    let message = defloat::lower(&wat(text)).unwrap_err().to_string();
    assert!(message.starts_with("not valid after lowering: "), "{message}");
    assert!(
        message.ends_with(
            "a float in a function signature of a component must be inside of a record or a list"
        ),
        "{message}"
    );
}

#[test]
fn nested_modules_are_lowered_each_with_its_own_routines() {
    let text = r#"
        (component
          (core module (func $__adddf3 (param f64 f64) (result f64) local.get 0))
          (component
            (core module
              (func (param f64 f64) (result f64) local.get 0 local.get 1 f64.add)
              (func $__adddf3 (param f64 f64) (result f64) local.get 1))))
    "#;
    let lowered = defloat::lower(&wat(text)).unwrap();
    let report = defloat::inspect(&lowered).unwrap();
    assert_eq!(report.core_modules, 2);
    assert!(report.float_operators.is_empty());
    assert_eq!(report.float_types.total(), 0);
    let message = defloat::core_module(&lowered).unwrap_err().to_string();
    assert_eq!(message, "2 core modules, expected 1");
    let message = defloat::core_module(&wat("(component)")).unwrap_err().to_string();
    assert_eq!(message, "0 core modules, expected 1");
}

#[test]
fn imports_of_the_whole_are_reported_and_those_inside_are_not() {
    let text = r#"
        (component
          (import "test:clock/now@1.0.0" (instance $clock (export "now" (func (result u64)))))
          (core module $inner (import "" "f" (func)) (memory (export "memory") 1 1))
          (core module $stub (func (export "f")))
          (core instance $stub (instantiate $stub))
          (core instance (instantiate $inner (with "" (instance $stub))))
          (export "again" (instance $clock)))
    "#;
    let report = defloat::inspect(&wat(text)).unwrap();
    assert_eq!(report.imports, ["test:clock/now@1.0.0: instance {now}"]);
    assert_eq!(report.exports, ["again: instance {now}"]);
    assert_eq!(
        report.violations(),
        [
            "2 core modules, expected 1",
            "import test:clock/now@1.0.0: instance {now}, expected none",
        ]
    );
}
