//! TLS, and HTTP/2 over it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Method, Request, Response};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use serde_json::{Value, json};
use sigmapol_gateway::{Bounds, Server, Tls, limits};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    client::request,
    fixture::{Gateway, chat},
};

/// How long a test waits for an end: long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A time that a test can wait for.
const SHORT: Duration = Duration::from_millis(300);

/// A certificate that says that it is `localhost`, and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: String,
}

fn identity() -> Identity {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    Identity { certificate: own.der().clone(), pem: own.pem(), key: key.serialize_pem() }
}

struct Files {
    folder: TempDir,
}

impl Files {
    fn of(identity: &Identity) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.put(identity);
        files
    }

    fn put(&self, identity: &Identity) {
        fs::write(self.certificate(), &identity.pem).unwrap();
        fs::write(self.key(), &identity.key).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn read(&self) -> Tls {
        Tls::read(&self.certificate(), &self.key()).unwrap()
    }
}

async fn gateway(script: &Value, tls: &Tls, change: impl FnOnce(&mut Bounds)) -> Gateway {
    let mut bounds = Bounds::default();
    change(&mut bounds);
    Gateway::with_server(script, |server: Server| server.tls(tls.clone()).bounds(bounds)).await
}

/// A connection of a client that trusts this certificate alone.
async fn connect(
    gateway: &Gateway,
    trusted: &Identity,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let socket = TcpStream::connect(gateway.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// A request over HTTP/1.1, and all that comes back.
async fn ask(stream: &mut TlsStream<TcpStream>, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply).await; // an end without a word is one, too
    reply
}

/// A connection over HTTP/2, and what drives it to its end.
async fn http_2(
    gateway: &Gateway,
    trusted: &Identity,
) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = connect(gateway, trusted, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    (client, tokio::spawn(connection))
}

fn post() -> Request<()> {
    let uri = "https://localhost/v1/chat/completions";
    Request::builder().method(Method::POST).uri(uri).body(()).unwrap()
}

fn get(path: &str) -> Request<()> {
    Request::builder().uri(format!("https://localhost{path}")).body(()).unwrap()
}

async fn whole(response: Response<h2::RecvStream>) -> (u16, String) {
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        text.extend_from_slice(&piece);
    }
    (status, String::from_utf8(text).unwrap())
}

/// One request over HTTP/2, to its end.
async fn send(
    client: &mut SendRequest<Bytes>,
    request: Request<()>,
    body: Option<String>,
) -> (u16, String) {
    let mut ready = client.clone().ready().await.unwrap();
    let (response, mut stream) = ready.send_request(request, body.is_none()).unwrap();
    if let Some(body) = body {
        stream.send_data(Bytes::from(body), true).unwrap();
    }
    let response = timeout(PATIENCE, response).await.expect("a response").unwrap();
    whole(response).await
}

#[tokio::test]
async fn clients_of_either_protocol_are_answered() {
    let own = identity();
    let script = json!({"alpha": [{"text": "one two", "chunks": 2}]});
    let gateway = gateway(&script, &Files::of(&own).read(), |_| {}).await;
    let body = chat(json!({})).to_string();
    for protocols in [&["http/1.1"][..], &[]] {
        let mut stream = connect(&gateway, &own, protocols).await.unwrap();
        let text = request("POST", "/v1/chat/completions", "", &body);
        let reply = ask(&mut stream, &text).await;
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        assert!(reply.contains("\"content\":\"one two\""), "{reply}");
    }
    let (mut client, connection) = http_2(&gateway, &own).await;
    let (status, text) = send(&mut client, post(), Some(body)).await;
    assert!(status == 200 && text.contains("\"content\":\"one two\""), "{text}");
    let stream = chat(json!({"stream": true})).to_string();
    let (status, text) = send(&mut client, post(), Some(stream)).await;
    assert!(status == 200 && text.ends_with("data: [DONE]\n\n"), "{text}");
    assert_eq!(send(&mut client, get("/v1/models/family:none"), None).await.0, 404);
    drop(client);
    timeout(PATIENCE, connection).await.expect("an end").unwrap().unwrap();
    assert_eq!(gateway.calls().len(), 4);
}

/// Neither an older TLS, nor another protocol, nor none at all.
#[tokio::test]
async fn who_speaks_something_else_is_not_answered() {
    let own = identity();
    let gateway = gateway(&Value::Null, &Files::of(&own).read(), |_| {}).await;
    assert!(connect(&gateway, &own, &["spdy/1"]).await.is_err());
    assert!(connect(&gateway, &identity(), &["h2"]).await.is_err());
    for bytes in [
        request("GET", "/healthz", "", "").into_bytes(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        // the first of a handshake that offers TLS 1.0 and no more
        vec![0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3],
    ] {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        socket.write_all(&bytes).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut reply = Vec::new();
        let _ = timeout(PATIENCE, socket.read_to_end(&mut reply)).await.expect("an end");
        // an alert is all that is said
        assert!(reply.is_empty() || reply[0] == 0x15, "{reply:?}");
    }
    let mut stream = connect(&gateway, &own, &[]).await.unwrap();
    assert!(ask(&mut stream, &request("GET", "/healthz", "", "")).await.contains("200 OK"));
}

#[tokio::test]
async fn a_handshake_has_an_end() {
    let own = identity();
    let tls = Files::of(&own).read();
    let gateway = gateway(&Value::Null, &tls, |bounds| bounds.handshake_time = SHORT).await;
    let began = Instant::now();
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, socket.read_to_end(&mut rest)).await.expect("an end");
    assert!(rest.is_empty() && began.elapsed() >= SHORT, "{rest:?}");
}

#[tokio::test]
async fn a_certificate_is_read_again() {
    let (first, second) = (identity(), identity());
    let files = Files::of(&first);
    let tls = files.read();
    let gateway = gateway(&Value::Null, &tls, |_| {}).await;
    let (mut open, _connection) = http_2(&gateway, &first).await;
    files.put(&second);
    assert!(connect(&gateway, &first, &[]).await.is_ok());
    tls.read_again().unwrap();
    assert!(connect(&gateway, &first, &[]).await.is_err());
    assert!(connect(&gateway, &second, &[]).await.is_ok());
    // who is there stays
    assert_eq!(send(&mut open, get("/healthz"), None).await.0, 200);
    // files that are wrong change nothing
    fs::write(files.key(), &first.key).unwrap();
    let error = tls.read_again().unwrap_err().to_string();
    let (key, certificate) = (files.key(), files.certificate());
    let expected = format!("{}: no key of {}: ", key.display(), certificate.display());
    assert!(error.starts_with(&expected), "{error}");
    assert!(connect(&gateway, &second, &[]).await.is_ok());
}

#[test]
fn files_that_are_none() {
    let own = identity();
    let files = Files::of(&own);
    let read = |certificate: &Path, key: &Path| {
        Tls::read(certificate, key)
            .unwrap_err()
            .to_string()
            .replace(&format!("{}/", files.folder.path().display()), "")
    };
    let none = files.folder.path().join("none.pem");
    let (certificate, key) = (files.certificate(), files.key());
    for (certificate, key, expected) in [
        (&none, &key, "none.pem: No such file or directory (os error 2)"),
        (&certificate, &none, "none.pem: No such file or directory (os error 2)"),
        (&key, &key, "key.pem: expected certificates, as PEM"),
        (&certificate, &certificate, "cert.pem: expected a private key, as PEM"),
    ] {
        assert_eq!(read(certificate, key), expected);
    }
    fs::write(&none, "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n").unwrap();
    assert_eq!(read(&none, &key), "none.pem: expected certificates, as PEM");
    fs::write(&none, vec![b'x'; (1 << 20) + 1]).unwrap();
    assert_eq!(read(&none, &key), "none.pem: expected at most 1048576 bytes, got more");
    let shown = format!("{:?}", files.read());
    assert!(shown.contains("key.pem") && !shown.contains("PRIVATE"), "{shown}");
}

#[tokio::test]
async fn headers_of_http_2_have_a_bound() {
    let own = identity();
    let gateway = gateway(&Value::Null, &Files::of(&own).read(), |_| {}).await;
    let (mut client, _connection) = http_2(&gateway, &own).await;
    let with = |count: usize, bytes: usize| {
        let mut request = get("/healthz");
        for number in 0..count {
            let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
            request.headers_mut().insert(name, "y".repeat(bytes).parse().unwrap());
        }
        request
    };
    assert_eq!(send(&mut client, with(limits::HEADERS, 1), None).await.0, 200);
    assert_eq!(send(&mut client, with(limits::HEADERS + 1, 1), None).await.0, 431);
    assert_eq!(send(&mut client, with(1, limits::HEADER_BYTES + 1000), None).await.0, 431);
    // the connection is still good for others
    assert_eq!(send(&mut client, get("/healthz"), None).await.0, 200);
    // and is over with much more
    let mut ready = client.ready().await.unwrap();
    let (response, _) = ready.send_request(with(1, 4 * limits::HEADER_BYTES), true).unwrap();
    let error = timeout(PATIENCE, response).await.expect("an end").unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM), "{error}");
}

#[tokio::test]
async fn a_client_of_http_2_that_leaves_ends_its_call() {
    let own = identity();
    let script = json!({"alpha": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 60_000}]});
    let gateway = gateway(&script, &Files::of(&own).read(), |_| {}).await;
    let in_flight = async |client: &mut SendRequest<Bytes>| {
        let (_, metrics) = send(client, get("/metrics"), None).await;
        let line = metrics.lines().find(|line| line.starts_with("sigmapol_requests_in_flight "));
        // the request that asks is one itself
        line.unwrap().rsplit(' ').next().unwrap().parse::<u64>().unwrap() - 1
    };
    let (mut watcher, _connection) = http_2(&gateway, &own).await;
    for takes_back in [true, false] {
        let (client, connection) = http_2(&gateway, &own).await;
        let mut ready = client.ready().await.unwrap();
        let (_response, mut stream) = ready.send_request(post(), false).unwrap();
        let body = chat(json!({"stream": true})).to_string();
        stream.send_data(Bytes::from(body), true).unwrap();
        let until = async |watcher: &mut SendRequest<Bytes>, count: u64| {
            let began = Instant::now();
            while in_flight(watcher).await != count {
                assert!(began.elapsed() < PATIENCE, "{takes_back} {count}");
                sleep(SHORT / 10).await;
            }
        };
        until(&mut watcher, 1).await;
        match takes_back {
            true => stream.send_reset(h2::Reason::CANCEL),
            false => connection.abort(),
        }
        until(&mut watcher, 0).await;
    }
}

/// It would hold a place for as long as it answers pings.
#[tokio::test]
async fn http_2_without_a_request_has_an_end() {
    let own = identity();
    let script = json!({"alpha": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 1000}]});
    let tls = Files::of(&own).read();
    let gateway = gateway(&script, &tls, |bounds| bounds.header_time = SHORT).await;
    // a request that takes longer than that is not broken off
    let (mut client, connection) = http_2(&gateway, &own).await;
    let body = chat(json!({"stream": true})).to_string();
    let (_, text) = send(&mut client, post(), Some(body)).await;
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    timeout(PATIENCE, connection).await.expect("an end").unwrap().unwrap();
    // nor is there one without so much as a first byte
    let mut silent = connect(&gateway, &own, &["h2"]).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, silent.read_to_end(&mut rest)).await.expect("an end");
}

#[tokio::test]
async fn a_server_that_stops_ends_streams_of_http_2_whole() {
    let own = identity();
    let script =
        json!({"alpha": [{"text": "one two three four", "chunks": 4, "chunk_delay_ms": 150}]});
    let gateway = gateway(&script, &Files::of(&own).read(), |_| {}).await;
    let (client, connection) = http_2(&gateway, &own).await;
    let mut ready = client.ready().await.unwrap();
    let (response, mut stream) = ready.send_request(post(), false).unwrap();
    let body = chat(json!({"stream": true})).to_string();
    stream.send_data(Bytes::from(body), true).unwrap();
    let response = response.await.unwrap();
    let (_mock, server) = gateway.stop();
    let (status, text) = whole(response).await;
    assert!(status == 200 && text.ends_with("data: [DONE]\n\n"), "{text}");
    timeout(PATIENCE, server).await.expect("the server ends").unwrap();
    let _ = timeout(PATIENCE, connection).await.expect("an end");
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame: length, type, flags, stream, payload.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// CVE-2023-44487: streams that are opened and taken back as fast as it goes.
#[tokio::test]
async fn streams_that_are_taken_back_at_once() {
    let own = identity();
    let gateway = gateway(&Value::Null, &Files::of(&own).read(), |_| {}).await;
    let stream = connect(&gateway, &own, &["h2"]).await.unwrap();
    let (mut from, mut to) = tokio::io::split(stream);
    to.write_all(PREFACE).await.unwrap();
    // GET, https, /, and localhost, by the static table and as a literal
    let head = [&[0x82, 0x87, 0x84, 0x41, 9][..], b"localhost"].concat();
    let mut sent = 0;
    let flood = async {
        // the number of a stream has 31 bits
        for number in 0..200_000 {
            let id = 2 * number + 1;
            let mut pair = frame(1, 5, id, &head);
            pair.extend(frame(3, 0, id, &8_u32.to_be_bytes()));
            if to.write_all(&pair).await.is_err() {
                break;
            }
            sent = number;
        }
    };
    let mut told = Vec::new();
    let reading = async {
        let _ = from.read_to_end(&mut told).await; // or a reset
    };
    timeout(PATIENCE, async { tokio::join!(flood, reading) }).await.expect("an end");
    assert!(sent < 100_000, "{sent}");
    // the last that is said is GOAWAY, with ENHANCE_YOUR_CALM
    let calm = told.windows(4).any(|bytes| bytes == 11_u32.to_be_bytes());
    assert!(calm || told.is_empty(), "{told:?}");
    let (mut other, _connection) = http_2(&gateway, &own).await;
    let (status, _) = send(&mut other, post(), Some(chat(json!({})).to_string())).await;
    assert_eq!(status, 200);
}

/// Frames of headers without an end, and frames of a stream that is none.
#[tokio::test]
async fn frames_that_nobody_means_well_with() {
    let own = identity();
    let gateway = gateway(&Value::Null, &Files::of(&own).read(), |_| {}).await;
    // a literal header without indexing, `x: y`
    let header = [0, 1, b'x', 1, b'y'];
    let (headers, more) = (frame(1, 0, 1, &header), frame(9, 0, 1, &header.repeat(1000)));
    let (ping, settings) = (frame(6, 0, 0, &[0; 8]), frame(4, 0, 0, &[]));
    for (first, piece) in [
        // headers that go on without end
        (headers, more),
        // data of a stream that was never opened
        (Vec::new(), frame(0, 0, 9, b"x")),
        // a frame over the size that was agreed on
        (Vec::new(), frame(0, 0, 1, &[0; 20_000])),
        // questions whose answers nobody reads
        (Vec::new(), ping.repeat(100)),
        (Vec::new(), settings.repeat(100)),
    ] {
        let stream = connect(&gateway, &own, &["h2"]).await.unwrap();
        let (mut from, mut to) = tokio::io::split(stream);
        to.write_all(PREFACE).await.unwrap();
        to.write_all(&first).await.unwrap();
        let flood = async {
            let mut sent = 0;
            // nobody reads: what is answered comes to stand in the way
            while sent < 256 << 20 {
                match timeout(SHORT * 10, to.write_all(&piece)).await {
                    Ok(Ok(())) => sent += piece.len(),
                    _ => break,
                }
            }
            sent
        };
        let sent = timeout(PATIENCE, flood).await.expect("an end");
        assert!(sent < 256 << 20, "{piece:?}");
        let mut rest = vec![0; 1 << 16];
        let _ = timeout(SHORT, from.read(&mut rest)).await;
        let (mut other, _connection) = http_2(&gateway, &own).await;
        assert_eq!(send(&mut other, get("/healthz"), None).await.0, 200);
    }
}
