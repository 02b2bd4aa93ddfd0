//! What a credential is written as, and where that is in a text.

use super::{PART, Written};

pub(super) const STANDARD: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const URL: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// One way to write a credential.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) text: Vec<char>,
    /// A digit of base64 before it, or after it, has some bits of the credential.
    before: bool,
    after: bool,
}

impl Form {
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.chars().collect(), before: false, after: false }
    }

    /// What base64 makes of bytes that stand after so many others, as far as it depends on them alone.
    pub(super) fn base64(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> Self {
        let bits: Vec<bool> = std::iter::repeat_n(false, before * 8)
            .chain(bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)))
            .collect();
        let whole = bits.chunks_exact(6).skip((before * 8).div_ceil(6));
        let digit = |bits: &[bool]| bits.iter().fold(0, |digit, bit| digit * 2 + usize::from(*bit));
        let digits = whole.filter_map(|bits| alphabet.get(digit(bits)).copied().map(char::from));
        Self { text: digits.collect(), before: before > 0, after: !bits.len().is_multiple_of(6) }
    }

    /// How much of a text it is, from its start.
    fn is_at(&self, rest: &[Written]) -> bool {
        let any_case = self.text.len() >= PART;
        rest.len() >= self.text.len()
            && self.text.iter().zip(rest).all(|(wanted, (character, ..))| {
                wanted == character || any_case && wanted.eq_ignore_ascii_case(character)
            })
    }

    /// Where it ends, with what else there is of it: the digit after it, and the padding.
    fn end(&self, written: &[Written], at: usize) -> usize {
        let mut end = at + self.text.len();
        if !self.after {
            return end;
        }
        let is = |at: usize, what: fn(char) -> bool| written.get(at).is_some_and(|one| what(one.0));
        end += usize::from(is(end, is_base64));
        let pads = (end..end + 2).take_while(|at| is(*at, |one| one == '=')).count();
        end + pads
    }

    /// Where it begins, with the digit before it.
    fn start(&self, written: &[Written], at: usize) -> usize {
        let before = at.checked_sub(1).filter(|_| self.before);
        before.filter(|at| written.get(*at).is_some_and(|one| is_base64(one.0))).unwrap_or(at)
    }
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/-_".contains(character)
}

/// Ways to write a credential, the longest first.
#[derive(Clone, Debug)]
pub(super) struct Forms {
    pub(super) list: Vec<Form>,
    /// What one begins with, of ASCII: most characters begin none.
    first: [bool; 128],
}

impl Default for Forms {
    fn default() -> Self {
        Self { list: Vec::new(), first: [false; 128] }
    }
}

impl Forms {
    pub(super) fn new(mut list: Vec<Form>) -> Self {
        list.sort_by_key(|form| std::cmp::Reverse(form.text.len()));
        let mut first = [false; 128];
        for character in list.iter().filter_map(|form| form.text.first()) {
            for case in [character.to_ascii_lowercase(), character.to_ascii_uppercase()] {
                match first.get_mut(case as usize) {
                    Some(begins) => *begins = true,
                    None => first = [true; 128], // a key that no header can carry
                }
            }
        }
        Self { list, first }
    }

    /// Adds where they are.
    pub(super) fn find(&self, written: &[Written], found: &mut Vec<(u32, u32)>) {
        let mut at = 0;
        while let Some((character, ..)) = written.get(at) {
            let begins = self.first.get(*character as usize).copied().unwrap_or(self.first[0]);
            let rest = written.get(at..).unwrap_or_default();
            let here = self.list.iter().filter(|_| begins).find(|form| form.is_at(rest));
            let Some(form) = here else {
                at += 1;
                continue;
            };
            let (start, end) = (form.start(written, at), form.end(written, at));
            let last = end.checked_sub(1).and_then(|last| written.get(last));
            if let (Some((_, start, _)), Some((.., end))) = (written.get(start), last) {
                found.push((*start, *end));
            }
            at = end.max(at + 1);
        }
    }
}
