//! What frames need, counted by hand.
#![allow(clippy::unwrap_used, reason = "tests panic")]

use defloat::Frames;

fn frames(text: &str) -> Frames {
    defloat::frames(&wat::parse_str(text).unwrap()).unwrap()
}

#[test]
fn slots() {
    let frames = frames(
        r#"(module
        (import "env" "log" (func $log (param i32)))
        (func)
        (func (param i32 i64) (local i64 i64 i64))
        (func (local i32) (call $log (i32.add (i32.const 1) (i32.const 2))))
        (func (result i32)
            (i32.const 1) (block (param i32) (result i32) (i32.const 2) (i32.const 3) i32.add i32.add))
        (func (unreachable)))"#,
    );
    assert_eq!(frames.slots, [0, 5, 3, 3, 0]);
    assert_eq!(frames.largest, Some((2, 5)));
    assert_eq!((frames.recursive, frames.chain_frames, frames.chain_slots), (0, 1, 5));
    assert!(!frames.tail_calls);
}

#[test]
fn calls() {
    // 0 calls 1; 1 calls through the table what takes an i32: 2, not 3, nor 4, which is in none;
    // 2 calls 1
    let text = r#"(module
        (type $takes (func (param i32)))
        (table 2 funcref) (elem (i32.const 0) 2 3)
        (func (call 1))
        (func (local i64 i64) (call_indirect (type $takes) (i32.const 7) (i32.const 0)))
        (func (param i32) (call 1))
        (func (param i64))
        (func (param i32) (local i32)))"#;
    let frames = frames(text);
    assert_eq!((frames.recursive, frames.groups), (2, 1));
    assert_eq!((frames.chain_frames, frames.chain_slots), (3, 5));
    let text = text.replace("(elem", "(elem declare func 4) (elem");
    let more = defloat::frames(&wat::parse_str(text).unwrap()).unwrap();
    assert_eq!((more.chain_frames, more.chain_slots), (4, 7));
    assert!(self::frames("(module (func $f (return_call $f)))").tail_calls);
}

#[test]
fn no_frame_is_larger_than_the_limit() {
    for (slots, violations) in [
        (65_535, vec![]),
        (65_536, vec!["function 0: 65536 value slots, expected at most 65535".to_owned()]),
    ] {
        // a function has 50,000 locals at most
        let pushes = "(i32.const 0)".repeat(slots - 50_000);
        let drops = "drop ".repeat(slots - 50_000);
        let text = format!("(module (func (local{}) {pushes} {drops}))", " i32".repeat(50_000));
        assert_eq!(frames(&text).violations(), violations);
    }
}
