//! What a run has told and a client has not read yet, within a bound.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sigmapol_router::{Outcome, RouterError};
use tokio::sync::Notify;

use super::{Answering, piece::Piece};
use crate::limits::UNREAD_BYTES;

/// Pieces that wait as they came; those after them are put together. A client that reads at once has
/// every piece as the provider sent it, and one that is slow has fewer and longer ones.
const APART: usize = 256;

/// What a run tells while it goes on.
#[derive(Debug)]
pub(super) enum Told {
    Calling(Answering),
    Piece(Piece),
    End(Box<Result<Outcome, RouterError>>),
}

impl Told {
    /// What it takes to keep it.
    fn bytes(&self) -> usize {
        let said = if let Self::Piece(piece) = self { piece.bytes() } else { 0 };
        size_of::<Self>() + said
    }
}

#[derive(Debug, Default)]
struct Queue {
    told: VecDeque<Told>,
    bytes: usize,
    /// A piece was not taken, and nothing is after it.
    full: bool,
    closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    news: Notify,
}

/// The run's end. When it is dropped, nothing follows.
#[derive(Debug)]
pub(super) struct Sender(Arc<Shared>);

/// The client's end.
#[derive(Debug)]
pub(super) struct Receiver(Arc<Shared>);

/// Both ends of a queue.
pub(super) fn queue() -> (Sender, Receiver) {
    let shared = Arc::<Shared>::default();
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl Shared {
    /// A queue is whole between two calls.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    /// Tells of something; `false` if the client has left too much unread, and it was not taken.
    pub(super) fn send(&self, told: Told) -> bool {
        let taken = self.0.lock().push(told);
        self.0.news.notify_one();
        taken
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.news.notify_one();
    }
}

impl Receiver {
    /// The next thing that is told; `None` if nothing follows.
    pub(super) async fn next(&self) -> Option<Told> {
        loop {
            {
                let mut queue = self.0.lock();
                if let Some(told) = queue.told.pop_front() {
                    queue.bytes -= told.bytes();
                    return Some(told);
                }
                if queue.closed {
                    return None;
                }
            }
            self.0.news.notified().await;
        }
    }
}

impl Queue {
    fn push(&mut self, told: Told) -> bool {
        let is_piece = matches!(told, Told::Piece(_));
        self.full |= is_piece && self.bytes.saturating_add(told.bytes()) > UNREAD_BYTES;
        if self.full {
            return false;
        }
        let apart = self.told.len() < APART;
        let told = match (self.told.back_mut(), told) {
            (Some(Told::Piece(last)), Told::Piece(next)) if !apart => {
                let bytes = next.bytes();
                let Err(next) = last.join(next) else {
                    self.bytes += bytes;
                    return true;
                };
                Told::Piece(next)
            }
            (_, told) => told,
        };
        self.bytes += told.bytes();
        self.told.push_back(told);
        true
    }
}

#[cfg(test)]
mod tests {
    use sigmapol_provider::Delta;

    use super::*;

    fn told(delta: Delta<'_>) -> Told {
        Told::Piece(Piece::of(delta).unwrap())
    }

    /// All that waits: texts, and arguments with their index.
    async fn read(receiver: &Receiver) -> Vec<String> {
        let mut read = Vec::new();
        while let Some(Told::Piece(piece)) = receiver.next().await {
            read.push(match piece.delta() {
                Delta::Text(text) => text.to_owned(),
                Delta::Arguments { index, text } => format!("{index}:{text}"),
                delta => panic!("{delta:?}"),
            });
        }
        read
    }

    #[tokio::test]
    async fn what_is_not_read_is_put_together() {
        let (sender, receiver) = queue();
        for _ in 0..APART + 1000 {
            assert!(sender.send(told(Delta::Text("x"))));
        }
        for (index, text) in [(0, "a"), (0, "b"), (1, "c"), (0, "d")] {
            assert!(sender.send(told(Delta::Arguments { index, text })));
        }
        drop(sender);
        let mut expected = vec!["x".to_owned(); APART - 1];
        expected.extend(["x".repeat(1001), "0:ab".into(), "1:c".into(), "0:d".into()]);
        assert_eq!(read(&receiver).await, expected);
        assert_eq!(receiver.0.lock().bytes, 0);
    }

    /// Pieces that cannot be put together count with what it takes to keep them.
    #[tokio::test]
    async fn no_more_than_there_may_be() {
        let long = "x".repeat(UNREAD_BYTES / 2);
        let (sender, receiver) = queue();
        assert!(sender.send(told(Delta::Text(&long))));
        assert!(sender.send(told(Delta::Text("y"))));
        assert!(!sender.send(told(Delta::Text(&long))));
        // what is after a gap is no part of the answer
        assert!(!sender.send(told(Delta::Text("z"))));
        assert!(!sender.send(Told::Calling(Answering::default())));
        drop(sender);
        assert_eq!(read(&receiver).await, [&long, "y"]);

        let (sender, _receiver) = queue();
        let taken = (0..1 << 20).take_while(|index| {
            sender.send(told(Delta::Arguments { index: index % 2, text: "x" }))
        });
        assert_eq!(taken.count(), UNREAD_BYTES / (size_of::<Told>() + 1));
    }

    #[tokio::test]
    async fn a_run_that_is_gone_tells_nothing_more() {
        let (sender, receiver) = queue();
        assert!(sender.send(told(Delta::Text("x"))));
        drop(sender);
        assert_eq!(read(&receiver).await, ["x"]);
        assert!(receiver.next().await.is_none());
    }
}
