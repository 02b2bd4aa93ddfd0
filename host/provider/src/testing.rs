//! For tests and fuzz targets alone; nothing here is stable.

use std::collections::BTreeMap;

use crate::{
    Answer, CallError, Delta,
    config::Secret,
    failure::{Reader, Scrub, words},
    json,
    reading::Reading,
    registry,
    request::{Request, parameters},
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
    let dialect = registry::dialect(dialect)?;
    let scrub = Scrub::new(key.and_then(Secret::new).as_ref());
    let error_map = BTreeMap::new();
    let reader = Reader { api: dialect.api(), error_map: &error_map, scrub };
    let bounded = |error: CallError| CallError { message: reader.message(&error.message), ..error };
    let mut reading = Reading::new(dialect, &reader, streamed).with_logprobs(true);
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied().filter(|size| *size > 0).cycle();
    while !rest.is_empty() && !reading.is_over() {
        let size = sizes.next().unwrap_or(rest.len()).min(rest.len());
        let (piece, after) = rest.split_at(size);
        if let Err(error) = reading.take(piece, on_delta) {
            let end = if reading.is_finished() { reading.answer(on_delta) } else { Err(error) };
            return Some(end.map_err(bounded));
        }
        rest = after;
    }
    Some(reading.end(on_delta).map_err(bounded))
}

/// The failure of a response of a dialect, with another status.
pub fn failure(dialect: &str, status: u16, body: &str, key: Option<&str>) -> Option<CallError> {
    let dialect = registry::dialect(dialect)?;
    let scrub = Scrub::new(key.and_then(Secret::new).as_ref());
    let reader = Reader { api: dialect.api(), error_map: &BTreeMap::new(), scrub };
    Some(reader.of_status(status, body))
}

/// The body that a request becomes in a dialect.
pub fn body(dialect: &str, request: &str, stream: bool) -> Option<Result<String, CallError>> {
    let dialect = registry::dialect(dialect)?;
    Some(Request::parse(request).and_then(|request| dialect.body(&request, stream)))
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
