//! For tests and fuzz targets alone; nothing here is stable.

use std::collections::BTreeMap;

use crate::{
    Answer, CallError, Delta,
    collect::Wanted,
    config::Secret,
    dialect::Dialect,
    failure::{Reader, Scrub, words},
    json,
    reading::Reading,
    registry,
    request::{Protocol, Request, parameters},
};

/// Reads a response of a dialect (an `api_kind`), with a status of 2xx, when its bytes come in
/// pieces of these sizes, over and over. `None` if there is no such dialect.
pub fn read(
    dialect: &str,
    streamed: bool,
    bytes: &[u8],
    sizes: &[usize],
) -> Option<Result<Answer, CallError>> {
    read_with(dialect, streamed, bytes, sizes, None, &mut |_| {})
}

/// The same for a call with a key, telling of the answer as it comes.
pub fn read_with(
    dialect: &str,
    streamed: bool,
    bytes: &[u8],
    sizes: &[usize],
    key: Option<&str>,
    on_delta: &mut dyn FnMut(Delta<'_>),
) -> Option<Result<Answer, CallError>> {
    let dialect = registry::dialect(dialect, Protocol::Chat)?;
    let wanted = Wanted { logprobs: true, ..Wanted::default() };
    Some(run(dialect, wanted, streamed, bytes, sizes, key, on_delta))
}

/// Reads a response to a request for the embeddings of so many inputs. `None` if the dialect has
/// none.
pub fn read_embeddings(
    dialect: &str,
    inputs: usize,
    bytes: &[u8],
    sizes: &[usize],
) -> Option<Result<Answer, CallError>> {
    let dialect = registry::dialect(dialect, Protocol::Embeddings)?;
    let wanted = Wanted { embeddings: Some(inputs), ..Wanted::default() };
    Some(run(dialect, wanted, false, bytes, sizes, None, &mut |_| {}))
}

fn run(
    dialect: &dyn Dialect,
    wanted: Wanted,
    streamed: bool,
    bytes: &[u8],
    sizes: &[usize],
    key: Option<&str>,
    on_delta: &mut dyn FnMut(Delta<'_>),
) -> Result<Answer, CallError> {
    let scrub = Scrub::new(key.and_then(Secret::new).as_ref());
    let error_map = BTreeMap::new();
    let reader = Reader { api: dialect.api(), error_map: &error_map, scrub };
    let bounded = |error: CallError| CallError { message: reader.message(&error.message), ..error };
    let mut reading = Reading::new(dialect, &reader, wanted, streamed);
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied().filter(|size| *size > 0).cycle();
    while !rest.is_empty() && !reading.is_over() {
        let size = sizes.next().unwrap_or(rest.len()).min(rest.len());
        let (piece, after) = rest.split_at(size);
        if let Err(error) = reading.take(piece, on_delta) {
            let end = if reading.is_finished() { reading.answer(on_delta) } else { Err(error) };
            return end.map_err(bounded);
        }
        rest = after;
    }
    reading.end(on_delta).map_err(bounded)
}

/// The failure of a response of a dialect, with another status.
pub fn failure(dialect: &str, status: u16, body: &str, key: Option<&str>) -> Option<CallError> {
    let dialect = registry::dialect(dialect, Protocol::Chat)?;
    let scrub = Scrub::new(key.and_then(Secret::new).as_ref());
    let reader = Reader { api: dialect.api(), error_map: &BTreeMap::new(), scrub };
    Some(reader.of_status(status, body))
}

/// The body that a request becomes in a dialect, if it has the protocol of the request.
pub fn body(dialect: &str, request: &str, stream: bool) -> Option<Result<String, CallError>> {
    let request = match Request::parse(request) {
        Ok(request) => request,
        Err(error) => return registry::dialect(dialect, Protocol::Chat).map(|_| Err(error)),
    };
    let dialect = registry::dialect(dialect, request.protocol)?;
    Some(dialect.body(&request, stream))
}

/// The rows of the table of parameters: name, and the cell of each dialect.
pub fn parameters() -> (String, String) {
    (parameters::markdown(), parameters::sources())
}

/// The table of failures.
pub fn failures() -> String {
    words::markdown()
}

/// Whether a text is JSON.
pub fn is_json(text: &str) -> bool {
    json::value(text).is_ok()
}
