//! Clients that ask, one request after the other on a connection.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::{
    books::{Books, Ended},
    gateway::Gateway,
};

/// For a response to get on.
const PATIENCE: Duration = Duration::from_secs(60);

/// A response to its last byte.
pub struct Reply {
    pub status: u16,
    pub decision: Option<String>,
    pub body: String,
}

/// A connection to the process of an epoch.
pub struct Connection {
    reader: BufReader<TcpStream>,
    epoch: u64,
}

impl Connection {
    pub fn open(gateway: &Gateway) -> (u64, io::Result<Self>) {
        let (epoch, address) = gateway.wait();
        let open = || {
            let socket = TcpStream::connect(address)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_nodelay(true)?;
            Ok(Self { reader: BufReader::new(socket), epoch })
        };
        (epoch, open())
    }

    pub fn post(&mut self, path: &str, body: &str) -> io::Result<Reply> {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        self.reader.get_mut().write_all((head + body).as_bytes())?;
        self.read()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.by_ref().take(1 << 20).read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn read(&mut self) -> io::Result<Reply> {
        let wrong = |what: &str| io::Error::other(format!("expected {what}"));
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| wrong("a status"))?;
        let (mut length, mut decision) = (None, None);
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().ok(),
                Some(("x-sigmapol-decision", value)) => decision = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = Vec::new();
        let mut take = |count: usize| -> io::Result<()> {
            let before = body.len();
            body.resize(before + count, 0);
            self.reader.read_exact(&mut body[before..])
        };
        match length {
            Some(length) => take(length)?,
            None => loop {
                let mut line = String::new();
                self.reader.by_ref().take(64).read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| wrong("a chunk"))?;
                let before = body.len();
                body.resize(before + size + 2, 0); // with the end of its line
                self.reader.read_exact(&mut body[before..])?;
                body.truncate(before + size);
                if size == 0 {
                    break;
                }
            },
        }
        let body = String::from_utf8(body).map_err(|_| wrong("UTF-8"))?;
        Ok(Reply { status, decision, body })
    }
}

/// Asks as long as there are numbers; each is the seed of its request.
pub fn run(gateway: &Gateway, books: &Books, mut next: impl FnMut() -> Option<u64>) {
    let mut kept: Option<Connection> = None;
    while let Some(number) = next() {
        let streamed = number.is_multiple_of(3);
        let body = format!(
            r#"{{"model":"","messages":[{{"role":"user","content":"request {number}"}}],"seed":{number},"timeout_ms":2000,"stream":{streamed}}}"#
        );
        let epoch = gateway.epoch();
        let (began, reply) = match kept.take().filter(|kept| kept.epoch == epoch) {
            Some(mut connection) => {
                let reply = connection.post("/v1/chat/completions", &body);
                (epoch, reply.map(|reply| (reply, connection)))
            }
            None => {
                let (epoch, opened) = Connection::open(gateway);
                let reply = opened.and_then(|mut connection| {
                    let reply = connection.post("/v1/chat/completions", &body)?;
                    Ok((reply, connection))
                });
                (epoch, reply)
            }
        };
        match reply {
            Ok((reply, connection)) => {
                books.ended(number, Ended::of(&reply, streamed));
                kept = Some(connection);
            }
            // whoever was killed owes no answer
            Err(_) if gateway.epoch() != began => books.ended(number, Ended::Killed),
            Err(error) => books.ended(number, Ended::Failed(error.to_string())),
        }
    }
}
