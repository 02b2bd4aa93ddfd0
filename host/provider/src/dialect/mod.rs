//! What an adapter has to know of a provider's API.
//!
//! A dialect writes the body of a request and reads the pieces of an answer. Nothing here sends
//! anything, and no dialect knows of another: [`crate::registry`] has them all.

pub(crate) mod anthropic;
pub(crate) mod google;
pub(crate) mod ollama;
pub(crate) mod openai;

use crate::{
    CallError,
    collect::Partial,
    config::Credential,
    error::malformed,
    json::{self, Object},
    limits::ANSWER_BYTES,
    request::{Request, parameters::Api},
};

/// The API of a kind of provider, for one protocol.
pub(crate) trait Dialect: Send + Sync {
    /// Its column in the table of parameters.
    fn api(&self) -> Api;

    /// What follows the base URL: a path, and a query for it.
    fn path(&self, model: &str, stream: bool) -> (String, Option<&'static str>);

    /// How paths end that are no base URL but the whole address of a call.
    fn endpoint(&self) -> &'static str;

    /// The headers that carry the credential, and those that the dialect needs besides.
    fn headers(
        &self,
        _: &Request<'_>,
        credential: Option<&Credential>,
    ) -> Vec<(&'static str, String)> {
        credential.map(bearer).into_iter().collect()
    }

    /// The most bytes of a response in one piece.
    fn longest(&self) -> usize {
        ANSWER_BYTES
    }

    /// The body of the request, JSON.
    fn body(&self, request: &Request<'_>, stream: bool) -> Result<String, CallError>;

    /// Adds an answer that came in one piece.
    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError>;

    /// How a streamed answer is cut into events.
    fn framing(&self) -> Framing {
        Framing::ServerSentEvents
    }

    /// Adds one event of a streamed answer.
    fn event(&self, event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError>;
}

/// How events are told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Framing {
    ServerSentEvents,
    /// One JSON value a line.
    Lines,
}

/// `Authorization: Bearer …`
pub(crate) fn bearer(credential: &Credential) -> (&'static str, String) {
    ("authorization", format!("Bearer {}", credential.secret().expose()))
}

/// Embeddings are not streamed.
fn in_one_piece() -> CallError {
    malformed("expected embeddings in one piece")
}

/// Turns of user and model, neighbours of one role being one turn.
#[derive(Debug, Default)]
struct Turns(Vec<(&'static str, Vec<String>)>);

impl Turns {
    /// Adds parts, JSON each. A turn without any is none.
    fn push(&mut self, role: &'static str, mut parts: Vec<String>) {
        match self.0.last_mut() {
            Some((last, list)) if *last == role => list.append(&mut parts),
            _ if parts.is_empty() => {}
            _ => self.0.push((role, parts)),
        }
    }

    /// `[{role, KEY: […]}]`
    fn text(&self, key: &str) -> String {
        json::array(
            self.0.iter().map(|(role, parts)| {
                format!(r#"{{"role":"{role}","{key}":{}}}"#, json::array(parts))
            }),
        )
    }
}

/// The strings of `stop`, which is one or several.
fn stops(value: &str) -> String {
    if value.starts_with('[') { value.to_owned() } else { json::array([value]) }
}
