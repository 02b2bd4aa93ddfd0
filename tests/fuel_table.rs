//! What each golden vector takes, in the component and over what was read before.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use sigmapol::{PreparedEngine, Sandbox, artifact};
use sigmapol_conformance::{Schemas, records, replay};
use sigmapol_core::{Admission, Decision, Engine, Error, Metered, Turn};

use crate::text;

const FAMILIES: [&str; 8] =
    ["terms", "decide", "xform", "failplan", "steps", "config", "elaborate", "flows"];

/// An engine that adds up what its calls take. A refusal has no measurement and adds nothing.
struct Summing<V> {
    engine: V,
    fuel: AtomicU64,
    cost: AtomicU64,
}

impl<V: Engine> Summing<V> {
    const fn new(engine: V) -> Self {
        Self { engine, fuel: AtomicU64::new(0), cost: AtomicU64::new(0) }
    }

    fn add<T>(
        &self,
        result: Result<Metered<T>, Error>,
        cost: fn(&T) -> u64,
    ) -> Result<Metered<T>, Error> {
        if let Ok(outcome) = &result {
            self.fuel.fetch_add(outcome.spent.fuel, Ordering::Relaxed);
            self.cost.fetch_add(cost(&outcome.value), Ordering::Relaxed);
        }
        result
    }

    /// Fuel and cost since the last time.
    fn take(&self) -> (u64, u64) {
        (self.fuel.swap(0, Ordering::Relaxed), self.cost.swap(0, Ordering::Relaxed))
    }
}

impl<V: Engine> Engine for Summing<V> {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.add(self.engine.admit(term, vocabulary), |_| 0)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.add(self.engine.hash(term, vocabulary), |_| 0)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        self.add(self.engine.decide(policy, ctx), |decision| decision.cost)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.add(self.engine.step(run, event), |turn| turn.cost)
    }
}

/// One line for the engine, then one a vector: `{family, id, fuel, prepared?, cost}`. `fuel` is that
/// of the calls that a replay makes of the component, `prepared` that of its decisions over a
/// catalog and of its steps over a router, without reading either.
///
/// # Errors
///
/// A sandbox that cannot be made, or vectors that cannot be read.
pub fn fuel_table() -> Result<String> {
    let sandbox = Sandbox::new()?;
    let component = Summing::new(sandbox.clone());
    let prepared = Summing::new(PreparedEngine::new(sandbox));
    let schemas = Schemas::read(&text("golden/schemas.json"))?;
    let mut table = String::new();
    writeln!(
        table,
        r#"{{"component":"{}","wasmtime":"{}"}}"#,
        sigmapol_core::digest(artifact::COMPONENT),
        artifact::wasmtime_version()
    )?;
    for family in FAMILIES {
        let vectors = text(&format!("golden/{family}.jsonl"));
        for record in records(&vectors)? {
            let id = record.id().to_owned();
            let record = [record];
            replay(&record, &schemas, &component, &|| ())?;
            let (fuel, cost) = component.take();
            write!(table, r#"{{"family":"{family}","id":"{id}","fuel":{fuel}"#)?;
            if matches!(family, "decide" | "xform" | "steps") {
                replay(&record, &schemas, &prepared, &|| ())?;
                let (fuel, _) = prepared.take();
                write!(table, r#","prepared":{fuel}"#)?;
            }
            writeln!(table, r#","cost":{cost}}}"#)?;
        }
    }
    Ok(table)
}
