//! The last calls, for operators: who was asked, what came of it and what it cost. Nothing that was
//! said is kept.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

/// Calls that are kept: at a hundred a second the last ten seconds, and some 500 kB.
const KEPT: usize = 1000;

/// The last calls.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    calls: VecDeque<Value>,
    /// How many there were, ever.
    count: u64,
}

/// Some of them, the newest first.
#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) calls: Vec<Value>,
    /// What to ask for to get the next ones; `None` where there are no more.
    pub(crate) before: Option<u64>,
}

impl Calls {
    /// Keeps a call, an object; it gets its number, counted from 1, as `n`.
    pub(crate) fn add(&self, mut call: Value) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.count += 1;
        if let Some(members) = call.as_object_mut() {
            members.insert("n".to_owned(), kept.count.into());
        }
        if kept.calls.len() == KEPT {
            kept.calls.pop_front();
        }
        kept.calls.push_back(call);
    }

    /// The newest of those with a lower number than `before`, at most `limit`.
    pub(crate) fn page(&self, before: Option<u64>, limit: usize) -> Page {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = kept.count - kept.calls.len() as u64 + 1;
        let before = before.unwrap_or(u64::MAX).min(kept.count + 1);
        let there = usize::try_from(before.saturating_sub(oldest)).unwrap_or_default();
        let calls: Vec<_> = kept.calls.iter().take(there).rev().take(limit).cloned().collect();
        let next = before.saturating_sub(calls.len() as u64);
        Page { before: (next > oldest && !calls.is_empty()).then_some(next), calls }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn numbers(page: &Page) -> Vec<u64> {
        page.calls.iter().map(|call| call["n"].as_u64().unwrap()).collect()
    }

    #[test]
    fn pages() {
        let calls = Calls::default();
        assert_eq!(calls.page(None, 10), Page { calls: Vec::new(), before: None });
        for _ in 0..5 {
            calls.add(json!({}));
        }
        let first = calls.page(None, 2);
        assert_eq!((numbers(&first), first.before), (vec![5, 4], Some(4)));
        let second = calls.page(first.before, 2);
        assert_eq!((numbers(&second), second.before), (vec![3, 2], Some(2)));
        let last = calls.page(second.before, 2);
        assert_eq!((numbers(&last), last.before), (vec![1], None));
        for before in [0, 1] {
            assert_eq!(calls.page(Some(before), 2), Page { calls: Vec::new(), before: None });
        }
    }

    #[test]
    fn the_oldest_goes() {
        let calls = Calls::default();
        for _ in 0..KEPT + 3 {
            calls.add(json!({}));
        }
        let all = calls.page(None, usize::MAX);
        assert_eq!((all.calls.len(), all.before), (KEPT, None));
        assert_eq!(numbers(&all).last(), Some(&4));
        // a call that is gone meanwhile ends the list
        assert_eq!(calls.page(Some(3), 10), Page { calls: Vec::new(), before: None });
    }
}
