//! A flow asks for each of its calls once and is done, natively and in the component alike. Its
//! identity is the digest of its encoding.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sigmapol_core::{Effect, Engine as _, Turn};

use super::{COMPONENT, Verdict, accepted, require};
use crate::generate::{Draw, Flow, Words, flow};

/// Names a flow, and runs it on random answers.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut draw = Draw::new(bytes);
    let words = Words::new(&mut draw);
    let flow = flow(&mut draw, &words);
    walk(&flow, &words, &mut draw)
        .map_err(|broken| format!("{broken}\n{}\n{}", flow.text, words.vocabulary))
}

fn walk(flow: &Flow, words: &Words, draw: &mut Draw<'_>) -> Verdict {
    let event = format!(r#""kind":"flow","flow":{},"vocabulary":{}"#, flow.text, words.vocabulary);
    let Some(named) = accepted(COMPONENT.step(None, &format!("{{{event}}}")))? else {
        return Ok(false);
    };
    let Effect::Done(name) = &named.effect else { return Err(format!("{:?}", named.effect)) };
    let name = json(name)?;
    let digest: String = Sha256::digest(text(&name, "canonical")?)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    require(text(&name, "identity")? == digest, || format!("not the digest: {name}"))?;

    let mut open: BTreeSet<&str> = flow.calls.iter().map(String::as_str).collect();
    let input = draw.string("hi $1 é");
    let mut turn = made(None, &format!(r#"{{{event},"input":{input}}}"#))?;
    while let Effect::Call(request) = &turn.effect {
        let request = json(request)?;
        let node = text(&request, "node")?;
        require(open.remove(node), || format!("{node:?} is not one of {open:?}"))?;
        let answer = draw.pick(&["", "yes", "$1\n\"é\""]);
        let answer = draw.string(answer);
        turn = made(Some(&turn.run), &format!(r#"{{"kind":"answer","text":{answer}}}"#))?;
    }
    let Effect::Done(done) = &turn.effect else { return Err(format!("{:?}", turn.effect)) };
    text(&json(done)?, "output")?;
    require(open.is_empty(), || format!("done without {open:?}"))?;
    Ok(true)
}

fn made(run: Option<&str>, event: &str) -> Result<Turn, String> {
    accepted(COMPONENT.step(run, event))?.ok_or_else(|| format!("refused {event}"))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))
}

fn text<'v>(value: &'v Value, key: &str) -> Result<&'v str, String> {
    value[key].as_str().ok_or_else(|| format!("no {key}: {value}"))
}
