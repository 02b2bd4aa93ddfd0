//! A provider that answers at once, always the same: what is measured is who stands before it.

use std::{convert::Infallible, net::SocketAddr};

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, header::CONTENT_TYPE},
    response::Response,
    routing::post,
};
use futures_util::stream;
use tokio::net::TcpListener;

/// An answer of a few words, as OpenAI writes it.
const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"small-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I help you today?"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}"#;

/// The pieces of the same answer.
const PIECES: [&str; 9] = ["Hello", "!", " How", " can", " I", " help", " you", " today", "?"];

/// Serves until the process ends.
pub async fn serve(address: SocketAddr) -> Result<()> {
    let routes = Router::new().route("/v1/chat/completions", post(answer));
    let listener = TcpListener::bind(address).await?;
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |socket| drop(socket.set_nodelay(true))),
        routes,
    )
    .await?;
    Ok(())
}

async fn answer(body: Bytes) -> Response {
    let streamed = body.windows(13).any(|part| part == br#""stream":true"#);
    let (kind, body) = match streamed {
        true => ("text/event-stream", Body::from_stream(stream::iter(frames()))),
        false => ("application/json", Body::from(ANSWER)),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn frames() -> impl Iterator<Item = Result<String, Infallible>> {
    let frame = |choice: String| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\
             \"model\":\"small-1\",\"choices\":[{choice}]}}\n\n"
        )
    };
    let piece = move |text: &str| {
        frame(format!(r#"{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}"#))
    };
    let end = r#"{"index":0,"delta":{},"finish_reason":"stop"}"#;
    PIECES
        .into_iter()
        .map(piece)
        .chain([frame(end.to_owned()), "data: [DONE]\n\n".to_owned()])
        .map(Ok)
}
