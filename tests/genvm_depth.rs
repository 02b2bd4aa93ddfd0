//! The most frames and value slots that the engine opens, on the deepest input there is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use serde_json::{Value, json};
use sigmapol::conformance::{Schemas, records, replay};
use sigmapol::genvm::{Counted, Harness, Outcome, Request, Rules, Setting};
use sigmapol::{
    Admission, Cache, Decision, Effect, Error, Native, Outcome as Answer, Turn, Verbs, artifact,
};

use crate::text;

const FAMILIES: [&str; 8] =
    ["terms", "decide", "xform", "failplan", "steps", "config", "elaborate", "flows"];

/// Nesting of a term, its own policy included.
const DEPTH: usize = 64;

/// An engine that counts what its calls open.
pub struct Counting {
    harness: Harness,
    most: Mutex<Counted>,
}

impl Counting {
    /// The embedded module.
    ///
    /// # Errors
    ///
    /// When it does not load.
    pub fn new() -> Result<Self> {
        let [setting, ..] = Setting::ALL;
        let harness =
            Harness::load(artifact::CORE_MODULE, &[setting], Rules::default(), &Cache::of_user())?;
        Ok(Self { harness, most: Mutex::new(Counted { frames: 0, slots: 0 }) })
    }

    /// Makes a request, and gives how it ends.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn make(&self, request: Request<'_>) -> Result<Outcome, Error> {
        let runs = self.harness.run(request)?;
        let first = runs.into_iter().next().ok_or_else(|| Error::Load("no run".to_owned()))?;
        if let Some(counted) = first.counted {
            let mut most = self.most();
            most.frames = most.frames.max(counted.frames);
            most.slots = most.slots.max(counted.slots);
        }
        Ok(first.outcome)
    }

    /// The most since the last time.
    pub fn take(&self) -> Counted {
        std::mem::replace(&mut self.most(), Counted { frames: 0, slots: 0 })
    }

    fn most(&self) -> MutexGuard<'_, Counted> {
        self.most.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it answers is what native code answers; other tests hold the two together.
impl Verbs for Counting {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Answer<Admission>, Error> {
        self.make(Request::Admit { term, vocabulary })?;
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Answer<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Answer<Decision>, Error> {
        self.make(Request::Decide { policy, ctx })?;
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Answer<Turn>, Error> {
        self.make(Request::Step { run, event })?;
        Native.step(run, event)
    }
}

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
    steps(&engine)?;
    line("runs: a policy 64 deep, an event 128 deep, all answers a timeout")?;
    flow(&engine)?;
    line("a flow of 256 nodes in a row, policies 64 deep")?;
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
        Outcome::Return(_) => Ok(()),
        other => bail!("{other}: {policy:.200}"),
    }
}

/// The slots of a policy, each with a term that fits.
fn policy(slots: &[(&str, String)]) -> String {
    let default = [
        ("pred", r#"["top"]"#),
        ("scorer", r#"["zero"]"#),
        ("selector", r#"["ordered"]"#),
        ("xform", r#"["id"]"#),
        ("plan", r#"["always",{"action":"next_candidate"}]"#),
    ];
    let slots: BTreeMap<&str, &String> = slots.iter().map(|(slot, term)| (*slot, term)).collect();
    let terms = default.map(|(slot, term)| slots.get(slot).map_or(term, |term| term.as_str()));
    format!(r#"["policy",{}]"#, terms.join(","))
}

fn nest(open: &str, inner: &str, close: &str, depth: usize) -> String {
    open.repeat(depth) + inner + &close.repeat(depth)
}

/// Every operation that takes a term of its own sort, as deep as it goes.
fn deep_policies() -> Vec<(&'static str, String)> {
    let test = r#"["cmp","price_in","ge",0]"#;
    // 1 for the policy and 1 for what is innermost
    let deep = |open: &str, inner: &str, close: &str| nest(open, inner, close, DEPTH - 2);
    // `not`, `neg` and their like go away in pairs: others between them keep them
    let alternating = |first: &str, second: &str, inner: &str, close: &str| {
        nest(&format!("{first}{second}"), inner, &close.repeat(2), (DEPTH - 2) / 2)
    };
    [
        (
            "and, or",
            "pred",
            alternating(r#"["and",["is","breaker_open"],"#, r#"["or",["has_cap","x"],"#, test, "]"),
        ),
        ("not, and", "pred", alternating(r#"["not","#, r#"["and",["has_cap","x"],"#, test, "]")),
        ("not", "pred", deep(r#"["not","#, test, "]")),
        ("neg", "scorer", deep(r#"["neg","#, r#"["field","price_in"]"#, "]")),
        ("add", "scorer", deep(r#"["add",["lit",1],"#, r#"["field","price_in"]"#, "]")),
        (
            "add, neg",
            "scorer",
            alternating(
                r#"["neg","#,
                r#"["add",["field","price_out"],"#,
                r#"["field","price_in"]"#,
                "]",
            ),
        ),
        ("scale", "scorer", deep(r#"["scale",0.5,"#, r#"["field","price_in"]"#, "]")),
        (
            "gate",
            "scorer",
            deep(r#"["gate",["cmp","price_in","ge",0],"#, r#"["field","price_in"]"#, "]"),
        ),
        ("normalize", "scorer", deep(r#"["normalize","#, r#"["field","price_in"]"#, "]")),
        ("clamp", "scorer", deep(r#"["clamp",0,100,"#, r#"["field","price_in"]"#, "]")),
        ("top_k", "selector", deep(r#"["top_k",3,"#, r#"["sample",1]"#, "]")),
        (
            "prefer",
            "selector",
            deep(r#"["prefer",["cmp","price_in","ge",0],"#, r#"["argmax"]"#, "]"),
        ),
        (
            "seq",
            "xform",
            deep(
                r#"["seq",["set_param","temperature",0],"#,
                r#"["jitter","temperature",0.1]"#,
                "]",
            ),
        ),
        (
            "when",
            "xform",
            deep(r#"["when",["cmp","price_in","ge",0],"#, r#"["set_param","temperature",0]"#, "]"),
        ),
        (
            "override",
            "plan",
            nest(
                r#"["override","#,
                r#"["always",{"action":"next_candidate"}]"#,
                r#","timeout",{"action":"retry_same","attempts":2}]"#,
                DEPTH - 2,
            ),
        ),
    ]
    .into_iter()
    .map(|(what, slot, term)| (what, policy(&[(slot, term)])))
    .collect()
}

/// A policy whose transformation has another in it, as deep as it goes.
fn deep_seq(inner: &str) -> String {
    let open = r#"["when",["cmp","price_in","ge",0],"#;
    policy(&[("xform", nest(open, inner, "]", DEPTH - 2))])
}

/// A custom that is such a transformation.
fn customs() -> Result<Value> {
    let open = r#"["when",["cmp","price_in","ge",0],"#;
    let term = nest(open, r#"["set_param","temperature",0]"#, "]", DEPTH - 1);
    let term: Value = serde_json::from_str(&term)?;
    Ok(json!({ "customs": { "c": term } }))
}

/// The largest terms: the slots that are not widened have 4 nodes, the policy is one.
fn wide_policies() -> Vec<(&'static str, String)> {
    let wide = |open: &str, element: &dyn Fn(usize) -> String| {
        let elements: Vec<_> = (0..4_096 - 6).map(element).collect();
        format!("[{open},{}]", elements.join(","))
    };
    [
        ("and", "pred", wide(r#""and""#, &|at| format!(r#"["cmp","price_in","ge",-{at}]"#))),
        ("add", "scorer", wide(r#""add""#, &|at| format!(r#"["lit",{at}]"#))),
        ("seq", "xform", wide(r#""seq""#, &|at| format!(r#"["set_param","temperature",{at}]"#))),
    ]
    .into_iter()
    .map(|(what, slot, term)| (what, policy(&[(slot, term)])))
    .collect()
}

/// A ctx with two candidates, failures, and more.
fn ctx(more: &Value) -> String {
    let mut ctx = json!({
        "candidates": [
            { "provider_id": "p", "model_family": "m", "price_in": 1, "price_out": 2 },
            { "provider_id": "q", "model_family": "n", "price_in": 2.5, "price_out": 0.1 },
        ],
        "body": { "messages": [{ "role": "user", "content": "hello" }] },
        "failures": [{ "kind": "timeout", "attempt": 1 }],
        "seed": 7,
    });
    if let (Some(ctx), Some(more)) = (ctx.as_object_mut(), more.as_object()) {
        ctx.extend(more.clone());
    }
    ctx.to_string()
}

/// JSON as deep as it is read, in each place that takes any.
fn deep_json() -> Result<Vec<(&'static str, String, String)>> {
    let nested = |depth| nest(r#"{"a":"#, "1", "}", depth);
    let lists = |depth| nest("[", "0.1", "]", depth);
    let put = |key: &str, text: &str| -> Result<String> {
        let value: Value = serde_json::from_str(text)?;
        Ok(ctx(&json!({ key: value, "vocabulary": { "profile": "reference" } })))
    };
    let plain = policy(&[]);
    let recipe = policy(&[("xform", format!(r#"["filter_text",{}]"#, nested(126)))]);
    let candidates = format!(r#"[{{"provider_id":"p","model_family":"m","x":{}}}]"#, nested(125));
    let reference = json!({ "vocabulary": { "profile": "reference" } });
    Ok(vec![
        ("objects in the request", plain.clone(), put("request", &nested(127))?),
        (
            "arrays in the request",
            plain.clone(),
            put("request", &format!(r#"{{"a":{}}}"#, lists(126)))?,
        ),
        ("in a candidate", plain.clone(), put("candidates", &candidates)?),
        ("in a recipe", recipe, ctx(&reference)),
    ])
}

/// A run from its start to its end, with the deepest policy and the deepest event.
fn steps(engine: &Counting) -> Result<()> {
    let deep: Vec<Value> = deep_policies()
        .iter()
        .map(|(_, policy)| serde_json::from_str(policy))
        .collect::<Result<_, _>>()?;
    let prompt: Value = serde_json::from_str(&nest(r#"{"a":"#, "1", "}", 124))?;
    for policy in deep {
        let event = json!({
            "kind": "start", "now_ms": 1,
            "contract": { "prompt": "x", "seed": 7, "profile": "deep" },
            "config": {
                "providers": { "p": {
                    "discovery": "static", "api_kind": "ollama", "base_url": "http://p.example",
                } },
                "models": { "m": { "capabilities": {}, "served_by": [{ "provider": "p" }] } },
                "profiles": { "deep": { "policy_ir": policy } },
            },
        });
        walk(engine, &event)?;
    }
    let mut event =
        json!({ "kind": "start", "now_ms": 1, "config": {}, "contract": { "x": prompt } });
    event["admission"] = json!("reference");
    engine.make(Request::Step { run: None, event: &event.to_string() })?;
    Ok(())
}

fn walk(engine: &Counting, event: &Value) -> Result<()> {
    let mut turn = engine.step(None, &event.to_string())?.value;
    for now_ms in 2..100 {
        let event = match &turn.effect {
            Effect::Done(_) => return Ok(()),
            Effect::Wait(_) => json!({ "kind": "resume", "now_ms": now_ms * 100_000 }),
            Effect::Call(_) => json!({
                "kind": "respond", "now_ms": now_ms * 100_000, "response": { "error_kind": "timeout" },
            }),
        };
        turn = engine.step(Some(&turn.run), &event.to_string())?.value;
    }
    bail!("a run that does not end")
}

/// A flow in which every node takes the one before.
fn flow(engine: &Counting) -> Result<()> {
    let (_, policy) = deep_policies().swap_remove(0);
    let policy: Value = serde_json::from_str(&policy)?;
    let mut nodes = serde_json::Map::new();
    nodes.insert("n0".to_owned(), json!({ "kind": "input" }));
    for at in 1..255 {
        let policy =
            if at == 1 { policy.clone() } else { serde_json::from_str(&self::policy(&[]))? };
        let inputs = [format!("n{}", at - 1)];
        nodes.insert(
            format!("n{at}"),
            json!({ "kind": "llm", "system": "s", "inputs": inputs, "policy": policy }),
        );
    }
    nodes.insert("out".to_owned(), json!({ "kind": "output", "inputs": ["n254"] }));
    let event = json!({ "kind": "flow", "flow": ["flow", nodes], "input": "x" }).to_string();
    let mut turn = engine.step(None, &event)?.value;
    for _ in 0..3 {
        let event = json!({ "kind": "answer", "text": "y" }).to_string();
        turn = engine.step(Some(&turn.run), &event)?.value;
    }
    Ok(())
}
