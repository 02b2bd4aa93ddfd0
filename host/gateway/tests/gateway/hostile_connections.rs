//! Connections that nobody means well with: each comes to an end, and others are served meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sigmapol_gateway::{Bounds, Server, limits};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    client::{read, request, send},
    fixture::{Gateway, chat},
};

/// How long a test waits for an end: long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A time that a test can wait for.
const SHORT: Duration = Duration::from_millis(300);

const HEAD: &str = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n";

async fn gateway(change: impl FnOnce(&mut Bounds)) -> Gateway {
    let mut bounds = Bounds::default();
    change(&mut bounds);
    Gateway::with_server(&Value::Null, |server: Server| server.bounds(bounds)).await
}

/// Somebody else is answered, at once.
async fn others_are_served(gateway: &Gateway) {
    let reply = timeout(PATIENCE, gateway.chat(json!({}))).await.expect("an answer");
    assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.body);
}

/// Sends a piece again and again until the other side has enough; what it said, and how much it took.
async fn flood(gateway: &Gateway, head: &str, piece: &[u8], most: usize) -> (String, usize) {
    let socket = TcpStream::connect(gateway.address).await.unwrap();
    let (mut from, mut to) = socket.into_split();
    to.write_all(head.as_bytes()).await.unwrap();
    let sending = async {
        let mut sent = 0;
        while sent < most && to.write_all(piece).await.is_ok() {
            sent += piece.len();
        }
        sent
    };
    let reading = async {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes).await; // a reset is an end, too
        String::from_utf8(bytes).unwrap()
    };
    let both = async { tokio::join!(reading, sending) };
    timeout(PATIENCE, both).await.expect("an end")
}

/// How long the other side keeps a connection to which a byte is sent now and then.
async fn trickle(gateway: &Gateway, head: &str, byte: &[u8]) -> (String, Duration) {
    let socket = TcpStream::connect(gateway.address).await.unwrap();
    let (mut from, mut to) = socket.into_split();
    let began = Instant::now();
    to.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let sending = async {
        while to.write_all(byte).await.is_ok() {
            sleep(SHORT / 10).await;
        }
        std::future::pending::<()>().await;
    };
    let ended = async {
        tokio::select! {
            _ = from.read_to_end(&mut bytes) => {}
            () = sending => {}
        }
    };
    timeout(PATIENCE, ended).await.expect("an end");
    (String::from_utf8(bytes).unwrap(), began.elapsed())
}

#[tokio::test]
async fn heads_that_trickle() {
    let gateway = gateway(|bounds| bounds.header_time = SHORT).await;
    for head in ["", "GET /heal", HEAD, "GET /healthz HTTP/1.1\r\nx-state: "] {
        let (_, took) = trickle(&gateway, head, b"x").await;
        assert!(took >= SHORT, "{head:?} {took:?}");
        others_are_served(&gateway).await;
    }
    // one that says nothing, and one that says nothing more
    for head in ["", "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        let ended = timeout(PATIENCE, socket.read_to_string(&mut text)).await;
        ended.expect("an end").unwrap();
        assert_eq!(text.contains("200 OK"), !head.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn bodies_that_trickle() {
    let gateway = gateway(|bounds| bounds.body_time = SHORT).await;
    for (head, byte) in [
        ("content-length: 100000\r\n\r\n", &b" "[..]),
        ("transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ] {
        let (text, took) = trickle(&gateway, &format!("{HEAD}{head}"), byte).await;
        assert!(
            text.starts_with("HTTP/1.1 408 ") && text.contains("\"request_timeout\""),
            "{text}"
        );
        assert!(text.contains("the body did not come within 0.3 s"), "{text}");
        assert!(took >= SHORT, "{took:?}");
        others_are_served(&gateway).await;
    }
    assert_eq!(gateway.calls().len(), 2);
}

#[tokio::test]
async fn headers_without_end() {
    let gateway = gateway(|_| {}).await;
    let many = "x: y\r\n".repeat(100_000);
    let reply = send(gateway.address, request("GET", "/healthz", &many, "").as_bytes()).await;
    assert_eq!(reply.status, 431);
    for (head, piece) in
        [(HEAD, &b"x: y\r\n"[..]), ("GET /", b"x"), ("GET / HTTP/1.1\r\nx: ", b"x")]
    {
        let piece = piece.repeat(1000);
        let (text, took) = flood(&gateway, head, &piece, 1 << 30).await;
        let status = text.split(' ').nth(1).unwrap_or("431");
        assert!(["400", "414", "431"].contains(&status), "{text}");
        // what the sockets hold, and no more
        assert!(took < 64 << 20, "{took}");
        others_are_served(&gateway).await;
    }
}

/// What the gateway has seen enough of is not read: of a gigabyte it takes a part of a hundredth.
#[tokio::test]
async fn bodies_without_end() {
    let gateway = gateway(|_| {}).await;
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16)).into_bytes();
    let extension = b"x".repeat(1 << 16);
    let announced = format!("content-length: {}\r\n\r\n", 1 << 30);
    for (head, piece, status, most) in [
        (announced.as_str(), &extension, "413", 0),
        ("transfer-encoding: chunked\r\n\r\n", &chunk, "413", limits::BODY_BYTES),
        ("transfer-encoding: chunked\r\n\r\n1;", &extension, "400", 1 << 20),
    ] {
        let (text, took) = flood(&gateway, &format!("{HEAD}{head}"), piece, 1 << 30).await;
        // whoever still sends may be cut off before it has read the answer
        let own = text.split(' ').nth(1).unwrap_or(status);
        assert_eq!(own, status, "{head:?} {text}");
        // and what the sockets hold
        assert!(took < most + (64 << 20), "{head:?} {took}");
        others_are_served(&gateway).await;
    }
}

#[tokio::test]
async fn garbage_behind_a_request() {
    let gateway = gateway(|_| {}).await;
    let good = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for garbage in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "\u{fffd} / HTTP/1.1\r\n\r\n"] {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        socket.write_all(format!("{good}{good}{garbage}{good}").as_bytes()).await.unwrap();
        let mut text = String::new();
        let ended = timeout(PATIENCE, socket.read_to_string(&mut text)).await;
        let _ = ended.expect("an end"); // or a reset
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 3, "{text}");
        assert!(text.contains("HTTP/1.1 400 "), "{text}");
        others_are_served(&gateway).await;
    }
    // many at once, and nobody reads before all are sent
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let last = request("GET", "/healthz", "", "");
    socket.write_all(format!("{}{last}", good.repeat(500)).as_bytes()).await.unwrap();
    let mut text = String::new();
    timeout(PATIENCE, socket.read_to_string(&mut text)).await.expect("an end").unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 501);
}

/// Twenty times as many as there are places, and nobody waits for their time to be over.
#[tokio::test]
async fn connections_that_are_left_open() {
    let gateway = gateway(|bounds| bounds.connections = 50).await;
    let mut silent = Vec::new();
    for number in 0..1000 {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        // some say something first
        if number % 2 == 0 {
            socket.write_all(HEAD.as_bytes()).await.unwrap();
        }
        silent.push(socket);
        if number % 250 == 0 {
            others_are_served(&gateway).await;
        }
    }
    let began = Instant::now();
    others_are_served(&gateway).await;
    assert!(began.elapsed() < limits::HEADER_TIME, "{:?}", began.elapsed());
    // the first of them had to go
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, silent[0].read_to_end(&mut rest)).await;
    let _ = ended.expect("an end"); // or a reset
    assert!(rest.is_empty());
}

/// Who has a request is not sent away for one more connection; that one waits.
#[tokio::test]
async fn a_request_keeps_its_place() {
    let bounds = |server: Server| {
        let mut bounds = Bounds::default();
        bounds.connections = 2;
        server.bounds(bounds)
    };
    let script = json!({"alpha": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 1500}]});
    let gateway = Gateway::with_server(&script, bounds).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let body = chat(json!({"stream": true})).to_string();
        let text = request("POST", "/v1/chat/completions", "", &body);
        stream.write_all(text.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    // so that both are at it
    for stream in &mut streams {
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
    }
    let health = timeout(PATIENCE, gateway.get("/healthz")).await.expect("an answer");
    assert_eq!(health.status, 200);
    for mut stream in streams {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert!(rest.contains("data: [DONE]\n\n"), "{rest}");
    }
}

#[tokio::test]
async fn requests_at_a_time_have_a_bound() {
    let script = json!({"alpha": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 1000}]});
    let bounds = |server: Server| {
        let mut bounds = Bounds::default();
        bounds.requests = 1;
        server.bounds(bounds)
    };
    let gateway = Gateway::with_server(&script, bounds).await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let body = chat(json!({"stream": true})).to_string();
    let text = request("POST", "/v1/chat/completions", "", &body);
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    let refused = gateway.get("/v1/models").await;
    let (status, kind, _, code, message) = refused.error();
    assert_eq!((status, kind.as_str(), code.as_str()), (503, "router_error", "router_overloaded"));
    assert_eq!(
        (message.as_str(), refused.header("retry-after")),
        ("too many requests at a time", Some("1"))
    );
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("data: [DONE]\n\n"), "{rest}");
    // the place is free once the response has ended
    let began = Instant::now();
    while gateway.get("/v1/models").await.status != 200 {
        assert!(began.elapsed() < PATIENCE);
        sleep(SHORT / 10).await;
    }
}

/// HTTP/2 is for those who ask for it by TLS; an upgrade is not looked at.
#[tokio::test]
async fn http_2_is_not_spoken_in_the_clear() {
    let gateway = gateway(|_| {}).await;
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    socket.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut bytes = Vec::new();
    let ended = timeout(PATIENCE, socket.read_to_end(&mut bytes)).await;
    let _ = ended.expect("an end"); // or a reset
    // a frame of settings would begin with its length
    assert!(bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 4"), "{bytes:?}");
    let upgrade = "upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let text = request("GET", "/healthz", upgrade, "");
    socket.write_all(text.as_bytes()).await.unwrap();
    assert_eq!(read(&mut socket).await.status, 200);
}
