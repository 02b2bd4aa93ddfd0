//! `sigmapol mock-provider`

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use sigmapol_core::json::{Object, quote};
use sigmapol_mock::{MockProvider, Received};
use tokio::{runtime, sync::mpsc};

use crate::{
    Failure,
    shared::{input, text::safe},
};

/// The most bytes that are written of requests. A conversation of a megabyte is a long one.
const CAPTURE_BYTES: usize = 256 << 20;

/// Answer as a provider would, from a script, on a local port
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to answer, by route; without it, "ok" to every request
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 is any that is free
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Write each request to this file, a line of JSON each: route, dialect, path and body
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    let script = match &args.script {
        Some(path) => input::text("script", path)?,
        None => String::new(),
    };
    let capture = args.capture.as_deref().map(|path| {
        // what is there stays: a mistaken path would lose it
        let file = File::create_new(path);
        file.map_err(|error| Failure::Usage(format!("capture: {}: {error}", path.display())))
    });
    let capture = capture.transpose()?.map(Capture::new);
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(&script, args.port, capture, out))
}

/// Serves until the process is ended, or nobody reads the output.
async fn serve(
    script: &str,
    port: u16,
    mut capture: Option<Capture<File>>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let (lines, mut requests) = mpsc::unbounded_channel();
    let captures = capture.is_some();
    let tell = move |received: Option<&Received>, line| {
        let record = received.filter(|_| captures).map(record);
        let _ = lines.send((record, line)); // the other end lives as long as the server
    };
    let mock = MockProvider::start_with(script, port, Box::new(tell))
        .await
        .map_err(|error| Failure::Usage(format!("mock-provider: {error}")))?;
    writeln!(out, "listening on {}", mock.url(""))?;
    out.flush()?;
    while let Some((record, line)) = requests.recv().await {
        if let (Some(capture), Some(record)) = (&mut capture, record)
            && !capture.write(&record)?
        {
            writeln!(out, "capture: {CAPTURE_BYTES} bytes are full, nothing more is written")?;
        }
        writeln!(out, "{}", safe(&line))?;
        out.flush()?;
    }
    Ok(())
}

/// A request in one line, the body as the text that came. Headers are left out: they carry keys.
fn record(received: &Received) -> String {
    Object::new()
        .with("route", &quote(&received.route))
        .with("dialect", &quote(received.dialect))
        .with("path", &quote(&received.path))
        .with("body", &quote(&received.text))
        .finish()
}

/// Lines, as long as there is room for them.
struct Capture<W> {
    to: W,
    room: usize,
    full: bool,
}

impl<W: Write> Capture<W> {
    const fn new(to: W) -> Self {
        Self { to, room: CAPTURE_BYTES, full: false }
    }

    /// `false` for the first line that finds no room. Nothing is written after it.
    fn write(&mut self, line: &str) -> io::Result<bool> {
        let was_full = self.full;
        match self.room.checked_sub(line.len().saturating_add(1)) {
            Some(room) if !self.full => {
                self.room = room;
                writeln!(self.to, "{line}")?;
                self.to.flush()?;
            }
            _ => self.full = true,
        }
        Ok(was_full || !self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_has_an_end() {
        let mut written = Vec::new();
        let mut capture = Capture { to: &mut written, room: 10, full: false };
        for (line, goes_on) in [("abcd", true), ("abcdef", false), ("a", true), ("b", true)] {
            assert_eq!(capture.write(line).unwrap(), goes_on, "{line}");
        }
        assert_eq!(written, b"abcd\n");
    }
}
