//! What a text says beside its layout: the same characters without white space, the digits of a dump,
//! the characters that a list of numbers stands for. Each goes over a text once.

use super::Written;

/// Between characters that do not belong together. No key has it.
const BREAK: char = '\0';

/// The most digits of a line of a dump, of which the rest is a column of text.
const LINE_DIGITS: usize = 32;

/// White space of this width ends the digits of a line; between their groups it is one or two.
const GAP: usize = 3;

/// Without white space: base64 in lines, digits in groups.
pub(super) fn bare(written: &[Written], view: &mut Vec<Written>) {
    view.extend(written.iter().filter(|(character, ..)| !character.is_whitespace()));
}

/// Hexadecimal digits, whatever is between the bytes, without the rest of a dump.
pub(super) fn hexadecimal(written: &[Written], view: &mut Vec<Written>) {
    for line in lines(written) {
        match Dump::of(line) {
            Some(dump) => {
                view.extend(dump.digits.iter().filter(|(digit, ..)| digit.is_ascii_hexdigit()));
            }
            None => line_of_digits(line, view),
        }
    }
}

fn line_of_digits(line: &[Written], view: &mut Vec<Written>) {
    let mut prefix = None;
    let mut at = 0;
    while let Some(&one @ (character, start, end)) = line.get(at) {
        let next = line.get(at + 1).map(|(next, ..)| next.to_ascii_lowercase());
        at += 1;
        match character {
            '0' | '\\' if next == Some('x') => {
                prefix = Some(start);
                at += 1;
            }
            _ if character.is_ascii_hexdigit() => {
                view.push((character, prefix.take().unwrap_or(start), end));
            }
            _ if is_between(character) => {}
            _ => break_off(view, one),
        }
    }
}

/// The column of text of a dump, its lines put together.
pub(super) fn column(written: &[Written], view: &mut Vec<Written>) {
    for line in lines(written) {
        match (Dump::of(line), line.first()) {
            (Some(dump), _) => view.extend(dump.text),
            (None, Some(one)) => break_off(view, *one),
            (None, None) => {}
        }
    }
}

/// The characters whose codes a list has, in digits of a radix.
pub(super) fn numbers(written: &[Written], radix: u32, view: &mut Vec<Written>) {
    for line in lines(written) {
        let mut rest = after_offset(line).unwrap_or(line);
        while let Some((one, after)) = rest.split_first() {
            let is_digit = |(character, ..): &Written| character.is_digit(radix);
            if !is_digit(one) {
                if !is_between(one.0) {
                    break_off(view, *one);
                }
                rest = after;
                continue;
            }
            let length = rest.iter().take_while(|one| is_digit(one)).count();
            let (number, after) = rest.split_at(length);
            rest = after;
            // `"0": 115`, of an object in place of an array
            if is_index(after) {
                continue;
            }
            let digits = number.iter().filter_map(|(digit, ..)| digit.to_digit(radix));
            let code = digits.fold(0_u32, |code, digit| (code * radix + digit).min(256));
            match (char::from_u32(code).filter(char::is_ascii_graphic), number.last()) {
                (Some(character), Some((.., end))) => view.push((character, one.1, *end)),
                _ => break_off(view, *one),
            }
        }
    }
}

fn is_index(after: &[Written]) -> bool {
    let mut after = after.iter().map(|(character, ..)| *character);
    after.next() == Some('"') && after.find(|character| *character != ' ') == Some(':')
}

fn lines(written: &[Written]) -> impl Iterator<Item = &[Written]> {
    written.split(|(character, ..)| *character == '\n')
}

/// What stands between the bytes of a list.
fn is_between(character: char) -> bool {
    character.is_whitespace() || ",:;-.[](){}\"'".contains(character)
}

fn break_off(view: &mut Vec<Written>, (_, start, end): Written) {
    if view.last().is_some_and(|(last, ..)| *last != BREAK) {
        view.push((BREAK, start, end));
    }
}

/// A line of a dump, as `xxd`, `hexdump -C`, `od` and `tcpdump -X` write them: an offset, digits, text.
struct Dump<'w> {
    digits: &'w [Written],
    text: &'w [Written],
}

impl<'w> Dump<'w> {
    fn of(line: &'w [Written]) -> Option<Self> {
        let rest = after_offset(line)?;
        let (mut count, mut gap, mut end) = (0, 0, rest.len());
        for (at, (character, ..)) in rest.iter().enumerate() {
            match character {
                ' ' | '\t' => gap += 1,
                _ if character.is_ascii_hexdigit() && gap < GAP && count < LINE_DIGITS => {
                    (count, gap) = (count + 1, 0);
                }
                _ => {
                    end = at;
                    break;
                }
            }
        }
        let (digits, text) = rest.split_at(end);
        let is_frame = |(character, ..): &&Written| "|<>".contains(*character);
        let skipped = usize::from(text.first().filter(is_frame).is_some());
        let text = text.get(skipped..).unwrap_or_default();
        let cut =
            text.iter().rev().take_while(|one| one.0.is_whitespace() || is_frame(one)).count();
        let text = text.get(..text.len() - cut).unwrap_or_default();
        (count > 0).then_some(Self { digits, text })
    }
}

/// What is after the offset of a line, if it begins with one: `00000010:`, `00000010  `, `0000020 `.
fn after_offset(line: &[Written]) -> Option<&[Written]> {
    let blank = line.iter().take_while(|(character, ..)| character.is_whitespace()).count();
    let mut rest = line.get(blank..)?;
    if let [('0', ..), ('x', ..), after @ ..] = rest {
        rest = after;
    }
    let length = rest.iter().take_while(|(character, ..)| character.is_ascii_hexdigit()).count();
    let after = rest.get(length..)?;
    let is_blank = |at: usize| after.get(at).is_none_or(|(character, ..)| *character == ' ');
    match length {
        4..=16 if after.first().is_some_and(|(character, ..)| *character == ':') => after.get(1..),
        4..=16 if is_blank(0) && is_blank(1) => Some(after),
        7 if is_blank(0) => Some(after),
        _ => None,
    }
}
