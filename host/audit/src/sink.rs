//! Where receipts go: into a ledger before what they tell of, or behind it.

use std::{cell::RefCell, sync::Arc};

use serde::Serialize;
use sigmapol_core::digest;
use sigmapol_ledger::{Ledger, LedgerError};

use crate::behind::Behind;

/// Where receipts go.
#[derive(Clone)]
pub(crate) enum Sink {
    /// A receipt is on disk when it has been taken.
    Required(Arc<Ledger>),
    /// It will be, or is counted as lost.
    Behind(Arc<Behind>),
}

/// A receipt that is being made, and the texts that it refers to.
pub(crate) struct Draft<'s> {
    sink: &'s Sink,
    /// Of one that is written behind: they go with it, so that none is there without the other.
    texts: RefCell<Vec<(String, Arc<str>)>>,
}

impl Sink {
    pub(crate) fn draft(&self) -> Draft<'_> {
        Draft { sink: self, texts: RefCell::default() }
    }
}

impl Draft<'_> {
    /// Puts a text in the ledger, and gives its digest.
    pub(crate) fn keep(&self, text: &str) -> Result<String, LedgerError> {
        match self.sink {
            Sink::Required(ledger) => Ok(ledger.text(text)?.to_string()),
            Sink::Behind(_) => Ok(self.put(digest(text.as_bytes()), text.into())),
        }
    }

    /// As [`keep`](Self::keep), for a text that many receipts refer to, by the digest that it is known
    /// to have.
    pub(crate) fn keep_known(&self, digest: &str, text: &Arc<str>) {
        if let Sink::Behind(_) = self.sink {
            self.put(digest.to_owned(), Arc::clone(text));
        }
    }

    fn put(&self, digest: String, text: Arc<str>) -> String {
        self.texts.borrow_mut().push((digest.clone(), text));
        digest
    }

    pub(crate) fn append(
        self,
        kind: &'static str,
        receipt: &impl Serialize,
    ) -> Result<(), LedgerError> {
        match self.sink {
            Sink::Required(ledger) => ledger.append(kind, receipt).map(drop),
            Sink::Behind(behind) => {
                let body = serde_json::to_value(receipt);
                let body = body.map_err(|error| LedgerError::Unfit(error.to_string()))?;
                behind.push(kind, body, self.texts.into_inner());
                Ok(())
            }
        }
    }
}
