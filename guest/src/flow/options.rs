//! The options of nodes: what they may be, and how they stand in an encoding.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::graph::Kind;
use super::questions;
use crate::json::{Members, Value, lookup};
use crate::number;

/// Bytes of a value that goes from node to node, and so the longest string that a bound can name.
pub const DATA_BYTES: usize = 1 << 20;
/// Keys on the way of a projection.
const PATH: usize = 16;
/// Bytes of the key of a record, of a field, and of what it is compared with.
pub const KEY_BYTES: usize = 128;

/// What is wrong with a node, and the option that it is about.
pub type Wrong = (&'static str, &'static str);

/// Every option, in the order in which one that does not belong to its node is found.
const KEYS: [&str; 14] = [
    "operation",
    "path",
    "field",
    "equals",
    "questions",
    "output_format",
    "skip_empty",
    "on_error",
    "context",
    "max_tokens",
    "timeout_ms",
    "max_string_bytes",
    "min_string_bytes",
    "only_shrink",
];

/// Options whose values are checked the same in every node, in the order in which they are.
static CHECKED: [(&str, Domain); 9] = [
    ("output_format", Domain::Word("json")),
    ("on_error", Domain::Word("input")),
    ("context", Domain::Word("inputs")),
    ("skip_empty", Domain::Flag),
    ("only_shrink", Domain::Flag),
    ("max_tokens", Domain::Whole(4096)),
    ("timeout_ms", Domain::Whole(40_000)),
    ("max_string_bytes", Domain::Whole(DATA_BYTES as u32)),
    ("min_string_bytes", Domain::UpTo("max_string_bytes", DATA_BYTES as u32)),
];

/// What the value of an option may be.
enum Domain {
    /// This word.
    Word(&'static str),
    /// A boolean.
    Flag,
    /// A whole number from 1 to this one.
    Whole(u32),
    /// A whole number from 1 to that of another option, or to this one.
    UpTo(&'static str, u32),
}

/// Checks the options of a node. `input`, `llm` and `output` nodes may have other members, which mean
/// nothing and are in no identity; the newer kinds may not.
#[inline(never)]
pub fn check(kind: Kind, record: &Members, inputs: usize) -> Result<(), Wrong> {
    let get = |key: &str| lookup(record, key);
    let (allowed, own): (&[&str], &[&str]) = match kind {
        Kind::Input | Kind::Output => (&[], &[]),
        Kind::Llm => (
            &["context", "max_tokens", "on_error", "output_format", "skip_empty", "timeout_ms"],
            &[],
        ),
        Kind::Decision => {
            questions::check(get("questions"))?;
            (&["on_error", "questions", "skip_empty", "timeout_ms"], &["inputs", "kind", "policy"])
        }
        Kind::Data => (operation(record, inputs)?, &["inputs", "kind"]),
    };
    if let Some(key) = KEYS.iter().find(|key| get(key).is_some() && !has(allowed, key)) {
        return Err(("field not supported by node kind: ", key));
    }
    let known = |key: &str| own.is_empty() || has(own, key) || has(allowed, key);
    if !record.iter().all(|(key, _)| known(key)) {
        return Err(("unknown node field", ""));
    }
    for (key, domain) in &CHECKED {
        let Some(value) = get(key) else { continue };
        let right = match domain {
            Domain::Word(word) => value.as_str() == Some(word),
            Domain::Flag if value.as_bool().is_none() => {
                return Err(("invalid boolean field", ""));
            }
            Domain::Flag => true,
            Domain::Whole(most) => whole(Some(value), 1, *most).is_some(),
            Domain::UpTo(other, most) => {
                let other = whole(get(other), 1, *most);
                whole(Some(value), 1, other.unwrap_or(*most)).is_some()
            }
        };
        if !right {
            return Err(("invalid ", key));
        }
    }
    Ok(())
}

/// The options that an operation takes.
#[inline(never)]
fn operation(record: &Members, inputs: usize) -> Result<&'static [&'static str], Wrong> {
    let get = |key: &str| lookup(record, key);
    let refuse = |holds: bool, expected| if holds { Ok(()) } else { Err((expected, "")) };
    match get("operation").and_then(Value::as_str) {
        Some("project") => {
            let path = get("path").and_then(Value::as_array).unwrap_or(&[]);
            let bounded = inputs == 1 && (1..=PATH).contains(&path.len());
            refuse(bounded, "project needs one input and a bounded path")?;
            let keys = path.iter().all(|key| is_text(Some(key), KEY_BYTES));
            refuse(keys, "path components must be object keys")?;
            Ok(&["on_error", "operation", "path"])
        }
        Some("select") => {
            let named = is_text(get("field"), KEY_BYTES) && is_text(get("equals"), KEY_BYTES);
            refuse(inputs == 2 && named, "select needs records, mask, field and equals")?;
            Ok(&["equals", "field", "on_error", "operation"])
        }
        Some("overlay") => {
            let expected = "overlay needs base, replacements and optional removals";
            refuse((2..=3).contains(&inputs), expected)?;
            Ok(&["max_string_bytes", "min_string_bytes", "on_error", "only_shrink", "operation"])
        }
        Some("union") => {
            refuse((1..=32).contains(&inputs), "union needs 1..32 inputs")?;
            Ok(&["on_error", "operation"])
        }
        _ => Err(("unknown data operation", "")),
    }
}

#[inline(never)]
fn has(keys: &[&str], key: &str) -> bool {
    keys.contains(&key)
}

/// Whether a value is a text of at least one byte and at most so many.
#[inline(never)]
pub fn is_text(value: Option<&Value>, bytes: usize) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    (1..=bytes).contains(&text.len())
}

/// A value that is a whole number of a range.
#[inline(never)]
pub fn whole(value: Option<&Value>, least: u32, most: u32) -> Option<u32> {
    let number = value?.as_number()?;
    // what is no number of 32 bits is the nearest that is, and another one
    let whole = number as u32;
    (f64::from(whole) == number && (least..=most).contains(&whole)).then_some(whole)
}

/// The options of a node as they stand in its encoding; nothing where it has none.
pub fn encode(record: &Value) -> Option<String> {
    let mut entries = Entries::default();
    for (key, value) in record.as_object().unwrap_or(&[]) {
        if has(&KEYS, key) {
            entries.add(text(key), value);
        }
    }
    (!entries.0.is_empty()).then(|| entries.finish())
}

/// Kinds and lengths come first, so that no text can pass for another value. The depth is that of the
/// options, four at most.
fn write(value: &Value) -> String {
    let mut entries = Entries::default();
    match value {
        Value::Bool(value) => return if *value { "b1" } else { "b0" }.to_string(),
        Value::Number(value) => return index(*value),
        Value::String(value) => return text(value),
        Value::Array(items) => {
            for (at, item) in (1_u32..).zip(items) {
                entries.add(index(f64::from(at)), item);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                entries.add(text(key), value);
            }
        }
    }
    entries.finish()
}

/// The entries of a table, in the byte order of their written keys: `n10:` is before `n1:`. No key is
/// the beginning of another one, so it is that of the entries too.
#[derive(Default)]
struct Entries(Vec<String>);

impl Entries {
    #[inline(never)]
    fn add(&mut self, mut entry: String, value: &Value) {
        entry.push_str(&write(value));
        let at = self.0.partition_point(|other| *other < entry);
        self.0.insert(at, entry);
    }

    fn finish(self) -> String {
        let mut out = format!("t{}:", self.0.len());
        self.0.iter().for_each(|entry| out.push_str(entry));
        out
    }
}

fn text(text: &str) -> String {
    format!("s{}:{text}", text.len())
}

#[inline(never)]
fn index(number: f64) -> String {
    let mut out = String::from("n");
    number::canonical(number, &mut out);
    out.push(':');
    out
}
