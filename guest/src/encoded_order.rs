//! The order of arguments by the bytes of their encodings, which are not written for it.

use alloc::vec::Vec;
use core::cell::OnceCell;
use core::cmp::Ordering;

use crate::bytes::common;
use crate::encode::{beginning, escape, text};
use crate::json::Value;
use crate::order::by;
use crate::term::{Argument, Term};

/// Up to so many are compared as they are: in most policies names decide.
const FEW: usize = 8;

/// Of more than that, so many bytes of each are written first; of few, once a number decides. A sort
/// looks at each of them many times, and a number takes long to write: so it is written once, or
/// there are as many bytes before it, which are in the cost.
const BEGINNING: usize = 128;

/// Sorts the arguments of an operation. A term is never the beginning of another.
pub fn sort(arguments: Vec<Argument<'_>>) -> Vec<Argument<'_>> {
    let few = arguments.len() <= FEW;
    let begun = arguments.into_iter().map(|argument| (OnceCell::new(), argument)).collect();
    let sorted = by(begun, |(begin, left), (other, right)| {
        let names = if few { compare(left, right, false) } else { None };
        names.unwrap_or_else(|| {
            let begin: &Vec<u8> = begin.get_or_init(|| begin_of(left));
            let whole = begin.len() < BEGINNING;
            let order = begin.cmp(other.get_or_init(|| begin_of(right)));
            order.then_with(|| if whole { Ordering::Equal } else { compare_all(left, right) })
        })
    });
    sorted.into_iter().map(|(_, argument)| argument).collect()
}

/// The first bytes of an encoding.
fn begin_of(argument: &Argument) -> Vec<u8> {
    let mut bytes = beginning(argument, BEGINNING).into_bytes();
    bytes.truncate(BEGINNING);
    bytes
}

/// The order of two arguments of the same place.
fn compare_all(left: &Argument, right: &Argument) -> Ordering {
    compare(left, right, true).unwrap_or(Ordering::Equal)
}

/// The order of two arguments of the same place. Where numbers decide they are written, or there is
/// none. But for that it takes no more than the shorter encoding is long.
fn compare(left: &Argument, right: &Argument, write: bool) -> Option<Ordering> {
    use Argument::{Param, Term};
    match (left, right) {
        (Term(left), Term(right)) => terms(left, right, write),
        (Param(left), Param(right)) if left == right => Some(Ordering::Equal),
        (Param(Value::String(left)), Param(Value::String(right))) => Some(strings(left, right)),
        _ => write.then(|| text(left).cmp(&text(right))),
    }
}

/// A name and a number may begin as a longer one does. What follows them is a space or a
/// parenthesis, which is less than what goes on with a name or a number; and a space is less than a
/// parenthesis.
fn terms(left: &Term, right: &Term, write: bool) -> Option<Ordering> {
    let names = left.op.operation().name.cmp(right.op.operation().name);
    if names.is_ne() {
        return Some(names);
    }
    for (left, right) in left.arguments.iter().zip(&right.arguments) {
        let order = compare(left, right, write)?;
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(right.arguments.len().cmp(&left.arguments.len()))
}

/// Decided where they first differ, by what stands there: a byte, its escape, or the quote at the
/// end.
fn strings(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let same = common(left, right);
    written(left.get(same)).cmp(&written(right.get(same)))
}

/// The first two bytes of what is written.
fn written(byte: Option<&u8>) -> [u8; 2] {
    let Some(byte) = byte else { return [b'"', 0] };
    match escape(*byte).map(str::as_bytes) {
        Some([first, second]) => [*first, *second],
        _ => [*byte, 0],
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{admit, encode::text, json::read, vocabulary::Vocabulary};

    #[test]
    fn the_order_is_that_of_the_encodings() {
        let none = read("vocabulary", r#"{"profile":"reference"}"#).unwrap();
        let vocabulary = Vocabulary::read(&none).unwrap();
        let texts = [
            r#"["top"]"#,
            r#"["is","no_log"]"#,
            r#"["not",["is","no_log"]]"#,
            r#"["and",["top"]]"#,
            r#"["and",["top"],["top"]]"#,
            r#"["and",["top"],["is","no_log"]]"#,
            r#"["or",["top"],["bot"]]"#,
            r#"["family_eq","a"]"#,
            r#"["family_eq","a b"]"#,
            r#"["family_eq","a!"]"#,
            r#"["family_eq","a\"b"]"#,
            r#"["family_eq","a\nb"]"#,
            r#"["family_eq","é"]"#,
            r#"["family_eq",""]"#,
            r#"["family_eq","a\""]"#,
            r#"["family_eq","a\\"]"#,
            r#"["family_eq","a\t"]"#,
            r#"["family_eq","a]"]"#,
            r#"["family_eq","a\u0001"]"#,
            r#"["cmp","price_in","le",5]"#,
            r#"["cmp","price_in","le",5.5]"#,
            r#"["cmp","price_in","le",50]"#,
            r#"["cmp","price_in","le",5e300]"#,
            r#"["cmp","price_in","le",-5]"#,
            r#"["cmp","price_in","lt",0]"#,
            r#"["cmp","price_in","lt",-0.0]"#,
            r#"["add",["lit",1]]"#,
            r#"["add",["lit",1],["lit",10]]"#,
            r#"["always",{"action":"abort"}]"#,
            r#"["always",{"action":"abort","attempts":1}]"#,
            r#"["filter_text",["NFC"]]"#,
            r#"["filter_text",["NFC",{"n":1}]]"#,
            r#"["filter_text",[]]"#,
            r#"["filter_text",{}]"#,
            r#"["chain",[{"provider":"a","model":"m"}]]"#,
        ];
        let values: Vec<_> = texts.iter().map(|text| read("term", text).unwrap()).collect();
        let terms = values.iter().map(|value| admit::admit(value, &vocabulary).unwrap().term);
        let arguments: Vec<_> = terms.map(Argument::Term).collect();
        for left in &arguments {
            for right in &arguments {
                let expected = text(left).cmp(&text(right));
                assert_eq!(compare_all(left, right), expected, "{left:?} {right:?}");
            }
        }
        // many of them, each many times, and few
        let sorts = |arguments: Vec<Argument<'_>>| {
            let mut expected: Vec<_> = arguments.iter().map(text).collect();
            expected.sort();
            let sorted: Vec<_> = sort(arguments).iter().map(text).collect();
            assert_eq!(sorted, expected);
        };
        sorts(arguments.iter().cycle().take(100).cloned().collect());
        for few in arguments.windows(FEW) {
            sorts(few.to_vec());
            sorts(few.iter().rev().cloned().collect());
        }
    }
}
