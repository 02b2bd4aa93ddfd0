//! What clients that mean no good may take of the memory of `sigmapol serve`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod listening;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use listening::{Listening, serve, world};
use serde_json::json;

/// How long a test waits for an end: gigabytes are sent here, on a machine that may have much to do.
const PATIENCE: Duration = Duration::from_secs(240);

const HEAD: &str = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n";

/// The most memory that a process has had, in bytes.
fn peak(gateway: &Listening) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}

fn connect(gateway: &Listening) -> TcpStream {
    let socket = TcpStream::connect(&gateway.address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Sends a piece again and again, until it has sent so much or the other side has enough of it; then
/// reads what is said to it.
fn flood(gateway: &Listening, head: &str, piece: &[u8], most: usize) -> String {
    let mut socket = connect(gateway);
    socket.write_all(head.as_bytes()).unwrap();
    let (mut sent, began) = (0, Instant::now());
    while sent < most && socket.write_all(piece).is_ok() {
        sent += piece.len();
        assert!(began.elapsed() < PATIENCE, "{head:?}");
    }
    let mut bytes = Vec::new();
    let _ = socket.take(1 << 20).read_to_end(&mut bytes); // a reset is an end, too
    String::from_utf8(bytes).unwrap()
}

fn others_are_served(gateway: &Listening) {
    let mut text = String::new();
    let chat = json!({"messages": [{"role": "user", "content": "hi"}]});
    gateway.post(&chat).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
}

/// Each attack alone may take some of it: pieces that wait in sockets, and the longest body.
#[test]
fn attacks_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (mock, config) = world(folder.path(), &json!({"*": [{"text": "ok"}]}));
    let gateway = Listening::start(&mut serve(&config));
    others_are_served(&gateway);
    let mib = 1 << 20;
    let mut before = peak(&gateway);
    let mut took_at_most = |what: &str, most: usize| {
        others_are_served(&gateway);
        let now = peak(&gateway);
        assert!(now - before <= most, "{what}: {} MiB", (now - before) / mib);
        before = now;
    };
    // a million chunks of a byte are a megabyte; kept apart, they were 32
    let chunks = b"1\r\n \r\n".repeat(10_000);
    let head = format!("{HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut socket = connect(&gateway);
    socket.write_all(head.as_bytes()).unwrap();
    for _ in 0..100 {
        socket.write_all(&chunks).unwrap();
    }
    socket.write_all(b"0\r\n\r\n").unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    assert!(text.contains("\"invalid_json\""), "{text}");
    took_at_most("chunks of a byte", 12 * mib);

    let large = vec![b'x'; mib];
    let announced = format!("{HEAD}content-length: {}\r\n\r\n", 1 << 30);
    flood(&gateway, &announced, &large, 1 << 30);
    took_at_most("a gigabyte that was announced", 8 * mib);
    flood(&gateway, &format!("{HEAD}x: "), &large, 1 << 30);
    took_at_most("a header of a gigabyte", 8 * mib);
    flood(&gateway, HEAD, &b"x: y\r\n".repeat(100_000), 1 << 30);
    took_at_most("headers without end", 8 * mib);
    flood(&gateway, &format!("{HEAD}transfer-encoding: chunked\r\n\r\n1;"), &large, 1 << 30);
    took_at_most("a chunk whose size does not end", 8 * mib);
    let chunk = [format!("{mib:x}\r\n").as_bytes(), &large, b"\r\n"].concat();
    flood(&gateway, &format!("{HEAD}transfer-encoding: chunked\r\n\r\n"), &chunk, 1 << 30);
    // the longest body, and as much again while its place is doubled
    took_at_most("a body without end", 56 * mib);

    // three times as many connections as there are places
    let open: Vec<_> = (0..3 * 1024)
        .map_while(|number| {
            let mut socket = TcpStream::connect(&gateway.address).ok()?;
            if number % 2 == 0 {
                let _ = socket.write_all(HEAD.as_bytes()); // it may have had to go
            }
            Some(socket)
        })
        .collect();
    assert!(open.len() > 1024, "{}", open.len());
    took_at_most("connections that say nothing", 96 * mib);
    drop((open, mock));
}

/// A process may often have fewer descriptors than there are places for connections: who holds them and
/// says nothing goes all the same.
#[test]
fn a_process_with_few_descriptors_serves_others() {
    let folder = tempfile::tempdir().unwrap();
    let (mock, config) = world(folder.path(), &json!({"*": [{"text": "ok"}]}));
    let own = serve(&config);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 80 && exec \"$0\" \"$@\""]).arg(own.get_program());
    let gateway = Listening::start(command.args(own.get_args()));
    let began = Instant::now();
    let open: Vec<_> = (0..300).map(|_| connect(&gateway)).collect();
    others_are_served(&gateway);
    // long before the time that a connection has to say something
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop((open, mock));
}
