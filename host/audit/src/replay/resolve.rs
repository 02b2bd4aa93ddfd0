//! From the records of a ledger to what can be made again: each with the texts that it names.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use sigmapol_core::{
    INPUT_BYTES, RouterText, digest,
    json::{Members, Object},
};
use sigmapol_ledger::{self as ledger, Record, Records};

use super::{ReplayError, job::Job, text_cache::TextCache, versions::Versions};
use crate::{
    behind::{GAP, Gap},
    receipt::{DECISION, DecisionReceipt, RANK, RankReceipt, STEP, StepReceipt},
};

/// The kind of the ledger's records of texts.
const TEXT: &str = "text";

/// What may be asked of a router that was read before.
const ASK: [&str; 2] = ["contract", "now_ms"];

/// Reads a ledger and passes on what can be made again, until it is told to stop. There is no job
/// where a text is not recorded. Says how many records are missing, by what stands in their place.
pub(super) fn jobs(
    folder: &Path,
    mut pass: impl FnMut(u64, Option<Job>) -> ControlFlow<()>,
) -> Result<u64, ReplayError> {
    let mut reader = ledger::read(folder)?;
    let mut texts = Texts::default();
    let mut missing = 0_u64;
    while let Some(record) = reader.next() {
        let record = record?;
        let job = match record.kind.as_str() {
            DECISION => texts.decision(body(&record)?, &reader),
            STEP => texts.step(body(&record)?, &reader),
            RANK => texts.rank(body(&record)?, &reader),
            TEXT => {
                texts.versions.allow(record.body.get().len());
                continue;
            }
            GAP => {
                missing = missing.saturating_add(body::<Gap>(&record)?.records);
                continue;
            }
            _ => continue,
        };
        if pass(record.number, job).is_break() {
            break;
        }
    }
    Ok(missing)
}

fn body<T: DeserializeOwned>(record: &Record) -> Result<Box<T>, ReplayError> {
    serde_json::from_str(record.body.get()).map(Box::new).map_err(|error| ReplayError::Record {
        number: record.number,
        kind: record.kind.clone(),
        reason: error.to_string(),
    })
}

/// Texts of a ledger, and the catalogs that were decided over last.
#[derive(Default)]
struct Texts {
    cache: TextCache,
    versions: Versions,
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
        let (versions, cache) = (&mut self.versions, &mut self.cache);
        let catalog = versions.get(over, |digest| find_short(cache, digest, reader))?;
        let ctx = catalog.with(&serde_json::from_str(&own).ok()?);
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
        let router = RouterText::new(&self.short(&over.router, reader)?)?;
        let state = match &over.state {
            Some(state) => Some(self.short(state, reader)?),
            None => None,
        };
        let event = router.put_into(&own, state.as_deref()).into();
        Some(Job::Step { receipt, run, own: Some(own), event })
    }

    fn rank(&mut self, receipt: Box<RankReceipt>, reader: &Records) -> Option<Job> {
        let router = RouterText::new(&self.short(&receipt.router, reader)?)?;
        let ask = self.short(&receipt.ask, reader)?;
        let state = match &receipt.state {
            Some(state) => Some(self.short(state, reader)?),
            None => None,
        };
        let event = match serde_json::from_str(&ask) {
            Ok(ask) => router.put_into(&ranking(&ask), state.as_deref()),
            // no object: the event is refused as the ask was
            Err(_) => ask.to_string(),
        };
        Some(Job::Rank { receipt, event })
    }

    /// A text of any length: an engine refuses one that is too long.
    fn find(&mut self, digest: &str, reader: &Records) -> Option<Arc<str>> {
        find(&mut self.cache, digest, reader)
    }

    /// A text that an engine has read.
    fn short(&mut self, digest: &str, reader: &Records) -> Option<Arc<str>> {
        find_short(&mut self.cache, digest, reader)
    }
}

fn find(cache: &mut TextCache, digest: &str, reader: &Records) -> Option<Arc<str>> {
    if let Some(text) = cache.get(digest) {
        return Some(text);
    }
    let text: Arc<str> = reader.texts().get(digest.parse().ok()?).ok()??.into();
    cache.put(digest.to_owned(), Arc::clone(&text));
    Some(text)
}

/// A text that no engine reads is read from the ledger once, however often it is named.
fn find_short(cache: &mut TextCache, digest: &str, reader: &Records) -> Option<Arc<str>> {
    if cache.is_long(digest) {
        return None;
    }
    let text = find(cache, digest, reader)?;
    if text.len() > INPUT_BYTES {
        cache.put_long(digest.to_owned());
        return None;
    }
    Some(text)
}

/// The event that ranks for an ask. What an event may have and an ask may not is named so that an
/// event may not either.
fn ranking(ask: &Members<'_>) -> String {
    let event = Object::new().with("kind", r#""rank""#);
    let members = ask.0.iter();
    members
        .fold(event, |event, (key, value)| match ASK.contains(&key.as_str()) {
            true => event.with(key, value.get()),
            false => event.with(&format!("ask.{key}"), value.get()),
        })
        .finish()
}
