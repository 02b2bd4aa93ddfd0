//! Steps of a run: with the router in every event, and over one that was read before.

use criterion::{BenchmarkId, Criterion};
use serde_json::json;
use sigmapol::Sandbox;
use sigmapol_core::{Effect, RouterText, Stateless, Stepper, Turn};

use crate::{
    cases::config,
    measured::Measured,
    router::{NOW_MS, REQUIREMENTS, state},
    table::{Table, count, figure},
};

/// Candidates of a host with a handful of providers.
const SIZE: usize = 40;

/// The steps of a call that is answered, each a group.
const STEPS: [&str; 2] = ["start", "respond"];

/// Who takes them.
const WAYS: [&str; 2] = ["prepared", "stateless"];

/// The two steps, by who takes them.
struct Call {
    steppers: [Box<dyn Stepper>; 2],
    start: String,
    run: String,
    respond: String,
}

impl Call {
    fn new() -> Self {
        let sandbox = Sandbox::new().unwrap();
        let router = json!({ "admission": "strict", "config": config(SIZE) }).to_string();
        let prepared = sandbox.ranker(router.as_str()).unwrap();
        let stateless = Stateless::new(sandbox, RouterText::new(&router).unwrap());
        let contract = json!({ "prompt": "Say hello", "requirements": REQUIREMENTS.clone() });
        let start = json!({
            "kind": "start", "contract": contract, "state": state(SIZE), "now_ms": NOW_MS,
        });
        let start = start.to_string();
        let started = prepared.step(None, &start).unwrap().value;
        assert!(matches!(started.effect, Effect::Call(_)));
        let respond = format!(
            r#"{{"kind":"respond","response":{{"ok":true,"response":{{}}}},"now_ms":{NOW_MS},"state":{}}}"#,
            started.state
        );
        Self {
            steppers: [Box::new(prepared), Box::new(stateless)],
            start,
            run: started.run,
            respond,
        }
    }

    /// Takes a step, and says what fuel it took.
    fn take(&self, step: &str, stepper: &dyn Stepper) -> (Turn, u64) {
        let taken = match step {
            "start" => stepper.step(None, &self.start),
            _ => stepper.step(Some(&self.run), &self.respond),
        };
        let taken = taken.unwrap();
        (taken.value, taken.spent.fuel)
    }
}

pub fn measure(criterion: &mut Criterion) {
    let call = Call::new();
    for step in STEPS {
        let [prepared, stateless] = call.steppers.each_ref().map(|way| call.take(step, &**way).0);
        assert_eq!(prepared, stateless);
        let mut group = criterion.benchmark_group(step);
        for (way, stepper) in WAYS.iter().zip(&call.steppers) {
            group.bench_function(BenchmarkId::new(*way, SIZE), |bencher| {
                bencher.iter(|| call.take(step, &**stepper));
            });
        }
        group.finish();
    }
}

pub fn section(measured: &Measured) -> String {
    let call = Call::new();
    let mut table = Table::new(
        1,
        [
            "step",
            "candidates",
            "stateless / prepared",
            "prepared, µs",
            "stateless, µs",
            "prepared, fuel",
            "stateless, fuel",
        ],
    );
    for step in STEPS {
        let [prepared, stateless] = WAYS.map(|way| measured.us(step, way, SIZE));
        let fuel = call.steppers.each_ref().map(|way| {
            call.take(step, &**way); // the first one may have to grow the memory
            call.take(step, &**way).1
        });
        let [of_prepared, of_stateless] = fuel.map(|fuel| count(usize::try_from(fuel).unwrap()));
        table.row([
            step.to_owned(),
            count(SIZE),
            figure(stateless / prepared),
            figure(prepared),
            figure(stateless),
            of_prepared,
            of_stateless,
        ]);
    }
    format!(
        "The steps of a call that is answered, each with the runtime state. Prepared: the configuration is
read before. Stateless: `start` brings it.

{table}"
    )
}
