//! From a path to a line.

use serde_json::value::RawValue;
use sigmapol_core::json::Members;

/// A place in a text. Lines and columns count from 1, columns in bytes, as in the engine's refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
}

/// Where the value of a path, such as `$[4][1].x`, begins in a JSON text. `None` for a path that the
/// text does not have.
pub fn locate(text: &str, path: &str) -> Option<Position> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        let (step, after) = step(rest)?;
        value = match step {
            Step::Index(index) => {
                *serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?.get(index)?
            }
            Step::Key(key) => {
                let members: Members<'_> = serde_json::from_str(value.get()).ok()?;
                members.0.into_iter().find(|(name, _)| *name == key)?.1
            }
        };
        rest = after;
    }
    // the value is a part of the text: what is before it is counted
    let offset = (value.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.get(..offset)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Some(Position { line: before.matches('\n').count() + 1, column: offset - line_start + 1 })
}

enum Step {
    Index(usize),
    Key(String),
}

fn step(path: &str) -> Option<(Step, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(end)?;
        return Some((Step::Key(key.to_owned()), after));
    }
    let rest = path.strip_prefix('[')?;
    if rest.starts_with('"') {
        let mut keys = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let key = keys.next()?.ok()?;
        let after = rest.get(keys.byte_offset()..)?.strip_prefix(']')?;
        return Some((Step::Key(key), after));
    }
    let (index, after) = rest.split_once(']')?;
    Some((Step::Index(index.parse().ok()?), after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Path;

    #[test]
    fn places() {
        let text = "[\"a\",\n  {\"x\": [1, 22],\n\"é\": \"ü\", \"k.\\\"[\": 3}]";
        let place = |path: &str| locate(text, path).map(|at| (at.line, at.column));
        assert_eq!(place("$"), Some((1, 1)));
        assert_eq!(place("$[0]"), Some((1, 2)));
        assert_eq!(place("$[1].x[1]"), Some((2, 13)));
        // the key is two letters and a quote, of which one letter has two bytes
        assert_eq!(place(Path::default().at(1).key("é").as_str()), Some((3, 7)));
        assert_eq!(place(Path::default().at(1).key("k.\"[").as_str()), Some((3, 22)));
        for nowhere in ["", "$[2]", "$[1].y", "$[0].x", "$[x]", "$x", "$[\"x", "$["] {
            assert_eq!(place(nowhere), None, "{nowhere}");
        }
        assert_eq!(locate("[1", "$"), None);
    }
}
