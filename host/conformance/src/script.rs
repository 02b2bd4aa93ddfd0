//! A host in small: what the ops of a script set, and the state and the runs that come out.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sigmapol_core::{
    Engine, Error, RefusalCode,
    json::{Members, Object},
};

use super::{
    Malformed, Record,
    events::{Answer, event, object, or_refused, output, value},
};

/// The host of one record.
pub(super) struct Script<'r, 'a> {
    record: &'r Record<'a>,
    engine: &'r dyn Engine,
    config: &'a str,
    /// The runtime state that the last event gave back.
    state: Option<String>,
    /// The clock, constant until an op sets it.
    now_ms: Option<&'a str>,
    offers: BTreeMap<String, &'a str>,
    multipliers: BTreeMap<String, &'a str>,
    runs: BTreeMap<String, String>,
}

impl<'r, 'a> Script<'r, 'a> {
    pub(super) fn new(record: &'r Record<'a>, engine: &'r dyn Engine) -> Result<Self, Malformed> {
        Ok(Self {
            record,
            engine,
            config: record.need("config")?,
            state: None,
            now_ms: None,
            offers: BTreeMap::new(),
            multipliers: BTreeMap::new(),
            runs: BTreeMap::new(),
        })
    }

    pub(super) fn ops(record: &Record<'a>) -> Result<Vec<Members<'a>>, Malformed> {
        record.parse("script", record.need("script")?)
    }

    pub(super) fn init(&mut self) -> Answer {
        let event = event("init")
            .with("config", self.config)
            .with_some("metrics", self.record.get("metrics").map(object));
        let answer = self.step(None, event);
        Ok(or_refused(answer, RefusalCode::Config, |error| json!({ "ok": false, "error": error })))
    }

    /// One op and its output.
    pub(super) fn run(&mut self, op: &Members<'a>) -> Answer {
        if let Some(now) = op.get("now") {
            self.now_ms = Some(now);
        }
        let kind = self.text(op, "op")?;
        let done = |answer: Result<Value, Error>| answer.map(|_| json!({}));
        Ok(match kind.as_str() {
            "set_offers" => {
                let reply = self.need(op, "result")?;
                self.offers.insert(self.text(op, "discovery_id")?, reply);
                Ok(json!({}))
            }
            "set_multiplier" => {
                let value = self.need(op, "value")?;
                self.multipliers.insert(self.text(op, "key")?, value);
                Ok(json!({}))
            }
            "dump" => Ok(self.state.as_deref().map_or(Value::Null, value)),
            "invalidate" => done(self.step(None, self.event("forget", op, &["discovery_id"]))),
            "update_metrics" => {
                let event = self.event("observe", op, &["provider", "model", "delta"]);
                done(self.step(None, event))
            }
            "restore" => self.step(None, self.event("restore", op, &["snapshot"])),
            "status" => self.step(None, self.event("status", op, &[])),
            "rank" => self.step(None, self.event("rank", op, &["contract"])),
            "start" => {
                let run = self.text(op, "run")?;
                self.runs.remove(&run);
                self.step(Some(run), self.event("start", op, &["contract"]))
            }
            kind @ ("respond" | "resume" | "skip" | "cancel") => {
                let run = self.text(op, "run")?;
                self.step(Some(run), self.event(kind, op, &["response", "reason"]))
            }
            _ => return Err(self.record.expected(&format!("unknown op `{kind}`"))),
        })
    }

    /// An event with everything the host knows, and these members of the op if it has them.
    fn event(&self, kind: &str, op: &Members<'a>, members: &[&str]) -> Object {
        let event = event(kind)
            .with("config", self.config)
            .with_some("state", self.state.as_deref())
            .with_some("now_ms", self.now_ms)
            .with("offers", &table(&self.offers))
            .with("multipliers", &table(&self.multipliers));
        members.iter().fold(event, |event, name| event.with_some(name, op.get(name).map(object)))
    }

    /// Sends an event, with its run if it belongs to one.
    fn step(&mut self, run: Option<String>, event: Object) -> Result<Value, Error> {
        let known = run.as_ref().and_then(|run| self.runs.get(run));
        let turn = self.engine.step(known.map(String::as_str), &event.finish())?.value;
        let output = output(&turn, run.is_some());
        self.state = Some(turn.state);
        self.runs.extend(run.map(|run| (run, turn.run)));
        Ok(output)
    }

    fn need(&self, op: &Members<'a>, name: &str) -> Result<&'a str, Malformed> {
        op.get(name).ok_or_else(|| self.record.expected(&format!("expected `{name}` in an op")))
    }

    fn text(&self, op: &Members<'a>, name: &str) -> Result<String, Malformed> {
        self.record.parse(name, self.need(op, name)?)
    }
}

fn table(entries: &BTreeMap<String, &str>) -> String {
    entries.iter().fold(Object::new(), |object, (key, value)| object.with(key, value)).finish()
}
