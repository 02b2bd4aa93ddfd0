//! A step of the script as an HTTP response.

use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Response, body::Frame, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{
    script::{Drop, Raw, Step},
    shape::{Said, Shape},
};

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What is sent of a body, one after the other.
enum Piece {
    Bytes(Bytes),
    Wait(Duration),
    Break,
}

impl Piece {
    fn text(text: String) -> Self {
        Self::Bytes(Bytes::from(text))
    }
}

/// The response, or `None` to close the connection without one.
pub(super) fn reply(
    step: &Step,
    shape: Shape,
    request: &Value,
    stream: bool,
) -> Option<Response<Body>> {
    if step.drop == Some(Drop::Connect) {
        return None;
    }
    let said = Said {
        model: request.get("model").and_then(Value::as_str).unwrap_or("mock"),
        text: &step.text,
        reasoning: &step.reasoning,
        calls: &step.tool_calls,
        finish_reason: step.finish_reason.as_deref(),
        request,
        embeddings: &step.embeddings,
    };
    let streams = stream && step.body.is_none() && step.status < 300;
    let (content_type, pieces) = if let Some(raw) = &step.raw {
        let content_type = if stream { shape.stream_type() } else { "application/json" };
        (content_type, raw_pieces(raw, step.drop.is_some()))
    } else if streams {
        (shape.stream_type(), pieces(step, shape, &said))
    } else {
        let (content_type, text) = match (&step.body, &step.error) {
            (Some(Value::String(text)), _) if stream => (shape.stream_type(), text.clone()),
            (Some(Value::String(text)), _) => ("text/plain", text.clone()),
            (Some(body), _) => ("application/json", body.to_string()),
            _ if step.status >= 300 => {
                ("application/json", shape.error(step.status, &step.message).to_string())
            }
            (None, Some(error)) => ("application/json", json!({ "error": error }).to_string()),
            (None, None) => ("application/json", shape.answer(&said).to_string()),
        };
        let piece = if step.drop.is_some() { Piece::Break } else { Piece::text(text) };
        (content_type, vec![piece])
    };
    let mut response = Response::builder().status(step.status);
    if !step.headers.keys().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())) {
        response = response.header(CONTENT_TYPE, content_type);
    }
    for (name, value) in &step.headers {
        response = response.header(name, value);
    }
    Some(response.body(body(pieces)).unwrap_or_else(|error| problem(&error.to_string())))
}

/// The script, or the request, is not one that can be answered.
pub(super) fn problem(message: &str) -> Response<Body> {
    let text = format!("{message}\n");
    let mut response =
        Response::new(Full::from(text).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = hyper::StatusCode::NOT_FOUND;
    response
}

fn raw_pieces(raw: &[Raw], breaks: bool) -> Vec<Piece> {
    let piece = |raw: &Raw| match raw {
        Raw::Bytes(bytes) => Piece::Bytes(bytes.clone().into()),
        Raw::Pause(ms) => Piece::Wait(Duration::from_millis(*ms)),
    };
    raw.iter().map(piece).chain(breaks.then_some(Piece::Break)).collect()
}

fn pieces(step: &Step, shape: Shape, said: &Said<'_>) -> Vec<Piece> {
    let texts = split(said.text, step.chunks);
    let half = texts.len().div_ceil(2);
    let stops = step.drop == Some(Drop::Middle) || step.error.is_some();
    let stream = shape.stream(said, &texts);
    let mut pieces = vec![Piece::text(stream.before)];
    for (index, text) in stream.texts.into_iter().enumerate() {
        if stops && index == half {
            break;
        }
        if index > 0 && step.chunk_delay_ms > 0 {
            pieces.push(Piece::Wait(Duration::from_millis(step.chunk_delay_ms)));
        }
        pieces.push(Piece::text(text));
    }
    if let Some(error) = &step.error {
        pieces.push(Piece::text(shape.event(&json!({ "error": error }))));
    }
    match step.drop {
        Some(_) => pieces.push(Piece::Break),
        None if step.error.is_some() => {}
        None => pieces.push(Piece::text(stream.after)),
    }
    pieces
}

/// A text in so many parts, as equal as they can be, none of them empty.
fn split(text: &str, parts: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let size = characters.len().div_ceil(parts).max(1);
    characters.chunks(size).map(|part| part.iter().collect()).collect()
}

fn body(pieces: Vec<Piece>) -> Body {
    let frames = stream::iter(pieces).filter_map(|piece| async {
        match piece {
            Piece::Bytes(bytes) => {
                // each piece is a chunk of its own
                tokio::task::yield_now().await;
                Some(Ok(Frame::data(bytes)))
            }
            Piece::Wait(time) => {
                tokio::time::sleep(time).await;
                None
            }
            Piece::Break => {
                // what was sent before goes out first
                tokio::task::yield_now().await;
                Some(Err(io::Error::other("scripted break")))
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}
