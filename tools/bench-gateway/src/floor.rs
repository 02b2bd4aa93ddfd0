//! The floor: a gateway that decides nothing and passes bytes on. Nobody who takes the same server and
//! the same client is faster.

use std::net::SocketAddr;

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::Response,
    routing::post,
};
use reqwest::Client;
use tokio::net::TcpListener;

/// Serves until the process ends.
pub async fn serve(address: SocketAddr, upstream: SocketAddr) -> Result<()> {
    let url = format!("http://{upstream}/v1/chat/completions");
    let routes =
        Router::new().route("/v1/chat/completions", post(pass)).with_state((Client::new(), url));
    let listener = TcpListener::bind(address).await?;
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |socket| drop(socket.set_nodelay(true))),
        routes,
    )
    .await?;
    Ok(())
}

async fn pass(
    State((client, url)): State<(Client, String)>,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let sent = client.post(url).header(CONTENT_TYPE, "application/json").body(body).send();
    let answer = sent.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let kind = answer.headers().get(CONTENT_TYPE).cloned();
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    Ok(response)
}
