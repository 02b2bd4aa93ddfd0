//! Bytes of a stream, cut into events.
//!
//! Server-sent events as <https://html.spec.whatwg.org/multipage/server-sent-events.html> has them,
//! and JSON values a line. Each byte is looked at once, and what is kept of them has a bound.

use crate::{CallError, dialect::Framing, error::malformed, limits::EVENT_BYTES};

/// The mark that a text in UTF-8 may begin with.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event, and its name where it has one.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Takes the bytes of a stream, however they are cut, and gives its events.
#[derive(Debug)]
pub(crate) struct Events {
    framing: Framing,
    /// Of a line that has not ended.
    line: Vec<u8>,
    name: Vec<u8>,
    /// Of an event that has not ended; its lines are joined.
    data: Option<Vec<u8>>,
    /// The last byte ended a line, and a line feed would belong to it.
    after_return: bool,
    first_line: bool,
    /// A line had the form of the framing.
    recognised: bool,
    /// A line had not.
    strange: bool,
}

impl Events {
    pub(crate) const fn new(framing: Framing) -> Self {
        Self {
            framing,
            line: Vec::new(),
            name: Vec::new(),
            data: None,
            after_return: false,
            first_line: true,
            recognised: false,
            strange: false,
        }
    }

    /// Whether this is something else than a stream: there were lines, and none had its form.
    pub(crate) const fn is_strange(&self) -> bool {
        self.strange && !self.recognised
    }

    /// Takes bytes, and gives the events that end in them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>, CallError> {
        let mut events = Vec::new();
        let mut rest = bytes;
        if self.after_return && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_return = false;
        }
        // a lone carriage return ends a line of events, and is white space in lines of JSON
        let returns = self.framing == Framing::ServerSentEvents;
        let ends = |byte: &u8| *byte == b'\n' || (returns && *byte == b'\r');
        while let Some(end) = rest.iter().position(ends) {
            let (line, after) = rest.split_at(end);
            self.keep(line)?;
            rest = after.get(1..).unwrap_or_default();
            if after.first() == Some(&b'\r') {
                self.after_return = rest.is_empty();
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            self.end_line(&mut events)?;
        }
        self.keep(rest)?;
        Ok(events)
    }

    /// The stream has ended: the last event may lack its end.
    pub(crate) fn end(&mut self) -> Result<Vec<Event>, CallError> {
        let mut events = Vec::new();
        self.end_line(&mut events)?;
        events.extend(self.event());
        Ok(events)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        if self.line.len() + bytes.len() > EVENT_BYTES {
            return Err(malformed(format!(
                "a line of the stream is longer than {EVENT_BYTES} bytes"
            )));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), CallError> {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.first_line) {
            text = text.strip_prefix(MARK).unwrap_or(text);
        }
        match self.framing {
            Framing::Lines => {
                if !text.trim_ascii().is_empty() {
                    self.recognised = true;
                    events.push(Event { name: String::new(), data: decoded(text) });
                }
            }
            Framing::ServerSentEvents if text.is_empty() => events.extend(self.event()),
            Framing::ServerSentEvents => self.field(text)?,
        }
        // the room of the line serves for the next one
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<(), CallError> {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            // a comment, which keeps the connection alive
            b"" | b"id" | b"retry" => self.recognised = true,
            b"event" => {
                self.recognised = true;
                self.name = value.get(..value.len().min(64)).unwrap_or_default().to_vec();
            }
            b"data" => {
                self.recognised = true;
                let data = match &mut self.data {
                    None => self.data.insert(Vec::new()),
                    Some(data) => {
                        data.push(b'\n');
                        data
                    }
                };
                if data.len() + value.len() > EVENT_BYTES {
                    let message =
                        format!("an event of the stream is longer than {EVENT_BYTES} bytes");
                    return Err(malformed(message));
                }
                data.extend_from_slice(value);
            }
            _ => self.strange = true,
        }
        Ok(())
    }

    /// The event that a blank line ends. One without data is none.
    fn event(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let data = self.data.take()?;
        Some(Event { name: decoded(&name), data: decoded(&data) })
    }
}

/// What is not UTF-8 is replaced, as the standard says.
fn decoded(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a stream's events, when it comes in pieces of a size.
    fn read(framing: Framing, stream: &[u8], size: usize) -> Vec<String> {
        let mut events = Events::new(framing);
        let mut read = Vec::new();
        for piece in stream.chunks(size) {
            read.extend(events.take(piece).unwrap());
        }
        read.extend(events.end().unwrap());
        read.into_iter().map(|event| event.data).collect()
    }

    fn in_every_size(framing: Framing, stream: &str, expected: &[&str]) {
        for size in 1..=stream.len().max(1) {
            assert_eq!(read(framing, stream.as_bytes(), size), expected, "{stream:?} by {size}");
        }
    }

    #[test]
    fn server_sent_events() {
        for (stream, expected) in [
            ("data: a\n\ndata: b\n\n", &["a", "b"][..]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
            ("data: a\r\rdata: b\r\r", &["a", "b"]),
            ("data: a\r\n\ndata: b\n\r\n", &["a", "b"]),
            ("data:a\n\ndata:  b\n\n", &["a", " b"]),
            ("data: a\ndata: b\n\n", &["a\nb"]),
            ("data\ndata\n\n", &["\n"]),
            (": x\n\nevent: e\nid: 1\nretry: 5\ndata: a\nother: b\n\n", &["a"]),
            ("event: e\n\ndata: a\n\n", &["a"]),
            ("\u{FEFF}data: a\n\n", &["a"]),
            ("\u{FEFF}\n\ndata: a\n\n", &["a"]),
            ("\u{FEFF}", &[]),
            ("\u{FEFF}\u{FEFF}data: a\n\n", &[]),
            ("data: a\n\n\u{FEFF}data: b\n\n", &["a"]),
            ("data: \u{2028}é日\u{85}\n\n", &["\u{2028}é日\u{85}"]),
            ("data: a", &["a"]),
            ("data: a\n", &["a"]),
            ("\n\n\r\r\n", &[]),
            ("", &[]),
        ] {
            in_every_size(Framing::ServerSentEvents, stream, expected);
        }
    }

    #[test]
    fn lines() {
        let stream = "\u{FEFF}{\"a\":\"\u{2028}\"}\n\n \r\n{\"b\":\t2}\r\n{\"c\":3}";
        let expected = ["{\"a\":\"\u{2028}\"}", "{\"b\":\t2}\r", "{\"c\":3}"];
        in_every_size(Framing::Lines, stream, &expected);
        in_every_size(Framing::Lines, "\u{FEFF}", &[]);
    }

    #[test]
    fn names() {
        let mut events = Events::new(Framing::ServerSentEvents);
        let read = events.take(b"event: error\ndata: x\n\ndata: y\n\n").unwrap();
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        assert_eq!(read, [event("error", "x"), event("", "y")]);
    }

    #[test]
    fn what_is_not_utf_8_is_replaced() {
        assert_eq!(read(Framing::ServerSentEvents, b"data: \xFF\xC3\n\n", 1), ["\u{FFFD}\u{FFFD}"]);
    }

    #[test]
    fn something_else() {
        let mut events = Events::new(Framing::ServerSentEvents);
        events.take(b"<html>\n\n").unwrap();
        assert!(events.is_strange());
        events.take(b": x\n").unwrap();
        assert!(!events.is_strange());
    }

    #[test]
    fn not_without_end() {
        let piece = vec![b'x'; 1 << 20];
        let mut events = Events::new(Framing::Lines);
        for _ in 0..8 {
            assert_eq!(events.take(&piece).unwrap(), []);
        }
        let error = events.take(b"x").unwrap_err().to_string();
        assert_eq!(error, "bad_response: a line of the stream is longer than 8388608 bytes");

        let mut events = Events::new(Framing::ServerSentEvents);
        let mut line = b"data:".to_vec();
        line.extend_from_slice(&piece);
        line.push(b'\n');
        for _ in 0..7 {
            assert_eq!(events.take(&line).unwrap(), []);
        }
        let error = events.take(&line).unwrap_err().to_string();
        assert_eq!(error, "bad_response: an event of the stream is longer than 8388608 bytes");
    }
}
