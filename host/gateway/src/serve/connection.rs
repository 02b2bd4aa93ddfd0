//! One connection, from its first byte to its last.

use std::{convert::Infallible, pin::Pin, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER},
    response::IntoResponse as _,
};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{places::Load, stalled::Stalled, tls::HTTP_2};
use crate::{
    error::{ApiError, INVALID_REQUEST, ROUTER},
    guarded::Guarded,
    limits::{
        Bounds, CONNECTION_WINDOW, FAULTS, HEADER_BYTES, HEADERS, RESETS, SEND_BYTES,
        STREAM_WINDOW, STREAMS,
    },
};

/// What connections share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) routes: Router,
    pub(super) bounds: Bounds,
    /// Places for requests.
    pub(super) requests: Arc<Semaphore>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// Serves what comes on a connection, by HTTP/2 where TLS has agreed on it.
pub(super) async fn connection<S>(
    socket: S,
    tls: Option<TlsAcceptor>,
    shared: Shared,
    load: &Arc<Load>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket = Stalled::new(socket, shared.bounds.write_time, load.writes());
    let Some(tls) = tls else {
        return http_1(socket, shared, load).await;
    };
    let mut stopped = shared.stopped.clone();
    let stream = tokio::select! {
        stream = timeout(shared.bounds.handshake_time, tls.accept(socket)) => stream,
        _ = stopped.wait_for(|stopped| *stopped) => return,
        () = load.asked_to_leave() => return,
    };
    // an error is a client that speaks no TLS, or takes no certificate of ours
    let Ok(Ok(stream)) = stream else { return };
    match stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
        true => http_2(stream, shared, load).await,
        false => http_1(stream, shared, load).await,
    }
}

async fn http_1<S>(stream: S, shared: Shared, load: &Arc<Load>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.bounds.header_time)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service(&shared, load));
    drive(connection, shared.stopped, load, None).await;
}

async fn http_2<S>(stream: S, shared: Shared, load: &Arc<Load>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Bounds { header_time, ping_time, .. } = shared.bounds;
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BYTES)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(FAULTS)
        .keep_alive_interval(ping_time)
        .keep_alive_timeout(ping_time)
        .serve_connection(TokioIo::new(stream), service(&shared, load));
    // it has no time for heads of its own, and answers to pings are no requests
    drive(connection, shared.stopped, load, Some(header_time)).await;
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// The routes, each request with its place, of which the connection knows.
fn service(
    shared: &Shared,
    load: &Arc<Load>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future = Answering,
> + use<> {
    let routes = TowerToHyperService::new(shared.routes.clone());
    let (load, requests) = (Arc::clone(load), Arc::clone(&shared.requests));
    service_fn(move |request: Request<Incoming>| -> Answering {
        // of HTTP/1.1 hyper has counted them
        if request.headers().len() > HEADERS {
            return Box::pin(async { Ok(too_many_headers()) });
        }
        let Ok(place) = Arc::clone(&requests).try_acquire_owned() else {
            return Box::pin(async { Ok(overloaded()) });
        };
        let guard = (load.enter(), place);
        let answer = routes.call(request);
        Box::pin(async move {
            let response = answer.await?;
            Ok(response.map(|body| Body::new(Guarded::new(body, guard))))
        })
    })
}

fn too_many_headers() -> Response<Body> {
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let message = format!("expected at most {HEADERS} headers");
    ApiError::new(status, INVALID_REQUEST, "request_too_large", message).into_response()
}

fn overloaded() -> Response<Body> {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let error = ApiError::new(status, ROUTER, "router_overloaded", "too many requests at a time");
    let mut response = error.into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A connection that can be asked to end with what it is at.
trait Ends: Future<Output = hyper::Result<()>> {
    fn end(self: Pin<&mut Self>);
}

impl<I, S> Ends for http1::Connection<I, S>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S> Ends for http2::Connection<I, S, TokioExecutor>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Drives a connection to its end: its client's, the server's, or for want of a request.
async fn drive(
    connection: impl Ends,
    mut stopped: watch::Receiver<bool>,
    load: &Load,
    idle: Option<Duration>,
) {
    let mut connection = pin!(connection);
    let idle_for_long = async {
        match idle {
            Some(time) => load.idle_for(time).await,
            None => std::future::pending().await,
        }
    };
    let stops = tokio::select! {
        // an error is the client's going, or something that is no HTTP
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => true,
        () = load.asked_to_leave() => false,
        () = idle_for_long => false,
    };
    connection.as_mut().end();
    if stops || load.idle_since().is_none() {
        let _ = connection.await;
        return;
    }
    // it has a turn to take its leave, and is not waited for
    tokio::select! {
        biased;
        _ = connection => {}
        () = std::future::ready(()) => {}
    }
}
