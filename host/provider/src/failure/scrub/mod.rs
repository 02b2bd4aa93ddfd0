//! Takes a credential out of what a provider says, however the provider has written it.

mod escapes;
mod forms;
mod layout;

use serde_json::Value;

use crate::config::Secret;
use forms::{Form, Forms, STANDARD, URL};

/// What stands in its place.
const MARK: &str = "***";
/// How often a text is decoded: it may have been written into one JSON text after another.
const LAYERS: usize = 4;
/// Of base64, the shortest part that is looked for. Less is found in any text.
const PART: usize = 8;

/// Bytes that one of a credential is written with where it is short, as `0x41, `, each of them as
/// `\u0041`; and where it is long, in two digits. What is longer than this is not looked for at a cut.
const WIDE: usize = 72;
const NARROW: usize = 24;

/// The longest credential that is a short one. Longer ones are tokens of clouds, and what they would be
/// written as is longer than what is read of a failure.
const SHORT: usize = 256;

/// Looks for a credential in its forms: as it is, in capitals or without, in base64, in hexadecimal
/// digits and as a list of numbers; each of them also in lines, with white space in it or in a dump, and
/// behind escapes of JSON, of programs, of style sheets, of addresses, of mail and of HTML.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrub {
    all: Forms,
    /// The credential as it is, where the bytes of it are read by other means. None, if it is short: it
    /// would be found in what it is not in.
    plain: Forms,
    /// Of the credential, in bytes.
    length: usize,
}

/// A character, and where what it was written as begins and ends.
type Written = (char, u32, u32);

impl Scrub {
    /// For the credential of a call, if there is one.
    pub(crate) fn new(secret: Option<&Secret>) -> Self {
        let Some(secret) = secret.map(Secret::expose) else { return Self::default() };
        let plain = Form::of(secret);
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut all = vec![Form::of(&hex)];
        for alphabet in [STANDARD, URL] {
            all.extend((0..3).map(|before| Form::base64(secret.as_bytes(), before, alphabet)));
        }
        all.retain(|form| form.text.len() >= PART);
        let is_long = plain.text.len() >= PART;
        let alone = if is_long { vec![plain.clone()] } else { Vec::new() };
        all.push(plain);
        Self { all: Forms::new(all), plain: Forms::new(alone), length: secret.len() }
    }

    /// The text without the credential. Only then is it cut: a part of a key is part of a key.
    pub(crate) fn text(&self, text: &str) -> String {
        // nothing writes a credential shorter than it is
        if self.all.list.is_empty() || text.len() < self.length {
            return text.to_owned();
        }
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut written: Vec<Written> = text
            .char_indices()
            .map(|(start, one)| (one, place(start), place(start + one.len_utf8())))
            .collect();
        let mut found = Vec::new();
        let mut view = Vec::new();
        for _ in 0..LAYERS {
            self.look(&written, &mut view, &mut found);
            let decoded = escapes::decode(&written);
            if decoded.len() == written.len() {
                break;
            }
            written = decoded;
        }
        cut(text, found)
    }

    /// Looks at a text as it is, and beside its layout.
    fn look(&self, written: &[Written], view: &mut Vec<Written>, found: &mut Vec<(u32, u32)>) {
        self.all.find(written, found);
        if self.plain.list.is_empty() {
            return;
        }
        let mut beside = |forms: &Forms, see: &dyn Fn(&mut Vec<Written>)| {
            view.clear();
            see(view);
            forms.find(view, found);
        };
        beside(&self.all, &|view| layout::bare(written, view));
        beside(&self.all, &|view| layout::hexadecimal(written, view));
        beside(&self.plain, &|view| layout::column(written, view));
        beside(&self.plain, &|view| layout::numbers(written, 10, view));
        beside(&self.plain, &|view| layout::numbers(written, 8, view));
        beside(&self.plain, &|view| escapes::style_sheet(written, view));
    }

    /// The same for all strings of a value.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => list.iter_mut().for_each(|value| self.value(value)),
            Value::Object(members) => {
                for (key, mut value) in std::mem::take(members) {
                    self.value(&mut value);
                    members.insert(self.text(&key), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The most bytes that a credential is written with, as far as a cut looks for a part of one.
    pub(crate) fn longest(&self) -> usize {
        self.length * if self.length <= SHORT { WIDE } else { NARROW }
    }
}

/// The text with marks in place of what was found.
fn cut(text: &str, mut found: Vec<(u32, u32)>) -> String {
    found.sort_unstable();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in found {
        let (start, end) = (start as usize, end as usize);
        if end <= done {
            continue;
        }
        if start >= done {
            clean.push_str(text.get(done..start).unwrap_or_default());
            clean.push_str(MARK);
        }
        done = end;
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests;
