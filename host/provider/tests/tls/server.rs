//! A server that speaks HTTP/2 over TLS, and stops as a test says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::{Reason, SendStream, server};
use http::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

/// What a server does with a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    Answer,
    /// Takes as much of the request as fits in a window of so many bytes, and no more.
    Stall(u32),
    /// Sends half of the answer, and goes on saying that it is alive.
    Pause,
    /// Ends the stream with this, before anything of the answer or after half of it.
    Reset(Reason, When),
    /// Ends the connection with this.
    GoAway(Reason, When),
    /// Ends the connection after the answers that are under way.
    Leave,
    /// Headers without end.
    Headers,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    Before,
    Half,
    /// After the finish reason, and before the end of the stream.
    Finished,
}

const HALF: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"h\"}}]}\n\n";
const REST: &str =
    "data: {\"choices\":[{\"delta\":{\"content\":\"i\"},\"finish_reason\":\"stop\"}]}\n\n";

/// Listens, and gives the base URL and the counts of requests and of connections.
pub(super) struct Server {
    pub(super) url: String,
    requests: Arc<AtomicU32>,
    connections: Arc<AtomicU32>,
}

impl Server {
    pub(super) async fn start(config: Arc<ServerConfig>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, connections) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
        let server = Self {
            url: format!("https://localhost:{port}/v1"),
            requests: Arc::clone(&requests),
            connections: Arc::clone(&connections),
        };
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let acceptor = TlsAcceptor::from(Arc::clone(&config));
                let requests = Arc::clone(&requests);
                let connections = Arc::clone(&connections);
                tokio::spawn(async move {
                    // a client that does not trust the certificate goes away
                    let Ok(tls) = acceptor.accept(socket).await else { return };
                    connections.fetch_add(1, Ordering::SeqCst);
                    let _ = serve(tls, then, &requests).await;
                });
            }
        });
        server
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

fn send(stream: &mut SendStream<Bytes>, text: &'static str, end: bool) -> Result<(), h2::Error> {
    stream.send_data(Bytes::from_static(text.as_bytes()), end)
}

/// One piece of an answer reaches the client before what comes next.
async fn flush(connection: &mut server::Connection<TlsStream<TcpStream>, Bytes>) {
    let _ = tokio::time::timeout(Duration::from_millis(100), connection.accept()).await;
}

async fn serve(
    tls: TlsStream<TcpStream>,
    then: Then,
    requests: &AtomicU32,
) -> Result<(), h2::Error> {
    let mut builder = server::Builder::new();
    if let Then::Stall(window) = then {
        builder.initial_window_size(window).initial_connection_window_size(65_535);
    }
    let mut connection = builder.handshake::<_, Bytes>(tls).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, mut respond) = accepted?;
        requests.fetch_add(1, Ordering::SeqCst);
        let head = Response::builder().header("content-type", "text/event-stream");
        match then {
            Then::Answer | Then::Leave => {
                let mut stream = respond.send_response(head.body(()).unwrap(), false)?;
                send(&mut stream, HALF, false)?;
                if matches!(then, Then::Leave) {
                    connection.graceful_shutdown();
                }
                send(&mut stream, REST, true)?;
            }
            Then::Stall(_) => {
                // whatever has come is not taken out of the window
                tokio::spawn(async move {
                    let (_, _body) = (respond, request);
                    std::future::pending::<()>().await;
                });
            }
            Then::Pause => {
                let mut stream = respond.send_response(head.body(()).unwrap(), false)?;
                send(&mut stream, HALF, false)?;
                tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        if send(&mut stream, ": alive\n\n", false).is_err() {
                            return;
                        }
                    }
                });
            }
            Then::Headers => {
                let mut head = head;
                for number in 0..40 {
                    head = head.header(format!("x-{number}"), "x".repeat(4_000));
                }
                let _ = respond.send_response(head.body(()).unwrap(), true);
            }
            Then::Reset(reason, When::Before) => respond.send_reset(reason),
            Then::GoAway(reason, When::Before) => connection.abrupt_shutdown(reason),
            Then::Reset(_, when) | Then::GoAway(_, when) => {
                let mut stream = respond.send_response(head.body(()).unwrap(), false)?;
                send(&mut stream, HALF, false)?;
                if when == When::Finished {
                    send(&mut stream, REST, false)?;
                }
                flush(&mut connection).await;
                match then {
                    Then::GoAway(reason, _) => connection.abrupt_shutdown(reason),
                    Then::Reset(reason, _) => stream.send_reset(reason),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}
