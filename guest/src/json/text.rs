//! Objects as text, put together out of texts.

use alloc::string::String;

use super::value::Value;
use super::write::write_string;
use crate::number::{finite, json};

/// An object under construction, as text. Its keys have no escapes, and come in byte order.
pub struct ObjectText(String);

impl ObjectText {
    pub fn new(capacity: usize) -> Self {
        Self(String::with_capacity(capacity))
    }

    #[inline(never)]
    fn begin(&mut self, key: &'static str) -> &mut String {
        let before = if self.0.is_empty() { "{\"" } else { ",\"" };
        push(&mut self.0, &[before, key, "\":"]);
        &mut self.0
    }

    /// A member whose value is JSON.
    pub fn raw(&mut self, key: &'static str, value: &str) {
        push(self.begin(key), &[value]);
    }

    #[inline(never)]
    pub fn value(&mut self, key: &'static str, value: &Value) {
        value.write(self.begin(key));
    }

    /// A string, if there is one.
    #[inline(never)]
    pub fn text(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            write_string(text, self.begin(key));
        }
    }

    #[inline(never)]
    pub fn number(&mut self, key: &'static str, number: f64) {
        json(finite(number), self.begin(key));
    }

    /// An array.
    #[inline(never)]
    pub fn list(&mut self, key: &'static str, items: &[Value]) {
        super::write::write_array(items, self.begin(key));
    }

    /// The text so far, which begins with a brace and has no end, for who goes on with it.
    pub fn into_unfinished(self) -> String {
        self.0
    }

    /// Its text; there is a member.
    pub fn finish(self) -> String {
        let mut text = self.0;
        text.push('}');
        text
    }
}

/// Appends texts. There are many calls: none of them is worth its own copy.
#[inline(never)]
pub fn push(out: &mut String, texts: &[&str]) {
    for text in texts {
        out.push_str(text);
    }
}

/// An array of numbers.
#[inline(never)]
pub fn write_numbers(numbers: &[usize], out: &mut String) {
    let mut before = '[';
    for number in numbers {
        out.push(before);
        json(*number as f64, out);
        before = ',';
    }
    out.push(']');
}
