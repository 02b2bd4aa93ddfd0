//! A client that shows every byte.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A response, to its last byte.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The body ended as the protocol has it, and was not broken off.
    pub(crate) whole: bool,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The data of each event of a stream.
    pub(crate) fn events(&self) -> Vec<String> {
        let blocks = self.body.split_terminator("\n\n");
        blocks.map(|block| block.strip_prefix("data: ").expect(block).to_owned()).collect()
    }

    /// The data of each event of a stream whose events have names, which the data repeats. Comments are
    /// left out.
    pub(crate) fn named_events(&self) -> Vec<Value> {
        let blocks = self.body.split_terminator("\n\n").filter(|block| !block.starts_with(':'));
        let event = |block: &str| {
            let (name, data) = block.split_once("\ndata: ").expect(block);
            let data: Value = serde_json::from_str(data).expect(block);
            assert_eq!(Some(data["type"].as_str().unwrap()), name.strip_prefix("event: "));
            data
        };
        blocks.map(event).collect()
    }

    /// Of the events those that are JSON.
    pub(crate) fn frames(&self) -> Vec<Value> {
        let events = self.events();
        let frames = events.iter().filter(|event| *event != "[DONE]");
        frames.map(|event| serde_json::from_str(event).expect(event)).collect()
    }

    /// Status, `type`, `param` and `code` of an error in OpenAI's shape, and its message.
    pub(crate) fn error(&self) -> (u16, String, Option<String>, String, String) {
        assert_eq!(self.json().as_object().unwrap().len(), 1, "{}", self.body);
        self.error_of_run()
    }

    /// As [`error`](Self::error), where a run is told of beside it.
    pub(crate) fn error_of_run(&self) -> (u16, String, Option<String>, String, String) {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.body);
        let error = self.json()["error"].clone();
        assert_eq!(error.as_object().unwrap().len(), 4, "{error}");
        let text = |key: &str| error[key].as_str().expect(key).to_owned();
        let param = error["param"].as_str().map(str::to_owned);
        (self.status, text("type"), param, text("code"), text("message"))
    }
}

/// The text of a request; the connection is closed after it.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends bytes and reads until the other side closes.
pub(crate) async fn send(address: SocketAddr, request: &[u8]) -> Reply {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    read(&mut socket).await
}

/// Reads a response until the other side closes.
pub(crate) async fn read(socket: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    // a reset is an end, too
    let _ = socket.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    };
    let headers: Vec<_> = lines.map(header).collect();
    let named = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value);
    let (body, whole) = match named("transfer-encoding") {
        Some(_) => chunks(body),
        None => {
            let length: usize = named("content-length").map_or(0, |length| length.parse().unwrap());
            (body.to_owned(), length == body.len())
        }
    };
    Reply { status, headers, body, whole }
}

/// The chunks of a body, and whether the last one was there.
fn chunks(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        let Some(chunk) = after.get(..size) else { break };
        body.push_str(chunk);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
