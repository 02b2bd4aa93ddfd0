//! From the records of a ledger to what can be made again: each with the texts that it names.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use sigmapol_core::{
    RouterText, digest,
    json::{Members, Object},
};
use sigmapol_ledger::{self as ledger, Record, Records};

use super::{
    ReplayError,
    catalog::CatalogText,
    job::{Job, Kind},
    text_cache::TextCache,
};
use crate::{
    over::{Link, Over},
    receipt::{DECISION, DecisionReceipt, RANK, RankReceipt, STEP, StepReceipt},
};

/// The most changes of one catalog: so many are read when a ledger names the last of them.
const CHANGES: usize = 1_000_000;

/// Reads a ledger and passes on what can be made again, until it is told to stop. There is no job
/// where a text is not recorded.
pub(super) fn jobs(
    folder: &Path,
    mut pass: impl FnMut(u64, Kind, Option<Job>) -> ControlFlow<()>,
) -> Result<(), ReplayError> {
    let mut reader = ledger::read(folder)?;
    let mut texts = Texts::default();
    while let Some(record) = reader.next() {
        let record = record?;
        let (kind, job) = match record.kind.as_str() {
            DECISION => (Kind::Decision, texts.decision(body(&record)?, &reader)),
            STEP => (Kind::Step, texts.step(body(&record)?, &reader)),
            RANK => (Kind::Rank, texts.rank(body(&record)?, &reader)),
            _ => continue,
        };
        if pass(record.number, kind, job).is_break() {
            break;
        }
    }
    Ok(())
}

fn body<T: DeserializeOwned>(record: &Record) -> Result<Box<T>, ReplayError> {
    serde_json::from_str(record.body.get()).map(Box::new).map_err(|error| ReplayError::Record {
        number: record.number,
        kind: record.kind.clone(),
        reason: error.to_string(),
    })
}

/// Texts of a ledger, and the catalog that was decided over last.
#[derive(Default)]
struct Texts {
    cache: TextCache,
    catalog: Option<(Over, CatalogText)>,
}

impl Texts {
    fn decision(&mut self, receipt: Box<DecisionReceipt>, reader: &Records) -> Option<Job> {
        let policy = self.find(&receipt.policy.sha256, reader)?;
        let own = receipt.ctx.text(|digest| self.find(digest, reader)).ok()?;
        let Some(over) = &receipt.over else {
            let ctx = own?;
            return Some(Job::Decision { receipt, policy, own: None, ctx });
        };
        // a ctx without members is recorded by its digest alone
        let own = own.or_else(|| (receipt.ctx.sha256 == digest(b"{}")).then(|| "{}".to_owned()))?;
        let ctx = self.catalog(over, reader)?.with(&serde_json::from_str(&own).ok()?);
        Some(Job::Decision { receipt, policy, own: Some(own), ctx })
    }

    fn step(&mut self, receipt: Box<StepReceipt>, reader: &Records) -> Option<Job> {
        let run = match &receipt.run {
            Some(run) => Some(self.find(run, reader)?),
            None => None,
        };
        let own = self.find(&receipt.event, reader)?;
        let Some(over) = &receipt.over else {
            return Some(Job::Step { receipt, run, own: None, event: own });
        };
        let router = RouterText::new(&self.find(&over.router, reader)?)?;
        let state = match &over.state {
            Some(state) => Some(self.find(state, reader)?),
            None => None,
        };
        let event = router.put_into(&own, state.as_deref()).into();
        Some(Job::Step { receipt, run, own: Some(own), event })
    }

    fn rank(&mut self, receipt: Box<RankReceipt>, reader: &Records) -> Option<Job> {
        let router = self.find(&receipt.router, reader)?;
        let ask = self.find(&receipt.ask, reader)?;
        let state = match &receipt.state {
            Some(state) => Some(self.find(state, reader)?),
            None => None,
        };
        let ask: Members<'_> = serde_json::from_str(&ask).ok()?;
        let event = Object::new().with("kind", r#""rank""#).with_all(&ask).finish();
        let event = RouterText::new(&router)?.put_into(&event, state.as_deref());
        Some(Job::Rank { receipt, event })
    }

    /// The catalog with its changes. Decisions follow each other over one catalog, so that most
    /// often there is nothing to do, or one change to make.
    fn catalog(&mut self, over: &Over, reader: &Records) -> Option<&CatalogText> {
        let known = self.catalog.take().filter(|(known, _)| known.catalog == over.catalog);
        let mut links = Vec::new();
        let mut next = over.changes.clone();
        let reached = loop {
            if known.as_ref().is_some_and(|(known, _)| known.changes == next) {
                break true;
            }
            let Some(last) = next else { break false };
            if links.len() == CHANGES {
                return None;
            }
            let text = self.find(&last, reader)?;
            let link: Link<'_> = serde_json::from_str(&text).ok()?;
            links.push(link.changes.get().to_owned());
            next = link.after;
        };
        let mut text = match known {
            Some((_, text)) if reached => text,
            _ => CatalogText::read(&self.find(&over.catalog, reader)?)?,
        };
        for changes in links.iter().rev() {
            text.patch(changes)?;
        }
        Some(&self.catalog.insert((over.clone(), text)).1)
    }

    fn find(&mut self, digest: &str, reader: &Records) -> Option<Arc<str>> {
        if let Some(text) = self.cache.get(digest) {
            return Some(text);
        }
        let text: Arc<str> = reader.texts().get(digest.parse().ok()?).ok()??.into();
        self.cache.put(digest.to_owned(), Arc::clone(&text));
        Some(text)
    }
}
