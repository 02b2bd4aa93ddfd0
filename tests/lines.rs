//! What a process says, line by line, with an end to each wait: for tests that start one.

use std::{
    io::{BufRead as _, BufReader, Read},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

/// How long a test waits for a line: long enough for any machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The lines of a stream. It is read to its end whether or not anybody asks: a process whose output
/// nobody reads would stand still.
pub struct Lines(Mutex<Receiver<String>>);

impl Lines {
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = sender.send(line); // read, though nobody asks any more
            }
        });
        Self(Mutex::new(lines))
    }

    /// The next line; nothing at the end of the stream, or where there is none in time.
    #[allow(dead_code, reason = "not every test takes line by line")]
    pub fn next(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(PATIENCE).ok()
    }

    /// Every line to the end of the stream. The process has to have ended, or to end.
    #[allow(dead_code, reason = "not every test takes all")]
    pub fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }
}
