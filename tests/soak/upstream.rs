//! Providers that fail: `a` and `b` in every way and often, `c` never.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// Longer than a request of a client gives an answer: see [`client`](crate::client).
const TOO_LONG: Duration = Duration::from_millis(3_000);

/// For a connection that nobody uses any more.
const IDLE: Duration = Duration::from_secs(120);

/// The largest request that is read.
const BODY_BYTES: usize = 1 << 20;

pub fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let _ = serve(&socket); // whoever asks has gone
            });
        }
    });
    Ok(address)
}

/// A number below another one, random.
fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

fn serve(socket: &TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(IDLE))?;
    socket.set_nodelay(true)?;
    let mut reader = BufReader::new(socket);
    loop {
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.by_ref().take(1 << 14).read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if head.is_empty() {
                head = line;
            }
        }
        let mut body = vec![0; BODY_BYTES.min(length)];
        reader.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        let streamed = body.contains("\"stream\":true") || body.contains("\"stream\": true");
        let sound = head.contains(" /c/") || random(100) < 60;
        let outcome = if sound { Outcome::Answer } else { Outcome::any() };
        if !outcome.write(socket, streamed)? {
            return Ok(());
        }
    }
}

/// What comes of a request.
enum Outcome {
    Answer,
    Error(u16),
    Late,
    /// The connection breaks: before the response, or within it.
    Cut,
    CutWithin,
}

impl Outcome {
    fn any() -> Self {
        match random(80) {
            0..=31 => Self::Error(500),
            32..=47 => Self::Error(429),
            // few: each of them makes its client wait
            48 => Self::Late,
            49..=67 => Self::Cut,
            _ => Self::CutWithin,
        }
    }

    /// Whether the connection can be used again.
    fn write(&self, mut socket: &TcpStream, streamed: bool) -> io::Result<bool> {
        let whole = if streamed { stream() } else { completion() };
        match self {
            Self::Answer => socket.write_all(whole.as_bytes())?,
            Self::Late => {
                thread::sleep(TOO_LONG);
                socket.write_all(whole.as_bytes())?;
            }
            Self::Error(status) => {
                let body = "{\"error\":{\"message\":\"scripted\"}}";
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nretry-after: 0\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                socket.write_all((head + body).as_bytes())?;
            }
            Self::Cut => return Ok(false),
            Self::CutWithin => {
                socket.write_all(&whole.as_bytes()[..whole.len() * 2 / 3])?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn completion() -> String {
    let body = r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one two three"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6}}"#;
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn stream() -> String {
    let mut text =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_owned();
    let mut chunk = |data: &str| {
        let event = format!("data: {data}\n\n");
        text += &format!("{:x}\r\n{event}\r\n", event.len());
    };
    for piece in ["one ", "two ", "three"] {
        chunk(&format!(
            r#"{{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{{"content":"{piece}"}},"finish_reason":null}}]}}"#
        ));
    }
    chunk(
        r#"{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    );
    chunk("[DONE]");
    text + "0\r\n\r\n"
}
