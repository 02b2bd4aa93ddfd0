//! From the bytes of a response to an answer. Nothing here waits or knows of sockets.

use crate::{
    Answer, CallError, Delta, ErrorKind,
    collect::{Partial, Wanted},
    dialect::{Dialect, Framing},
    error::malformed,
    events::{Event, Events},
    failure::Reader,
    json::{self, Object},
    limits::{DEPTH, STREAM_BYTES},
};

/// What a response with a status of 2xx turns out to be, as far as it has come.
pub(crate) struct Reading<'a> {
    dialect: &'a dyn Dialect,
    reader: &'a Reader<'a>,
    form: Form,
    partial: Partial,
    bytes: usize,
}

enum Form {
    /// Not known yet: nothing has come but white space. These are its bytes.
    Unknown(Vec<u8>),
    /// JSON, or what should have been JSON.
    Whole(Vec<u8>),
    Stream(Events),
}

/// The mark that a text in UTF-8 may begin with.
const MARK: &[u8] = b"\xEF\xBB\xBF";

impl<'a> Reading<'a> {
    /// A response that was asked for in one piece, or as a stream.
    pub(crate) fn new(
        dialect: &'a dyn Dialect,
        reader: &'a Reader<'a>,
        wanted: Wanted,
        stream: bool,
    ) -> Self {
        let form = match dialect.framing() {
            _ if !stream => Form::Whole(Vec::new()),
            Framing::Lines => Form::Stream(Events::new(Framing::Lines)),
            Framing::ServerSentEvents => Form::Unknown(Vec::new()),
        };
        Self { dialect, reader, form, partial: Partial::new(wanted), bytes: 0 }
    }

    /// Takes bytes, and passes on what is in them.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        on_delta: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), CallError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        let is_whole = matches!(self.form, Form::Whole(_));
        let limit = if is_whole { self.dialect.longest() } else { STREAM_BYTES };
        if self.bytes > limit {
            return Err(malformed(format!("the response is longer than {limit} bytes")));
        }
        match &mut self.form {
            Form::Whole(body) => body.extend_from_slice(bytes),
            Form::Stream(events) => {
                let events = events.take(bytes)?;
                self.events(events, on_delta)?;
            }
            Form::Unknown(start) => {
                start.extend_from_slice(bytes);
                self.recognise(on_delta)?;
            }
        }
        Ok(())
    }

    /// A provider that does not stream answers in one piece, whatever its headers say; and a page
    /// of HTML is no stream.
    fn recognise(&mut self, on_delta: &mut dyn FnMut(Delta<'_>)) -> Result<(), CallError> {
        let Form::Unknown(start) = &mut self.form else { return Ok(()) };
        if MARK.starts_with(start) {
            return Ok(()); // the mark itself, or a part of it
        }
        let text = start.strip_prefix(MARK).unwrap_or(start).trim_ascii_start();
        match text.first() {
            None if self.bytes < 1024 => {}
            Some(b'{' | b'[' | b'<') => self.form = Form::Whole(std::mem::take(start)),
            _ => {
                let start = std::mem::take(start);
                let mut events = Events::new(Framing::ServerSentEvents);
                let first = events.take(&start)?;
                self.form = Form::Stream(events);
                self.events(first, on_delta)?;
            }
        }
        Ok(())
    }

    fn events(
        &mut self,
        events: Vec<Event>,
        on_delta: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), CallError> {
        for event in events {
            if self.partial.over {
                break;
            }
            self.event(&event)?;
            self.partial.check_size()?;
            self.partial.pass(&self.reader.scrub, on_delta);
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<(), CallError> {
        let text = event.data.trim();
        if text == "[DONE]" {
            self.partial.finished = true;
            self.partial.over = true;
            return Ok(());
        }
        if text.is_empty() {
            return Ok(());
        }
        if event.name == "error" {
            let body = json::value(text).ok().and_then(Object::of).unwrap_or_default();
            return Err(self.reader.of_event(&body, text));
        }
        for text in one_or_all(text) {
            let body = self.object(text)?;
            if let Some(error) = self.reader.in_body(&body, text) {
                return Err(error);
            }
            self.dialect.event(&body, &mut self.partial)?;
        }
        Ok(())
    }

    fn object<'t>(&self, text: &'t str) -> Result<Object<'t>, CallError> {
        if !json::is_within_depth(text, DEPTH) {
            return Err(malformed(format!("the JSON is nested deeper than {DEPTH}")));
        }
        let value = json::value(text).map_err(|_| self.reader.no_json(text))?;
        Object::of(value).ok_or_else(|| self.reader.no_json(text))
    }

    /// How many pieces of the answer have come.
    pub(crate) const fn pieces(&self) -> u64 {
        self.partial.pieces()
    }

    /// The answer is complete; counts of tokens may follow.
    pub(crate) const fn is_finished(&self) -> bool {
        self.partial.finished
    }

    /// Nothing follows.
    pub(crate) const fn is_over(&self) -> bool {
        self.partial.over
    }

    /// The response has ended as it should, and the answer is what has come.
    pub(crate) fn end(mut self, on_delta: &mut dyn FnMut(Delta<'_>)) -> Result<Answer, CallError> {
        match &mut self.form {
            Form::Whole(body) => {
                let body = std::mem::take(body);
                self.whole(&body)?;
            }
            Form::Stream(events) if !self.partial.over => {
                let last = events.end()?;
                let strange = events.is_strange();
                self.last(&last, on_delta)?;
                if strange && !self.partial.finished {
                    return Err(malformed("expected a stream of events"));
                }
            }
            Form::Stream(_) | Form::Unknown(_) => {}
        }
        self.answer(on_delta)
    }

    /// What the end of a stream cut off is no JSON, and tells nothing but that. What does not even begin
    /// as JSON does was not cut off.
    fn last(
        &mut self,
        events: &[Event],
        on_delta: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), CallError> {
        for event in events {
            let text = event.data.trim();
            let is_other = !text.starts_with(['{', '[']) && !self.partial.finished;
            if text == "[DONE]" || is_other || json::value(text).is_ok() {
                self.event(event)?;
                self.partial.pass(&self.reader.scrub, on_delta);
            }
        }
        Ok(())
    }

    /// The answer, as far as it has come, if it is complete; passes on the rest of it.
    pub(crate) fn answer(
        mut self,
        on_delta: &mut dyn FnMut(Delta<'_>),
    ) -> Result<Answer, CallError> {
        if !self.partial.finished {
            let message = "the stream ended before the answer did";
            return Err(CallError::new(ErrorKind::NetworkError, message));
        }
        let scrub = &self.reader.scrub;
        self.partial.settle()?;
        self.partial.pass(scrub, on_delta);
        let mut answer = self.partial.finish();
        // what the model says is the answer; what the provider says beside it may quote the key
        let words = answer.finish_reason.iter_mut().chain(&mut answer.model);
        words.for_each(|word| *word = scrub.text(word));
        for call in &mut answer.tool_calls {
            for key in ["id", "name", "extra_content"] {
                if let Some(value) = call.get_mut(key) {
                    scrub.value(value);
                }
            }
        }
        answer.annotations.iter_mut().for_each(|value| scrub.value(value));
        for block in &mut answer.thinking_blocks {
            for key in ["signature", "data"] {
                if let Some(value) = block.get_mut(key) {
                    scrub.value(value);
                }
            }
        }
        Ok(answer)
    }

    fn whole(&mut self, body: &[u8]) -> Result<(), CallError> {
        let body = body.strip_prefix(MARK).unwrap_or(body);
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.starts_with('[') {
            self.event(&Event { name: String::new(), data: text.to_owned() })?;
            return self.partial.check_size();
        }
        let body = self.object(text)?;
        if let Some(error) = self.reader.in_body(&body, text) {
            return Err(error);
        }
        if body.text("type").as_deref() == Some("error") {
            return Err(self.reader.of_event(&body, text));
        }
        self.dialect.whole(&body, &mut self.partial)?;
        self.partial.finished = true;
        self.partial.check_size()
    }
}

/// Google without `alt=sse` streams one array of all events, and its errors are in arrays, too.
fn one_or_all(text: &str) -> Vec<&str> {
    let list = json::value(text).ok().and_then(json::items);
    list.map_or_else(|| vec![text], |list| list.into_iter().map(|event| event.get()).collect())
}
