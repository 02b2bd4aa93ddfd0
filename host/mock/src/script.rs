//! What the mock answers: `{route: [step…]}`.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use super::shape::Call;

/// The route of every request that has none of its own.
const ANY: &str = "*";

/// Steps by route.
#[derive(Debug)]
pub(super) struct Script(BTreeMap<String, Vec<Step>>);

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) status: u16,
    /// Before the response.
    pub(super) delay_ms: u64,
    pub(super) text: String,
    /// Before the text.
    pub(super) reasoning: String,
    /// After the text.
    pub(super) tool_calls: Vec<Call>,
    /// In place of the dialect's own word.
    pub(super) finish_reason: Option<String>,
    /// For the inputs of a request for embeddings, in turn.
    pub(super) embeddings: Vec<Vec<f32>>,
    /// An error in the body of a 2xx, or in the middle of a stream.
    pub(super) error: Option<Value>,
    /// Bytes to send as they are, and pauses between them.
    pub(super) raw: Option<Vec<Raw>>,
    /// Of an error without a body of its own.
    pub(super) message: String,
    /// In place of what the dialect would answer; a string is sent as it is.
    pub(super) body: Option<Value>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) drop: Option<Drop>,
    /// Pieces of a streamed text.
    pub(super) chunks: usize,
    /// Before each piece but the first.
    pub(super) chunk_delay_ms: u64,
}

/// A piece of a body that is sent as it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    Bytes(Vec<u8>),
    /// Milliseconds.
    Pause(u64),
}

/// Where the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drop {
    /// Before the response.
    Connect,
    /// After half of a streamed text, after all raw pieces, or after the headers.
    Middle,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            status: 200,
            delay_ms: 0,
            text: "ok".to_owned(),
            reasoning: String::new(),
            tool_calls: Vec::new(),
            finish_reason: None,
            embeddings: vec![vec![0.5, -0.25, 0.125]],
            error: None,
            raw: None,
            message: "scripted failure".to_owned(),
            body: None,
            headers: BTreeMap::new(),
            drop: None,
            chunks: 2,
            chunk_delay_ms: 0,
        }
    }
}

impl Script {
    /// Reads a script. An empty text answers every request with "ok".
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(BTreeMap::from([(ANY.to_owned(), vec![Step::default()])])));
        }
        let script: Value =
            serde_json::from_str(text).map_err(|error| format!("script: {error}"))?;
        let routes = script.as_object().ok_or("script: expected an object of routes")?;
        let read = |(route, steps): (&String, &Value)| {
            let position = format!("script.{route}");
            let steps = steps.as_array().filter(|steps| !steps.is_empty());
            let steps = steps.ok_or_else(|| format!("{position}: expected an array of steps"))?;
            let steps = steps.iter().enumerate();
            let steps =
                steps.map(|(index, step)| Step::read(&format!("{position}[{index}]"), step));
            Ok((route.clone(), steps.collect::<Result<_, String>>()?))
        };
        routes.iter().map(read).collect::<Result<_, String>>().map(Self)
    }

    /// The route whose steps a request takes, and the step after so many others of it.
    pub(super) fn step(&self, route: &str, taken: usize) -> Option<&Step> {
        let steps = self.0.get(route).or_else(|| self.0.get(ANY))?;
        steps.get(taken).or(steps.last())
    }
}

impl Step {
    fn read(position: &str, value: &Value) -> Result<Self, String> {
        let members = value.as_object().ok_or_else(|| format!("{position}: expected an object"))?;
        let mut step = Self::default();
        for (key, value) in members {
            let expected = |what: &str| format!("{position}.{key}: expected {what}");
            let text = || value.as_str().map(str::to_owned).ok_or_else(|| expected("a string"));
            let number = || value.as_u64().ok_or_else(|| expected("a number"));
            match key.as_str() {
                "status" => {
                    let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
                    step.status = status
                        .filter(|status| (200..=999).contains(status))
                        .ok_or_else(|| expected("a status from 200 to 999"))?;
                }
                "delay_ms" => step.delay_ms = number()?,
                "text" => step.text = text()?,
                "reasoning" => step.reasoning = text()?,
                "finish_reason" => step.finish_reason = Some(text()?),
                "embeddings" => {
                    let vectors = serde_json::from_value::<Vec<Vec<f32>>>(value.clone()).ok();
                    let vectors = vectors.filter(|vectors| !vectors.is_empty());
                    step.embeddings = vectors.ok_or_else(|| expected("lists of numbers"))?;
                }
                "error" => step.error = Some(value.clone()),
                "tool_calls" => {
                    let calls = value.as_array().and_then(|calls| calls.iter().map(call).collect());
                    step.tool_calls = calls.ok_or_else(|| expected("calls with a name"))?;
                }
                "raw" => {
                    let pieces = value.as_array().and_then(|raw| raw.iter().map(piece).collect());
                    let what = "strings, numbers of milliseconds and {\"base64\": …}";
                    step.raw = Some(pieces.ok_or_else(|| expected(what))?);
                }
                "message" => step.message = text()?,
                "body" => step.body = Some(value.clone()),
                "headers" => step.headers = headers(value).ok_or_else(|| expected("strings"))?,
                "drop" => {
                    step.drop = Some(match value.as_str() {
                        Some("connect") => Drop::Connect,
                        Some("middle") => Drop::Middle,
                        _ => return Err(expected("connect or middle")),
                    });
                }
                "chunks" => {
                    let chunks = usize::try_from(number()?).ok().filter(|chunks| *chunks > 0);
                    step.chunks = chunks.ok_or_else(|| expected("at least 1"))?;
                }
                "chunk_delay_ms" => step.chunk_delay_ms = number()?,
                _ => return Err(format!("{position}.{key}: unknown key")),
            }
        }
        Ok(step)
    }
}

fn call(value: &Value) -> Option<Call> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let arguments = match value.get("arguments") {
        None => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    Some(Call {
        id: text("id"),
        name: text("name")?,
        arguments,
        thought_signature: text("thought_signature"),
    })
}

fn piece(value: &Value) -> Option<Raw> {
    match value {
        Value::String(text) => Some(Raw::Bytes(text.clone().into_bytes())),
        Value::Number(_) => Some(Raw::Pause(value.as_u64()?)),
        _ => BASE64_STANDARD.decode(value.get("base64")?.as_str()?).ok().map(Raw::Bytes),
    }
}

fn headers(value: &Value) -> Option<BTreeMap<String, String>> {
    let header =
        |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    value.as_object()?.iter().map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_script() {
        for (script, message) in [
            ("[]", "script: expected an object of routes"),
            (r#"{"a": []}"#, "script.a: expected an array of steps"),
            (r#"{"a": [1]}"#, "script.a[0]: expected an object"),
            (r#"{"a": [{}, {"txt": ""}]}"#, "script.a[1].txt: unknown key"),
            (r#"{"a": [{"status": 99}]}"#, "script.a[0].status: expected a status from 200 to 999"),
            (r#"{"a": [{"drop": "end"}]}"#, "script.a[0].drop: expected connect or middle"),
            (r#"{"a": [{"headers": {"x": 1}}]}"#, "script.a[0].headers: expected strings"),
            (r#"{"a": [{"chunks": 0}]}"#, "script.a[0].chunks: expected at least 1"),
            (r#"{"a": [{"embeddings": []}]}"#, "script.a[0].embeddings: expected lists of numbers"),
            (
                r#"{"a": [{"tool_calls": [{}]}]}"#,
                "script.a[0].tool_calls: expected calls with a name",
            ),
            (
                r#"{"a": [{"raw": [{"base64": "?"}]}]}"#,
                "script.a[0].raw: expected strings, numbers of milliseconds and {\"base64\": …}",
            ),
        ] {
            assert_eq!(Script::parse(script).unwrap_err(), message);
        }
    }

    #[test]
    fn the_last_step_repeats() {
        let script = Script::parse(r#"{"a": [{"text": "1"}, {"text": "2"}], "*": [{}]}"#).unwrap();
        let text = |route, taken| script.step(route, taken).unwrap().text.clone();
        assert_eq!([text("a", 0), text("a", 1), text("a", 9), text("b", 0)], ["1", "2", "2", "ok"]);
        assert!(Script::parse(r#"{"a": [{}]}"#).unwrap().step("b", 0).is_none());
    }
}
