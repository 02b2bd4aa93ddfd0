//! The operations of `data` nodes over JSON texts. Nothing is evaluated, and what an operation does
//! not look at is passed on as it was written.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::options::{DATA_BYTES, KEY_BYTES, whole};
use crate::json::{Field, Value, compact, fields, read};

/// Records of a map.
const RECORDS: usize = 128;

/// A text that came from outside, as data: complete JSON of a bounded size.
#[inline(never)]
pub fn admit(text: &str) -> Result<String, String> {
    bounded(text.len())?;
    compact("data", text).map_err(|refusal| refusal.message)
}

/// A value that nodes hand on: of an object or an array, whether there is nothing in it.
pub fn is_empty(text: &str) -> bool {
    matches!(text, "{}" | "[]")
}

/// Runs the operation of an admitted node over its inputs.
#[inline(never)]
pub fn run(record: &Value, inputs: &[&str]) -> Result<String, String> {
    let input = |at: usize| inputs.get(at).copied().unwrap_or("{}");
    let option = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut out = Writer(String::from("{"));
    match option("operation") {
        "project" => {
            let path = record.get("path").and_then(Value::as_array).unwrap_or(&[]);
            return project(input(0), path);
        }
        "select" => {
            let (records, mask) = (records(input(0))?, records(input(1))?);
            let (field, equals) = (quoted(option("field")), quoted(option("equals")));
            for record in &records {
                let answer = find(&mask, record.name).and_then(fields);
                let said = answer.as_deref().and_then(|answer| find(answer, &field));
                if said == Some(&*equals) {
                    out.add(record.name, record.value)?;
                }
            }
        }
        "overlay" => {
            let inputs = [records(input(0))?, records(input(1))?, records(input(2))?];
            overlay(record, &inputs, &mut out)?;
        }
        _ => {
            let mut all: Vec<Field<'_>> = Vec::new();
            for input in inputs {
                for record in records(input)? {
                    if find(&all, record.name).is_some() {
                        let name = record.name;
                        return Err(format!("union: expected each key once, got {name} twice"));
                    }
                    out.add(record.name, record.value)?;
                    all.push(record);
                }
                counted(&all)?;
            }
        }
    }
    out.0.push('}');
    Ok(out.0)
}

#[inline(never)]
fn project(text: &str, path: &[Value]) -> Result<String, String> {
    let mut value = text;
    for key in path.iter().filter_map(Value::as_str) {
        let (fields, name) = (fields(value).unwrap_or_default(), quoted(key));
        value = find(&fields, &name)
            .ok_or_else(|| format!("project: expected an object with the key {name}"))?;
    }
    Ok(value.to_string())
}

/// Removals win; a replacement that does not fit leaves what was there.
#[inline(never)]
fn overlay(
    options: &Value,
    [base, replacements, removals]: &[Vec<Field>; 3],
    out: &mut Writer,
) -> Result<(), String> {
    for (what, others) in [("replacement", replacements), ("removal", removals)] {
        for other in others {
            if find(base, other.name).is_none() {
                return Err(format!("overlay: unknown {what} key {}", other.name));
            }
        }
    }
    let bytes = |key: &str| whole(options.get(key), 1, DATA_BYTES as u32);
    let (most, least) = (bytes("max_string_bytes"), bytes("min_string_bytes"));
    let shrinks = options.get("only_shrink").and_then(Value::as_bool) == Some(true);
    let bounded = most.is_some() || least.is_some() || shrinks;
    for Field { name, value } in base {
        if find(removals, name).is_some() {
            continue;
        }
        let replacement = find(replacements, name).filter(|new| {
            let fits = |new: usize| {
                (least.unwrap_or(0)..=most.unwrap_or(DATA_BYTES as u32)).contains(&(new as u32))
                    && (!shrinks || length(value).is_some_and(|old| new < old))
            };
            !bounded || length(new).is_some_and(fits)
        });
        out.add(name, replacement.unwrap_or(value))?;
    }
    Ok(())
}

/// An object under construction.
struct Writer(String);

impl Writer {
    #[inline(never)]
    fn add(&mut self, name: &str, value: &str) -> Result<(), String> {
        let comma = if self.0.len() > 1 { "," } else { "" };
        push(&mut self.0, &[comma, name, ":", value]);
        bounded(self.0.len() + 1)
    }
}

/// The records of a map; keys have no order that means anything.
#[inline(never)]
fn records(text: &str) -> Result<Vec<Field<'_>>, String> {
    let expected = "expected an object of records";
    let records = fields(text).ok_or(expected)?;
    counted(&records)?;
    let fits =
        |record: &Field| length(record.name).is_some_and(|bytes| (1..=KEY_BYTES).contains(&bytes));
    if records.iter().all(fits) {
        Ok(records)
    } else {
        Err(format!("{expected}, each under a key of 1..{KEY_BYTES} bytes"))
    }
}

#[inline(never)]
fn counted(records: &[Field]) -> Result<(), String> {
    match records.len() <= RECORDS {
        true => Ok(()),
        false => Err(format!("expected at most {RECORDS} records")),
    }
}

#[inline(never)]
fn bounded(bytes: usize) -> Result<(), String> {
    match bytes <= DATA_BYTES {
        true => Ok(()),
        false => Err(format!("data: expected at most {DATA_BYTES} bytes, got {bytes}")),
    }
}

/// The value of a field; the name is a string of JSON.
#[inline(never)]
pub fn find<'t>(fields: &[Field<'t>], name: &str) -> Option<&'t str> {
    fields.iter().find(|field| field.name == name).map(|field| field.value)
}

/// A name as a string of JSON.
#[inline(never)]
pub fn quoted(name: &str) -> String {
    Value::text(name).to_json()
}

/// Bytes of the text of a string; nothing for another value.
#[inline(never)]
fn length(value: &str) -> Option<usize> {
    read("", value).ok()?.as_str().map(str::len)
}

/// Adds pieces to a text.
#[inline(never)]
pub fn push(out: &mut String, pieces: &[&str]) {
    for piece in pieces {
        out.push_str(piece);
    }
}

/// The text of pieces.
#[inline(never)]
pub fn text(pieces: &[&str]) -> String {
    let mut out = String::new();
    push(&mut out, pieces);
    out
}
