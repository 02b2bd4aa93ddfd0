//! Looks for decisions that take the most fuel for the bound of their cost: `climb SECONDS SEED`.
//!
//! Random decisions first, then changes of the best that are known, kept apart by the size of their
//! bound, so that what is small and what is large both climb. Prints the best of each size; ends
//! with an error when one takes more than the promise, and prints it in full.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic ends the run")]

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;
use sigmapol::Sandbox;
use sigmapol_core::{Bounded, Engine as _, Native};
use sigmapol_tests::generate::Seed;
use sigmapol_tests::properties::decision;
use sigmapol_tests::text;

/// What docs/sandbox.md promises for each unit.
const FUEL_PER_COST: u64 = 1_000;

/// Bytes of a policy and a ctx together: enough for what grows with a product of two sizes.
const BYTES: usize = 400_000;

/// How many are kept of each size; sizes are powers of two.
const KEPT: usize = 6;
const SIZES: usize = 40;

/// JSON with its numbers as they are written.
#[derive(Clone)]
enum Json {
    Literal(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    fn read(text: &str) -> Option<Self> {
        Some(Self::of(&serde_json::from_str(text).ok()?))
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::of).collect()),
            Value::Object(members) => Self::Object(
                members.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect(),
            ),
            literal => Self::Literal(literal.to_string()),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Literal(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&Value::from(text.as_str()).to_string()),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    let _ = write!(out, "{comma}{}:", Value::from(key.as_str()));
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn nodes(&self) -> usize {
        1 + match self {
            Self::Array(items) => items.iter().map(Self::nodes).sum(),
            Self::Object(members) => members.iter().map(|(_, value)| value.nodes()).sum(),
            _ => 0,
        }
    }

    /// The node of a number, counted from the top.
    fn node(&mut self, number: &mut usize) -> Option<&mut Self> {
        if *number == 0 {
            return Some(self);
        }
        *number -= 1;
        match self {
            Self::Array(items) => items.iter_mut().find_map(|item| item.node(number)),
            Self::Object(members) => members.iter_mut().find_map(|(_, value)| value.node(number)),
            _ => None,
        }
    }

    /// Puts a mark behind every string, so that copies differ.
    fn mark(&mut self, mark: &str) {
        match self {
            Self::Text(text) => text.push_str(mark),
            Self::Array(items) => items.iter_mut().for_each(|item| item.mark(mark)),
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.mark(mark)),
            Self::Literal(_) => {}
        }
    }
}

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Numbers that take the longest to read, to compare, to add or to write.
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "1",
    "2",
    "0.1",
    "0.3",
    "5e-324",
    "-5e-324",
    "2.2250738585072011e-308",
    "1e-310",
    "1.7976931348623156083e308",
    "7.4109846876186981626e-324",
    "1e308",
    "-1e308",
    "1.7976931348623157e308",
    "9007199254740993",
    "0.30000000000000004",
    "123456789012345678",
    "1e21",
    "1e-7",
    "3.1415926535897931",
    "-1",
];

/// Slots that are known to be dear, to be put in the place of others.
const TERMS: [&str; 22] = [
    r#"["meets_req"]"#,
    r#"["scope_matches"]"#,
    r#"["has_cap","supports_tools"]"#,
    r#"["min_tier","partner"]"#,
    r#"["cmp","price_in","le",0.1]"#,
    r#"["cmp","credits","ge",5e-324]"#,
    r#"["family_eq","m"]"#,
    r#"["is","breaker_open"]"#,
    r#"["not",["provider_in",["p","q","r"]]]"#,
    r#"["normalize",["field","price_in"]]"#,
    r#"["normalize",["add",["field","tok_s"],["scale",0.1,["field","latency_ms"]]]]"#,
    r#"["gate",["is","no_log"],["field","success_rate"]]"#,
    r#"["clamp",0.1,0.9,["field","credits"]]"#,
    r#"["sample",0.5]"#,
    r#"["sample",1e-300]"#,
    r#"["top_k",3,["sample",1]]"#,
    r#"["prefer",["is","no_log"],["argmax"]]"#,
    r#"["prefer",["meets_req"],["sample",3]]"#,
    r#"["chain",[{"provider":"p","model":"m"},{"provider":"q","model":"m"}]]"#,
    r#"["seq",["set_param","temperature",0.1],["jitter","temperature",0.3]]"#,
    r#"["when",["is","no_log"],["clamp_param","temperature",0.1,0.9]]"#,
    r#"["override",["always",{"action":"abort"}],"timeout",{"action":"retry_same","max_attempts":3,"backoff_ms":[1,2,3]}]"#,
];

/// A policy, a ctx, and what they take.
#[derive(Clone)]
struct Climber {
    policy: Json,
    ctx: Json,
    fuel: u64,
    most: u64,
}

impl Climber {
    fn ratio(&self) -> f64 {
        self.fuel as f64 / self.most as f64
    }
}

struct Climb {
    sandbox: Sandbox,
    random: Random,
    /// By the binary digits of the bound, best first.
    best: Vec<Vec<Climber>>,
    tried: u64,
    decided: u64,
}

impl Climb {
    /// What a pair takes; nothing where it is refused.
    fn weigh(&mut self, policy: Json, ctx: Json) -> Option<Climber> {
        let (policy_text, ctx_text) = (policy.to_text(), ctx.to_text());
        self.tried += 1;
        if policy_text.len() + ctx_text.len() > BYTES {
            return None;
        }
        let most = Bounded::new(Native, 0).bound(&policy_text, &ctx_text).ok()??;
        let fuel = self.sandbox.decide(&policy_text, &ctx_text).ok()?.spent.fuel;
        self.decided += 1;
        Some(Climber { policy, ctx, fuel, most })
    }

    fn keep(&mut self, climber: Climber) {
        let size = (64 - climber.most.leading_zeros() as usize).min(SIZES - 1);
        let best = &mut self.best[size];
        let at = best.partition_point(|other| other.ratio() > climber.ratio());
        // one that takes as much as another is most often the same
        let same = best
            .get(at)
            .is_some_and(|other| (other.fuel, other.most) == (climber.fuel, climber.most));
        if at < KEPT && !same {
            best.insert(at, climber);
            best.truncate(KEPT);
        }
    }

    fn seed(&mut self, policy: &str, ctx: &str) {
        if let (Some(policy), Some(ctx)) = (Json::read(policy), Json::read(ctx))
            && let Some(climber) = self.weigh(policy, ctx)
        {
            self.keep(climber);
        }
    }

    fn one_of(&mut self) -> Climber {
        let sizes: Vec<usize> = (0..SIZES).filter(|size| !self.best[*size].is_empty()).collect();
        let size = *self.random.pick(&sizes);
        // the best more often
        let at = self.random.below(self.best[size].len()).min(self.random.below(KEPT));
        self.best[size][at.min(self.best[size].len() - 1)].clone()
    }

    fn step(&mut self) {
        let mut climber = self.one_of();
        for _ in 0..=self.random.below(3) {
            let in_policy = self.random.below(2) == 0;
            let other = self.one_of();
            let (tree, foreign) = if in_policy {
                (&mut climber.policy, other.policy)
            } else {
                (&mut climber.ctx, other.ctx)
            };
            change(&mut self.random, tree, foreign, in_policy);
        }
        if let Some(climber) = self.weigh(climber.policy, climber.ctx) {
            self.keep(climber);
        }
    }
}

/// Changes a tree somewhere.
fn change(random: &mut Random, tree: &mut Json, mut foreign: Json, in_policy: bool) {
    let mut number = random.below(tree.nodes());
    let Some(node) = tree.node(&mut number) else { return };
    let times = *random.pick(&[1, 1, 2, 8, 64, 512, 4_000]);
    match (random.below(10), node) {
        // more of the same
        (0..=2, Json::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            let marked = random.below(2) == 0;
            for copy in 0..times {
                let mut item = items[at].clone();
                if marked {
                    item.mark(&copy.to_string());
                }
                items.push(item);
            }
        }
        (0..=2, Json::Object(members)) if !members.is_empty() => {
            let (key, value) = random.pick(members).clone();
            let front = random.below(2) == 0;
            for copy in 0..times {
                let key = if front { format!("{copy}{key}") } else { format!("{key}{copy}") };
                members.push((key, value.clone()));
            }
        }
        // less
        (3, Json::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            items.drain(at..(at + times).min(items.len()));
        }
        (3, Json::Object(members)) if !members.is_empty() => {
            let at = random.below(members.len());
            members.drain(at..(at + times).min(members.len()));
        }
        (4, node) if in_policy => {
            *node = Json::read(TERMS[random.below(TERMS.len())]).unwrap();
        }
        // a term around it
        (5, node @ Json::Array(_)) if in_policy => {
            let op =
                *random.pick(&["and", "or", "not", "add", "neg", "seq", "normalize", "min", "max"]);
            let mut around = vec![Json::Text(op.to_owned())];
            around.extend(vec![node.clone(); 1 + random.below(2)]);
            *node = Json::Array(around);
        }
        // what another has there
        (6, node) => {
            let mut number = random.below(foreign.nodes());
            if let Some(part) = foreign.node(&mut number) {
                *node = part.clone();
            }
        }
        (_, Json::Literal(text)) => *text = (*random.pick(&NUMBERS)).to_owned(),
        (_, Json::Text(text)) => match random.below(4) {
            0 => *text = text.repeat(times.min(100)),
            1 => text.push_str(&"\n".repeat(times)),
            2 => text.truncate(text.floor_char_boundary(text.len() / 2)),
            _ => text.push_str(&times.to_string()),
        },
        // an empty one is cheap, and so is what is rejected early
        (_, Json::Array(items)) => items.reverse(),
        (_, Json::Object(members)) => members.reverse(),
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |what| -> anyhow::Result<u64> {
        arguments.next().context("expected SECONDS SEED")?.parse().context(what)
    };
    let (seconds, seed) = (number("SECONDS")?, number("SEED")?);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut climb = Climb {
        sandbox: Sandbox::new()?,
        random: Random(seed),
        best: vec![Vec::new(); SIZES],
        tried: 0,
        decided: 0,
    };
    for line in text("golden/decide.jsonl").lines() {
        let vector: Value = serde_json::from_str(line)?;
        let mut ctx = vector["ctx"].clone();
        ctx["candidates"] = vector["candidates"].clone();
        climb.seed(&vector["term"].to_string(), &ctx.to_string());
    }
    for number in 0..2_000 {
        let case = decision(&Seed::case(seed, number));
        climb.seed(&case.policy, &case.ctx);
    }
    let mut shown = Instant::now();
    while Instant::now() < end {
        climb.step();
        if shown.elapsed() > Duration::from_secs(60) {
            shown = Instant::now();
            print(&climb);
        }
    }
    print(&climb);
    let worst = climb.best.iter().flatten().max_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let worst = worst.context("nothing was decided")?;
    let champions = std::env::temp_dir().join("sigmapol-champions.jsonl");
    let mut text = String::new();
    for best in climb.best.iter().filter_map(|best| best.first()) {
        let (policy, ctx) = (best.policy.to_text(), best.ctx.to_text());
        let _ = writeln!(
            text,
            r#"{{"fuel":{},"most":{},"policy":{policy},"ctx":{ctx}}}"#,
            best.fuel, best.most
        );
    }
    std::fs::write(&champions, text)?;
    println!("the best of each size are in {}", champions.display());
    if worst.fuel > FUEL_PER_COST * worst.most {
        println!(
            "more than {FUEL_PER_COST} a unit:\n{}\n{}",
            worst.policy.to_text(),
            worst.ctx.to_text()
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(climb: &Climb) {
    println!(
        "{} tried, {} decided; fuel a unit of the bound, best of each size:",
        climb.tried, climb.decided
    );
    for (size, best) in climb.best.iter().enumerate() {
        if let Some(best) = best.first() {
            println!("  < 2^{size:<2} {:>6.0}  {} of {}", best.ratio(), best.fuel, best.most);
        }
    }
}
