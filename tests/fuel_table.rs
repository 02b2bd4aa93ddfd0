//! What each golden vector takes, in the component and over a catalog.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use sigmapol::conformance::{Schemas, records, replay};
use sigmapol::{Admission, AtOnce, Decision, Error, Outcome, Sandbox, Turn, Verbs, artifact};

use crate::text;

const FAMILIES: [&str; 8] =
    ["terms", "decide", "xform", "failplan", "steps", "config", "elaborate", "flows"];

/// An engine that adds up what its calls take. A refusal has no measurement and adds nothing.
struct Metered<V> {
    verbs: V,
    fuel: AtomicU64,
    cost: AtomicU64,
}

impl<V: Verbs> Metered<V> {
    const fn new(verbs: V) -> Self {
        Self { verbs, fuel: AtomicU64::new(0), cost: AtomicU64::new(0) }
    }

    fn add<T>(
        &self,
        result: Result<Outcome<T>, Error>,
        cost: fn(&T) -> u64,
    ) -> Result<Outcome<T>, Error> {
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

impl<V: Verbs> Verbs for Metered<V> {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Outcome<Admission>, Error> {
        self.add(self.verbs.admit(term, vocabulary), |_| 0)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Outcome<String>, Error> {
        self.add(self.verbs.hash(term, vocabulary), |_| 0)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Outcome<Decision>, Error> {
        self.add(self.verbs.decide(policy, ctx), |decision| decision.cost)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Outcome<Turn>, Error> {
        self.add(self.verbs.step(run, event), |turn| turn.cost)
    }
}

/// One line for the engine, then one a vector: `{family, id, fuel, prepared?, cost}`. `fuel` is that
/// of the calls that a replay makes of the component, `prepared` that of its decisions over a
/// catalog, without reading it.
///
/// # Errors
///
/// A sandbox that cannot be made, or vectors that cannot be read.
pub fn fuel_table() -> Result<String> {
    let sandbox = Sandbox::new()?;
    let component = Metered::new(sandbox.clone());
    let prepared = Metered::new(AtOnce::new(sandbox));
    let schemas = Schemas::read(&text("golden/schemas.json"))?;
    let mut table = String::new();
    writeln!(
        table,
        r#"{{"component":"{}","wasmtime":"{}"}}"#,
        artifact::digest(artifact::COMPONENT),
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
            if matches!(family, "decide" | "xform") {
                replay(&record, &schemas, &prepared, &|| ())?;
                let (fuel, _) = prepared.take();
                write!(table, r#","prepared":{fuel}"#)?;
            }
            writeln!(table, r#","cost":{cost}}}"#)?;
        }
    }
    Ok(table)
}
