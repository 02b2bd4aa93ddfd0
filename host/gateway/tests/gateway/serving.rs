//! The server: where it listens, its bounds, how it stops, what it counts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sigmapol_gateway::{Server, limits};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    client::{read, request, send},
    fixture::{Gateway, chat},
};

#[tokio::test]
async fn only_this_machine_can_reach_it() {
    for (address, who) in [("0.0.0.0:0", "0.0.0.0"), ("[::]:0", "::"), ("192.0.2.1:0", "192.0.2.1")]
    {
        let error = Server::bind(address.parse().unwrap()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{who}: expected keys and an admin token, or a loopback address such as 127.0.0.1: \
                 whoever reached it could spend money"
            )
        );
    }
    let first = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = Server::bind(first.address()).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: ", first.address())), "{error}");
}

#[tokio::test]
async fn a_body_has_a_bound() {
    let gateway = Gateway::with(&Value::Null).await;
    // announced, and not even sent
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        limits::BODY_BYTES + 1
    );
    let expected = format!("expected a body of at most {} bytes", limits::BODY_BYTES);
    let error = send(gateway.address, head.as_bytes()).await.error();
    assert_eq!((error.0, error.3.as_str()), (413, "request_too_large"));
    assert_eq!(error.4, expected);
    // not announced
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
    for _ in 0..limits::BODY_BYTES >> 20 {
        socket.write_all(chunk.as_bytes()).await.unwrap();
    }
    socket.write_all(b"1\r\n \r\n").await.unwrap();
    assert_eq!(read(&mut socket).await.error().0, 413);
    assert!(gateway.calls().is_empty());
}

/// A page in a browser reaches a loopback address, too.
#[tokio::test]
async fn pages_of_other_machines_are_refused() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = chat(json!({})).to_string();
    for (origin, status) in [
        ("https://example.com", 403),
        ("http://example.com:8080", 403),
        ("null", 403),
        ("http://localhost:3000", 200),
    ] {
        let headers = format!("origin: {origin}\r\n");
        let text = request("POST", "/v1/chat/completions", &headers, &body);
        let reply = send(gateway.address, text.as_bytes()).await;
        assert_eq!(reply.status, status, "{origin}");
        if status == 403 {
            let (_, kind, _, code, message) = reply.error();
            assert_eq!(
                (kind.as_str(), code.as_str()),
                ("invalid_request_error", "origin_not_allowed")
            );
            let expected =
                "the page that asks is not of this machine: its Origin is no loopback address";
            assert_eq!(message, expected);
        }
    }
    assert_eq!(gateway.calls().len(), 1);
}

/// It is told that this is not all, and the provider is not blamed for it.
#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    // more than the buffers of two sockets hold
    let long = "x".repeat(15 << 20);
    let script = json!({"alpha": [{"text": long, "chunks": 2000}]});
    let gateway = Gateway::with(&script).await;
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let body = chat(json!({"stream": true})).to_string();
    let text = request("POST", "/v1/chat/completions", "", &body);
    socket.write_all(text.as_bytes()).await.unwrap();
    let began = Instant::now();
    while !gateway.get("/metrics").await.body.contains("sigmapol_streams_cut_total 1\n") {
        assert!(began.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20)).await;
    }
    let reply = read(&mut socket).await;
    assert_eq!((reply.status, reply.whole), (200, false));
    let alpha = gateway.router.status().unwrap()["providers"]["alpha"].clone();
    assert_eq!(alpha["breaker"]["consecutive_failures"], 0);
    assert!(!reply.body.contains("[DONE]") && reply.body.len() < 15 << 20, "{}", reply.body.len());
}

#[tokio::test]
async fn headers_have_a_bound() {
    let gateway = Gateway::with(&Value::Null).await;
    let large = format!("x-state: {}\r\n", "x".repeat(2 * limits::HEADER_BYTES));
    let many = "x: y\r\n".repeat(limits::HEADERS);
    for headers in [large, many] {
        let text = request("GET", "/healthz", &headers, "");
        assert_eq!(send(gateway.address, text.as_bytes()).await.status, 431);
    }
    let some = format!("x-state: {}\r\n", "x".repeat(8 << 10));
    let text = request("GET", "/healthz", &some, "");
    assert_eq!(send(gateway.address, text.as_bytes()).await.status, 200);
}

#[tokio::test]
async fn an_open_stream_ends_whole_when_it_is_asked_to_stop() {
    let script =
        json!({"alpha": [{"text": "one two three four", "chunks": 4, "chunk_delay_ms": 150}]});
    let gateway = Gateway::with(&script).await;
    let address = gateway.address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = chat(json!({"stream": true})).to_string();
    let text = request("POST", "/v1/chat/completions", "", &body);
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    // one that is idle does not keep the server
    let idle = TcpStream::connect(address).await.unwrap();
    let (_mock, server) = gateway.stop();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(
        rest.contains("\"finish_reason\":\"stop\"") && rest.contains("data: [DONE]\n\n"),
        "{rest}"
    );
    timeout(Duration::from_secs(5), server).await.expect("the server ends").unwrap();
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let script = json!({"alpha": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 500}]});
    let gateway = Gateway::with(&script).await;
    let mut open = TcpStream::connect(gateway.address).await.unwrap();
    // two requests on one connection: the second comes after the server was asked to stop
    let body = chat(json!({})).to_string();
    let text =
        request("POST", "/v1/chat/completions", "", &body).replace("connection: close\r\n", "");
    open.write_all(text.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let (_mock, server) = gateway.stop();
    let reply = read(&mut open).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    timeout(Duration::from_secs(5), server).await.expect("the server ends").unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_call() {
    let script = json!({"alpha": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 60_000}]});
    for stream in [true, false] {
        let gateway = Gateway::with(&script).await;
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        let body = chat(json!({"stream": stream})).to_string();
        let text = request("POST", "/v1/chat/completions", "", &body);
        socket.write_all(text.as_bytes()).await.unwrap();
        let in_flight = |metrics: &str| {
            let line =
                metrics.lines().find(|line| line.starts_with("sigmapol_requests_in_flight "));
            line.unwrap().rsplit(' ').next().unwrap().parse::<u64>().unwrap()
        };
        let until = async |count: u64| {
            let began = Instant::now();
            // the request that asks is one itself
            while in_flight(&gateway.get("/metrics").await.body) != count + 1 {
                assert!(began.elapsed() < Duration::from_secs(10), "{stream}");
                sleep(Duration::from_millis(10)).await;
            }
        };
        until(1).await;
        drop(socket);
        until(0).await;
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let gateway = Gateway::with(&Value::Null).await;
    gateway.chat(json!({})).await;
    gateway.chat(json!({"stream": true})).await;
    gateway.chat(json!({"model": "profile:nope"})).await;
    gateway.get("/secret/path").await;
    let body = chat(json!({})).to_string();
    gateway.post("/private/v1/chat/completions", &body).await;
    let reply = gateway.get("/metrics").await;
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4"));
    let counts: Vec<_> =
        reply.body.lines().filter(|line| line.starts_with("sigmapol_requests_total")).collect();
    let line = |route: &str, status: u16, count: u64| {
        format!("sigmapol_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}")
    };
    assert_eq!(
        counts,
        [
            line("/v1/chat/completions", 200, 2),
            line("/v1/chat/completions", 400, 1),
            line("/{profile}/v1/chat/completions", 200, 1),
            line("other", 404, 1),
        ]
    );
    assert!(reply.body.contains("\nsigmapol_requests_in_flight 1\n"), "{}", reply.body);
    assert!(reply.body.contains("\nsigmapol_request_duration_seconds_count 5\n"), "{}", reply.body);
    assert!(!reply.body.contains("secret"));
}
