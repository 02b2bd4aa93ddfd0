//! Escapes, layer by layer.

use super::Written;

/// One layer of escapes off: `\u0041`, `\u{41}`, `\x41`, `\101`, `\/`, `\n`, `%41`, `%u0041`, `=41`, `&#65;`,
/// `&#x41;`, `&sol;`, and a line that mail has broken.
pub(super) fn decode(written: &[Written]) -> Vec<Written> {
    let mut decoded = Vec::with_capacity(written.len());
    let mut at = 0;
    while let Some(&(character, start, end)) = written.get(at) {
        let rest = written.get(at + 1..).unwrap_or_default();
        if let Some(length) = soft_break(character, rest) {
            at += length + 1;
            continue;
        }
        let (character, length) = match character {
            '\\' => backslash(rest),
            '%' => match rest.first() {
                Some(('u' | 'U', ..)) => rest
                    .get(1..)
                    .and_then(|rest| digits(rest, 4, 16))
                    .map(|character| (character, 5)),
                _ => digits(rest, 2, 16).map(|character| (character, 2)),
            },
            '=' => digits(rest, 2, 16).map(|character| (character, 2)),
            '&' => entity(rest),
            _ => None,
        }
        .unwrap_or((character, 0));
        let last = length.checked_sub(1).and_then(|last| rest.get(last));
        decoded.push((character, start, last.map_or(end, |(.., end)| *end)));
        at += length + 1;
    }
    decoded
}

/// How long the line end is that mail has put in after a `=`.
fn soft_break(character: char, rest: &[Written]) -> Option<usize> {
    match (character, rest) {
        ('=', [('\n', ..), ..]) => Some(1),
        ('=', [('\r', ..), ('\n', ..), ..]) => Some(2),
        _ => None,
    }
}

/// Escapes of style sheets off: `\41 `, `\000041`, `\+`. They are read apart: elsewhere `\101` is octal.
pub(super) fn style_sheet(written: &[Written], view: &mut Vec<Written>) {
    let mut at = 0;
    while let Some(&(character, start, end)) = written.get(at) {
        let rest = written.get(at + 1..).unwrap_or_default();
        let count = rest.iter().take(6).take_while(|(digit, ..)| digit.is_ascii_hexdigit()).count();
        at += 1;
        let (character, length) = match (character, rest.first()) {
            ('\\', Some((escaped, ..))) if count == 0 => (*escaped, 1),
            ('\\', Some(_)) => {
                // one white space belongs to it
                let blank = rest.get(count).is_some_and(|(blank, ..)| blank.is_whitespace());
                (digits(rest, count, 16).unwrap_or('\0'), count + usize::from(blank))
            }
            _ => (character, 0),
        };
        let last = length.checked_sub(1).and_then(|last| rest.get(last));
        view.push((character, start, last.map_or(end, |(.., end)| *end)));
        at += length;
    }
}

fn backslash(rest: &[Written]) -> Option<(char, usize)> {
    match rest.first()?.0 {
        'u' | 'U' if rest.get(1)?.0 == '{' => {
            let inner = rest.get(2..)?;
            let end = inner.iter().take(7).position(|(character, ..)| *character == '}')?;
            Some((digits(inner, end, 16)?, end + 3))
        }
        'u' | 'U' => Some((digits(rest.get(1..)?, 4, 16)?, 5)),
        '0'..='7' => Some((digits(rest, 3, 8)?, 3)),
        'x' => Some((digits(rest.get(1..)?, 2, 16)?, 3)),
        'n' => Some(('\n', 1)),
        'r' => Some(('\r', 1)),
        't' => Some(('\t', 1)),
        escaped if escaped.is_ascii_punctuation() => Some((escaped, 1)),
        _ => None,
    }
}

fn entity(rest: &[Written]) -> Option<(char, usize)> {
    let end = rest.iter().take(9).position(|(character, ..)| *character == ';')?;
    let body: String = rest.get(..end)?.iter().map(|(character, ..)| character).collect();
    let Some(body) = body.strip_prefix('#') else {
        let (_, character) = NAMED.iter().find(|(name, _)| *name == body)?;
        return Some((*character, end + 1));
    };
    let code = match body.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => body.parse(),
    };
    Some((char::from_u32(code.ok()?)?, end + 1))
}

/// Entities of HTML for what keys have beside letters and digits.
const NAMED: [(&str, char); 20] = [
    ("amp", '&'),
    ("apos", '\''),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dash", '-'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("gt", '>'),
    ("hyphen", '-'),
    ("lowbar", '_'),
    ("lt", '<'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quot", '"'),
    ("sol", '/'),
];

fn digits(rest: &[Written], count: usize, radix: u32) -> Option<char> {
    let digits = rest.get(..count)?.iter();
    let mut code = digits.map(|(character, ..)| character.to_digit(radix));
    let code = code.try_fold(0, |code, digit| Some(code * radix + digit?))?;
    char::from_u32(code)
}
