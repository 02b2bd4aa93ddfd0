//! Texts of a ledger, as many as are worth keeping in memory.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Bytes of texts that are kept. What decisions share, policies and catalogs, is far less; what
/// they do not share is used once.
const KEPT_BYTES: usize = 64 << 20;

/// Texts by digest, the last ones that were put in or found.
#[derive(Debug, Default)]
pub(super) struct TextCache {
    known: HashMap<String, Arc<str>>,
    /// Digests, the oldest first; one that was found again is in it again.
    order: VecDeque<String>,
    bytes: usize,
    /// Digests of texts that were read, and are longer than an input.
    long: HashSet<String>,
}

impl TextCache {
    pub(super) fn put(&mut self, digest: String, text: Arc<str>) {
        self.bytes += text.len();
        self.order.push_back(digest.clone());
        if let Some(replaced) = self.known.insert(digest, text) {
            self.bytes -= replaced.len();
        }
        while self.bytes > KEPT_BYTES && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(dropped) = self.known.remove(&oldest) {
                self.bytes -= dropped.len();
            }
        }
    }

    /// Remembers that a text is longer than an input.
    pub(super) fn put_long(&mut self, digest: String) {
        self.long.insert(digest);
    }

    pub(super) fn is_long(&self, digest: &str) -> bool {
        self.long.contains(digest)
    }

    pub(super) fn get(&self, digest: &str) -> Option<Arc<str>> {
        self.known.get(digest).cloned()
    }
}
