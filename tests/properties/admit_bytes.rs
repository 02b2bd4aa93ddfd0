//! Whatever the text, `admit` admits or refuses, the same natively and in the component.

use sigmapol_core::{Engine as _, Error};

use super::{COMPONENT, Verdict, require};
use crate::generate::{Draw, Words, term};

/// Any text as a term, any text as a vocabulary, or a term with some of its bytes changed.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut draw = Draw::new(bytes);
    let (text, vocabulary) = match draw.below(8) {
        0 => (raw(&mut draw), "{}".to_owned()),
        1 => ("[\"is\",\"no_log\"]".to_owned(), raw(&mut draw)),
        changes => {
            let words = Words::new(&mut draw);
            let term = term(&mut draw, &words);
            (changed(term, changes - 2, &mut draw), words.vocabulary)
        }
    };
    admits(&text, &vocabulary).map_err(|broken| format!("{broken}\n{text}\n{vocabulary}"))
}

fn raw(draw: &mut Draw<'_>) -> String {
    String::from_utf8_lossy(draw.rest()).into_owned()
}

/// So many characters changed, removed or added.
fn changed(text: String, changes: usize, draw: &mut Draw<'_>) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..changes {
        let at = draw.below(characters.len());
        let other =
            draw.pick(&['"', '\\', '[', ']', '{', '}', ',', ':', '0', '-', 'e', '.', 'u', 'é']);
        match draw.below(3) {
            0 => characters[at] = other,
            1 if characters.len() > 1 => drop(characters.remove(at)),
            _ => characters.insert(at, other),
        }
    }
    characters.into_iter().collect()
}

fn admits(text: &str, vocabulary: &str) -> Verdict {
    let admission = match COMPONENT.admit(text, vocabulary) {
        Ok(outcome) => outcome.value,
        Err(Error::Refused(refusal)) => {
            let position = refusal.message.split([':', '.']).next().unwrap_or_default();
            let positions = ["$", "term", "vocabulary", "fields", "profile", "tier_order"];
            require(positions.contains(&position), || {
                format!("a refusal starts with no position: {refusal}")
            })?;
            return Ok(false);
        }
        Err(other) => return Err(other.to_string()),
    };
    let digest = admission.identity.bytes().filter(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    require(digest.count() == 64 && admission.identity.len() == 64, || {
        format!("no digest: {}", admission.identity)
    })?;
    require((1..=4096).contains(&admission.nodes) && (1..=64).contains(&admission.depth), || {
        format!("{} nodes, {} deep", admission.nodes, admission.depth)
    })?;
    let hash = COMPONENT.hash(text, vocabulary).map_err(|error| error.to_string())?.value;
    require(hash == admission.identity, || format!("{hash} is not {}", admission.identity))?;
    Ok(true)
}
