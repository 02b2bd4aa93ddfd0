//! Reading responses: whole, or event by event.

use eventsource_stream::{EventStreamError, Eventsource as _};
use futures_util::{Stream, StreamExt as _, stream};
use reqwest::Response;

use super::{
    CallError, ErrorKind,
    dialect::{Framing, malformed},
};

/// The most bytes of a response.
pub(super) const RESPONSE_BYTES: usize = 16 << 20;

/// The body of a response, no more than `limit` bytes of it.
pub(super) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The start of a body, for a message; that it breaks off is no matter.
pub(super) async fn start(mut response: Response, limit: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await
        && body.len() < limit
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(limit);
    body
}

/// The texts of the events of a response.
pub(super) fn events(
    response: Response,
    framing: Framing,
) -> impl Stream<Item = Result<String, CallError>> + Send + Unpin {
    let bytes = response.bytes_stream().scan(0, |total, chunk| {
        let chunk = chunk.map_err(network).and_then(|chunk| {
            *total += chunk.len();
            if *total > RESPONSE_BYTES { Err(too_long()) } else { Ok(chunk) }
        });
        std::future::ready(Some(chunk))
    });
    match framing {
        Framing::ServerSentEvents => {
            let event = |event: Result<eventsource_stream::Event, _>| match event {
                Ok(event) => Ok(event.data),
                Err(EventStreamError::Transport(error)) => Err(error),
                Err(_) => Err(malformed("expected server-sent events in UTF-8")),
            };
            bytes.eventsource().map(event).boxed()
        }
        Framing::Lines => lines(bytes).boxed(),
    }
}

/// Lines, without those that are empty. The last one may have no end.
fn lines<B: AsRef<[u8]>>(
    bytes: impl Stream<Item = Result<B, CallError>> + Unpin,
) -> impl Stream<Item = Result<String, CallError>> {
    let state = (bytes, Vec::new(), false);
    let lines = stream::unfold(state, |(mut bytes, mut buffer, mut ended)| async move {
        loop {
            if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let rest = buffer.split_off(end + 1);
                let line = std::mem::replace(&mut buffer, rest);
                return Some((text(line), (bytes, buffer, ended)));
            }
            if ended {
                let line = std::mem::take(&mut buffer);
                return (!line.is_empty()).then(|| (text(line), (bytes, buffer, ended)));
            }
            match bytes.next().await {
                Some(Ok(chunk)) => buffer.extend_from_slice(chunk.as_ref()),
                Some(Err(error)) => return Some((Err(error), (bytes, Vec::new(), true))),
                None => ended = true,
            }
        }
    });
    lines.filter(|line| {
        std::future::ready(!line.as_ref().is_ok_and(|line: &String| line.trim().is_empty()))
    })
}

fn text(line: Vec<u8>) -> Result<String, CallError> {
    String::from_utf8(line).map_err(|_| malformed("expected lines in UTF-8"))
}

fn too_long() -> CallError {
    malformed(format!("the response is longer than {RESPONSE_BYTES} bytes"))
}

/// What reqwest says, with its causes and without the address.
pub(super) fn network(error: reqwest::Error) -> CallError {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::NetworkError };
    let error = error.without_url();
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    CallError::new(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_across_chunks() {
        let chunks = ["{\"a\"", ":1}\n\n{\"b\":2}\r\n{", "\"c\":3}"].map(Ok::<_, CallError>);
        let lines: Vec<_> = lines(stream::iter(chunks)).collect().await;
        let lines: Vec<_> = lines.into_iter().map(Result::unwrap).collect();
        assert_eq!(lines, ["{\"a\":1}\n", "{\"b\":2}\r\n", "{\"c\":3}"]);
    }
}
