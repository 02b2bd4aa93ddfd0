//! The most frames and value slots that the engine opens.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use sigmapol_conformance::{Schemas, records, replay};
use sigmapol_core::{Effect, Engine as _};
use sigmapol_genvm::{Counted, Request, VmResult};

use crate::counting::Counting;
use crate::deep_inputs::{
    DEPTH, by_policy, ctx, customs, deep_event, deep_json, deep_policies, deep_seq, long_flow,
    wide_policies,
};
use crate::text;

const FAMILIES: [&str; 8] =
    ["terms", "decide", "xform", "failplan", "steps", "config", "elaborate", "flows"];

/// A table of what each kind of input opens, in Markdown.
///
/// # Errors
///
/// When an input is not taken, or the engine does not load.
pub fn depth_table() -> Result<String> {
    let engine = Counting::new()?;
    let mut table = "| input | frames | value slots |\n|---|---:|---:|\n".to_owned();
    let mut most = Counted { frames: 0, slots: 0 };
    let mut line = |what: &str| -> Result<()> {
        let counted = engine.take();
        most.frames = most.frames.max(counted.frames);
        most.slots = most.slots.max(counted.slots);
        Ok(writeln!(table, "| {what} | {} | {} |", counted.frames, counted.slots)?)
    };
    for (what, policy) in deep_policies() {
        takes(&engine, &policy, &ctx(&json!({})))?;
        line(&format!("`{what}` in one another, {DEPTH} deep"))?;
    }
    for (what, policy) in wide_policies() {
        takes(&engine, &policy, &ctx(&json!({})))?;
        line(&format!("4,096 nodes, `{what}`"))?;
    }
    for (what, policy, ctx) in deep_json()? {
        takes(&engine, &policy, &ctx)?;
        line(&format!("JSON 128 deep, {what}"))?;
    }
    takes(&engine, &deep_seq(r#"["custom","c"]"#), &ctx(&customs()?))?;
    line(&format!("a custom {DEPTH} deep in a term {DEPTH} deep"))?;
    runs(&engine)?;
    line(&format!("runs by policies {DEPTH} deep, each call a timeout"))?;
    engine.make(Request::Step { run: None, event: &deep_event()? })?;
    line("an event 128 deep")?;
    flow(&engine)?;
    line(&format!("a flow of 256 nodes in a row, with a policy {DEPTH} deep"))?;
    let schemas = Schemas::read(&text("golden/schemas.json"))?;
    for family in FAMILIES {
        let vectors = text(&format!("golden/{family}.jsonl"));
        replay(&records(&vectors)?, &schemas, &engine, &|| ())?;
    }
    line("the golden vectors")?;
    writeln!(table, "| **the most of all** | **{}** | **{}** |", most.frames, most.slots)?;
    Ok(table)
}

fn takes(engine: &Counting, policy: &str, ctx: &str) -> Result<()> {
    match engine.make(Request::Decide { policy, ctx })? {
        VmResult::Return(_) => Ok(()),
        other => bail!("{other}: {policy:.200}"),
    }
}

/// Runs from their start to their end.
fn runs(engine: &Counting) -> Result<()> {
    for (_, policy) in deep_policies() {
        let event = by_policy(&serde_json::from_str(&policy)?);
        let mut turn = engine.step(None, &event.to_string())?.value;
        for now_ms in (100_000..).step_by(100_000) {
            let event = match &turn.effect {
                Effect::Done(_) => break,
                Effect::Wait(_) => json!({ "kind": "resume", "now_ms": now_ms }),
                Effect::Call(_) => timeout(now_ms),
            };
            turn = engine.step(Some(&turn.run), &event.to_string())?.value;
        }
    }
    Ok(())
}

fn timeout(now_ms: u64) -> Value {
    json!({ "kind": "respond", "now_ms": now_ms, "response": { "error_kind": "timeout" } })
}

/// A flow, until it has been answered a few times.
fn flow(engine: &Counting) -> Result<()> {
    let mut turn = engine.step(None, &long_flow()?)?.value;
    for _ in 0..3 {
        let event = json!({ "kind": "answer", "text": "y" }).to_string();
        turn = engine.step(Some(&turn.run), &event)?.value;
    }
    Ok(())
}
