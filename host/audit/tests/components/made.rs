//! Components with the contract of the engine, and something else behind it.

use std::{fs, path::Path};

use sigmapol::artifact;
use sigmapol_core::digest;

/// Bytes of the preamble of a module or a component.
const PREAMBLE: usize = 8;

/// The section of a component that is a core module.
const CORE_MODULE: u8 = 1;

/// What a core module has to export for the component around it, apart from `decide` of the engine.
/// Whatever is called says that it was refused, with the first code and no message.
const REST: &str = r#"
    (memory (export "memory") 5)
    (func $answer (result i32)
        (i32.store8 (i32.const 1024) (i32.const 1)) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    (func $post (param i32))
    (func $two (param i32 i32) (result i32) (call $answer))
    (func $four (param i32 i32 i32 i32) (result i32) (call $answer))
    (func $five (param i32 i32 i32 i32 i32) (result i32) (call $answer))
    (func (export "sigmapol:policy/prepared@0.1.0#settle"))
    (func (export "sigmapol:policy/prepared@0.1.0#decide") (param i32 i32 i32) (result i32)
        (call $answer))
    (export "sigmapol:policy/engine@0.1.0#admit" (func $four))
    (export "sigmapol:policy/engine@0.1.0#hash" (func $four))
    (export "sigmapol:policy/engine@0.1.0#step" (func $five))
    (export "sigmapol:policy/prepared@0.1.0#load" (func $two))
    (export "sigmapol:policy/prepared@0.1.0#policy" (func $four))
    (export "sigmapol:policy/prepared@0.1.0#patch" (func $two))
    (export "sigmapol:policy/prepared@0.1.0#load-router" (func $two))
    (export "sigmapol:policy/prepared@0.1.0#restate" (func $two))
    (export "sigmapol:policy/prepared@0.1.0#rank" (func $two))
    (export "sigmapol:policy/prepared@0.1.0#step" (func $five))
    (export "cabi_post_sigmapol:policy/engine@0.1.0#admit" (func $post))
    (export "cabi_post_sigmapol:policy/engine@0.1.0#hash" (func $post))
    (export "cabi_post_sigmapol:policy/engine@0.1.0#step" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#load" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#policy" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#patch" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#load-router" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#restate" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#rank" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#step" (func $post))
    (export "cabi_post_sigmapol:policy/prepared@0.1.0#decide" (func $post))
"#;

/// A core module whose `decide` has this body, of `(param i32 i32 i32 i32) (result i32)`. `more` are
/// further fields of the module.
pub fn core(body: &str, more: &str) -> Vec<u8> {
    core_with(body, "", more)
}

/// As [`core`], with what is done after the result was copied.
pub fn core_with(body: &str, post: &str, more: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module {more} {REST}
            (func (export "sigmapol:policy/engine@0.1.0#decide") (param i32 i32 i32 i32) (result i32)
                {body})
            (func (export "cabi_post_sigmapol:policy/engine@0.1.0#decide") (param i32) {post}))"#
    ))
    .unwrap()
}

/// A core module that says that everything was refused, with changes in its text.
pub fn other_core(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut rest = REST.to_owned();
    for (from, to) in changes {
        assert!(rest.contains(from), "{from}");
        rest = rest.replacen(from, to, 1);
    }
    wat::parse_str(format!(
        r#"(module {rest}
            (export "sigmapol:policy/engine@0.1.0#decide" (func $four))
            (export "cabi_post_sigmapol:policy/engine@0.1.0#decide" (func $post)))"#
    ))
    .unwrap()
}

/// The embedded component around another core module.
pub fn around(core: &[u8]) -> Vec<u8> {
    let (preamble, mut rest) = artifact::COMPONENT.split_at(PREAMBLE);
    let mut component = preamble.to_vec();
    while let Some((&kind, after)) = rest.split_first() {
        let (length, at) = number(after);
        let (content, next) = after[at..].split_at(length);
        component.push(kind);
        let content = if kind == CORE_MODULE { core } else { content };
        put_number(content.len(), &mut component);
        component.extend_from_slice(content);
        rest = next;
    }
    component
}

/// A component with the contract whose `decide` has this body.
pub fn deciding(body: &str) -> Vec<u8> {
    around(&core(body, ""))
}

/// Puts a component where `--components` looks for it, and says under which digest.
pub fn put(folder: &Path, wasm: &[u8]) -> String {
    let name = digest(wasm);
    fs::write(folder.join(format!("{name}.wasm")), wasm).unwrap();
    name
}

/// A number in LEB128, and its bytes.
fn number(bytes: &[u8]) -> (usize, usize) {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (value, at + 1);
        }
    }
    panic!("a number without an end");
}

fn put_number(mut value: usize, out: &mut Vec<u8>) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[test]
fn the_embedded_component_comes_through() {
    assert_eq!(around(artifact::CORE_MODULE), artifact::COMPONENT);
}
