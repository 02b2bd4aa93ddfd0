//! Lines on standard error, written by a thread of their own: who logs does not wait for a terminal or a
//! disk, and many lines are one write.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// Bytes that may wait. Who has more to say waits with it: no line is lost.
const WAITING_BYTES: usize = 1 << 20;

/// Between two writes. What is logged meanwhile goes out with the next one.
const PACE: Duration = Duration::from_millis(5);

/// Lines that go out; a clone writes to the same.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Some were taken, and are not out yet.
    writing: bool,
}

impl Lines {
    /// To this writer, which is given whole lines.
    ///
    /// # Errors
    ///
    /// The system has no thread left.
    pub(crate) fn to(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.write(out))?;
        Ok(Self(shared))
    }

    /// Adds a line, which ends with what it is given with.
    pub(crate) fn add(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        while waiting.bytes.len() > WAITING_BYTES {
            waiting = self.0.wait(waiting);
        }
        let first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if first {
            self.0.changed.notify_all();
        }
    }

    /// Comes back when all that was added is out.
    pub(crate) fn flush(&self) {
        let mut waiting = self.0.lock();
        while waiting.writing || !waiting.bytes.is_empty() {
            waiting = self.0.wait(waiting);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'w>(&self, waiting: MutexGuard<'w, Waiting>) -> MutexGuard<'w, Waiting> {
        self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner)
    }

    /// As long as the process.
    fn write(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let mut waiting = self.lock();
            while waiting.bytes.is_empty() {
                waiting = self.wait(waiting);
            }
            std::mem::swap(&mut waiting.bytes, &mut lines);
            waiting.writing = true;
            drop(waiting);
            // with no stderr there is nobody left to tell
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            self.lock().writing = false;
            self.changed.notify_all();
            thread::sleep(PACE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells of each write once it may go on.
    struct Slow {
        wrote: Sender<String>,
        may: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may.recv_timeout(Duration::from_secs(10)).map_err(io::Error::other)?;
            self.wrote
                .send(String::from_utf8_lossy(bytes).into_owned())
                .map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_whole_in_their_order_and_together() {
        let (wrote, written) = channel();
        let (go, may) = channel();
        let lines = Lines::to(Slow { wrote, may }).unwrap();
        lines.add(b"one\n");
        // the first is being written, or waits with the others
        (2..5).for_each(|line| lines.add(format!("{line}\n").as_bytes()));
        for _ in 0..4 {
            go.send(()).unwrap();
        }
        lines.flush();
        let writes: Vec<String> = written.try_iter().collect();
        assert_eq!(writes.concat(), "one\n2\n3\n4\n");
        assert!(writes.len() <= 2, "{writes:?}");
    }

    #[test]
    fn who_has_too_much_to_say_waits() {
        let (wrote, written) = channel();
        let (go, may) = channel();
        let lines = Lines::to(Slow { wrote, may }).unwrap();
        let long = vec![b'x'; WAITING_BYTES + 1];
        lines.add(&long);
        let more = lines.clone();
        let adding =
            thread::spawn(move || (0..3).for_each(|_| more.add(&vec![b'y'; WAITING_BYTES + 1])));
        for _ in 0..4 {
            go.send(()).unwrap();
            assert_eq!(
                written.recv_timeout(Duration::from_secs(10)).unwrap().len(),
                WAITING_BYTES + 1
            );
        }
        adding.join().unwrap();
        lines.flush();
    }
}
