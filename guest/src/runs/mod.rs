//! Runs: the router configuration, and the machine that walks a call through its failures.
//!
//! An event comes in with everything it needs; the run, the runtime state and what to do next go
//! out. Nothing is remembered in between.

mod config;
mod elaborate;
mod flow;
mod inherit;
mod machine;
mod plan;
mod pool;
mod runtime;
mod status;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use config::{Config, Refused};
use flow::{Flow, Progress};
use machine::{Run, score_value};
use plan::{NoPlan, plan};
use pool::Supplies;
use runtime::Runtime;

use crate::encode::{fingerprint, sha256};
use crate::json::{Members, Value, set};
use crate::read::read;
use crate::refusal::{Refusal, RefusalCode};
use crate::step::{Effect, Turn};
use crate::vocabulary::{Profile, Vocabulary};

/// Bytes of a provider's error message that the trace keeps.
pub const ERROR_BYTES: usize = 300;

/// An object of the members that have a value.
pub fn record<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let mut object = Vec::with_capacity(N);
    for (key, value) in members {
        set(&mut object, key, value);
    }
    Value::Object(object)
}

/// One event. `run` is the state of the run it belongs to: `respond` and `resume` go on with a
/// call, `answer` with a flow. The events that belong to none are `init`, `start`, `rank`, `status`,
/// `elaborate`, `restore`, `observe`, `forget` and `flow`.
pub fn step(run: Option<&str>, event: &str) -> Result<Turn, Refusal> {
    let event = read("event", event)?;
    let cost = event.weight();
    let run = run.map(|run| read("run", run)).transpose()?;
    let event = Event::new(&event)?;
    let mut runtime = match event.value.get("state") {
        Some(state) => Runtime::of(state),
        None => Runtime::new(),
    };
    let mut logs = Vec::new();
    let (run, effect) = match (event.text("kind")?, run) {
        ("flow", None) => start_flow(&event)?,
        ("answer", Some(run)) => answer(&event, run)?,
        ("respond", Some(run)) => {
            let mut run = Run::read(&run)?;
            let response = event.value.get("response");
            let effect = run.respond(response, &mut runtime, event.now_ms()?)?;
            (Some(run.into_value()), effect)
        }
        ("resume", Some(run)) => {
            let mut run = Run::read(&run)?;
            let effect = run.resume(&mut runtime, event.now_ms()?)?;
            (Some(run.into_value()), effect)
        }
        ("start", None) => start(&event, &mut runtime, &mut logs)?,
        (kind, None) => {
            let answer = match kind {
                "init" => init(&event, &mut runtime),
                "rank" => rank(&event, &mut runtime, &mut logs)?,
                "status" => status::status(&event.config()?, &runtime, event.now_ms()?),
                "elaborate" => lowered(&event)?,
                "restore" => restore(&event, &mut runtime)?,
                "observe" => {
                    let delta = event.need("delta")?;
                    runtime.observe(event.text("provider")?, event.text("model")?, delta);
                    ok()
                }
                "forget" => {
                    runtime.forget_offers(event.text("discovery_id")?);
                    ok()
                }
                _ => return Err(refuse(format!("event.kind: unknown kind '{kind}'"))),
            };
            (None, Effect::Done(answer.to_json()))
        }
        (kind, Some(_)) => {
            return Err(refuse(format!(
                "event.kind: expected respond, resume or answer with a run, got '{kind}'"
            )));
        }
    };
    Ok(Turn {
        run: run.map_or_else(|| "{}".to_string(), |run| run.to_json()),
        state: runtime.into_value().to_json(),
        effect,
        logs: logs.iter().map(Value::to_json).collect(),
        cost,
    })
}

fn start(
    event: &Event,
    runtime: &mut Runtime,
    logs: &mut Vec<Value>,
) -> Result<(Option<Value>, Effect), Refusal> {
    let config = event.config()?;
    let contract = event.need("contract")?;
    let now_ms = event.now_ms()?;
    match plan(&config, runtime, event.supplies()?, contract, event.object("customs")) {
        Err(NoPlan { error, thrown }) => {
            let nothing = || Some(Value::Array(Vec::new()));
            let trace = record([
                ("rejected", nothing()),
                ("decision_path", nothing()),
                ("started_at_ms", Some(Value::Number(now_ms))),
            ]);
            let done = record([
                ("ok", Some(Value::Bool(false))),
                ("error", Some(Value::String(error))),
                ("thrown", thrown.then_some(Value::Bool(true))),
                ("trace", Some(trace)),
            ]);
            Ok((None, Effect::Done(done.to_json())))
        }
        Ok(plan) => {
            logs.extend(plan.logs.iter().cloned());
            let (run, effect) = Run::start(&plan, contract, config.defaults, runtime, now_ms)?;
            Ok((Some(run.into_value()), effect))
        }
    }
}

/// Names a flow; with an input, runs it.
fn start_flow(event: &Event) -> Result<(Option<Value>, Effect), Refusal> {
    let flow = event.need("flow")?;
    let checked = match Flow::check(flow, &event.vocabulary()?) {
        Ok(checked) => checked,
        Err(error) => {
            let done = record([("error", Some(Value::String(error)))]);
            return Ok((None, Effect::Done(done.to_json())));
        }
    };
    let Some(input) = event.value.get("input") else {
        let encoding = checked.encode();
        let done = record([
            ("identity", Some(Value::String(sha256(&encoding)))),
            ("fingerprint", Some(Value::String(fingerprint(&encoding)))),
            ("canonical", Some(Value::String(encoding))),
        ]);
        return Ok((None, Effect::Done(done.to_json())));
    };
    let run = record([
        ("version", Some(Value::Number(machine::VERSION))),
        ("flow", Some(flow.clone())),
        ("input", Some(input.clone())),
        ("vocabulary", event.value.get("vocabulary").cloned()),
        ("answers", Some(Value::Object(Vec::new()))),
    ]);
    let effect = effect_of(checked.proceed(event.text("input")?, &[]));
    Ok((Some(run), effect))
}

/// The text that the call of a flow's node came back with.
fn answer(event: &Event, run: Value) -> Result<(Option<Value>, Effect), Refusal> {
    let part = |key| run.get(key).ok_or_else(|| refuse("run: expected the run of a flow"));
    let vocabulary = event.vocabulary()?;
    let checked = Flow::check(part("flow")?, &vocabulary).map_err(refuse)?;
    let input = part("input")?.as_str().unwrap_or_default();
    let mut answers = part("answers")?.as_object().unwrap_or(&[]).to_vec();
    if let Progress::Call(call) = checked.proceed(input, &answers) {
        let text = Value::String(event.text("text")?.to_string());
        set(&mut answers, call.node, Some(text));
    }
    let effect = effect_of(checked.proceed(input, &answers));
    let mut members = run.as_object().unwrap_or(&[]).to_vec();
    set(&mut members, "answers", Some(Value::Object(answers)));
    Ok((Some(Value::Object(members)), effect))
}

fn effect_of(progress: Progress) -> Effect {
    let text = |text: &str| Some(Value::String(text.to_string()));
    match progress {
        Progress::Done(output) => Effect::Done(record([("output", text(&output))]).to_json()),
        Progress::Call(call) => Effect::Call(
            record([
                ("node", text(call.node)),
                ("system", text(call.system)),
                ("prompt", text(&call.prompt)),
                ("policy", Some(call.policy.clone())),
                ("policy_fingerprint", text(&call.policy_fingerprint)),
            ])
            .to_json(),
        ),
    }
}

fn rank(event: &Event, runtime: &mut Runtime, logs: &mut Vec<Value>) -> Result<Value, Refusal> {
    let (config, contract) = (event.config()?, event.need("contract")?);
    let plan = plan(&config, runtime, event.supplies()?, contract, event.object("customs"));
    let plan = match plan {
        Ok(plan) => plan,
        Err(NoPlan { error, thrown }) => {
            return Ok(record([
                ("error", Some(Value::String(error))),
                ("thrown", thrown.then_some(Value::Bool(true))),
            ]));
        }
    };
    logs.extend(plan.logs);
    let ordered = plan.ordered.iter().map(|(candidate, score)| {
        let own = |key: &'static str| (key, candidate.get(key).cloned());
        record([
            own("provider_id"),
            own("model_family"),
            own("served_model_id"),
            own("base_url"),
            own("price_in"),
            own("price_out"),
            own("raw_price_in"),
            own("raw_price_out"),
            own("price_multiplier"),
            own("tier"),
            ("score", Some(score_value(*score))),
        ])
    });
    Ok(record([
        ("ordered", Some(Value::Array(ordered.collect()))),
        ("rejected", Some(Value::Array(plan.rejected))),
    ]))
}

fn init(event: &Event, runtime: &mut Runtime) -> Value {
    let refused = |error: String, thrown: bool| {
        record([
            ("ok", Some(Value::Bool(false))),
            ("error", Some(Value::String(error))),
            ("thrown", thrown.then_some(Value::Bool(true))),
        ])
    };
    let missing = Value::Bool(false);
    let config = event.value.get("config").unwrap_or(&missing);
    match Config::read(config, event.profile) {
        Ok(config) => {
            *runtime = Runtime::new();
            if let Some(metrics) = event.value.get("metrics") {
                runtime.seed(metrics);
            }
            record([("ok", Some(Value::Bool(true))), ("info", Some(config.info()))])
        }
        Err(Refused::Returned(error)) => refused(error, false),
        Err(Refused::Thrown(error)) => refused(error, true),
    }
}

fn lowered(event: &Event) -> Result<Value, Refusal> {
    let of_event = |key| event.value.get(key);
    let term =
        elaborate::elaborate(event.need("profile")?, of_event("retry_table"), of_event("contract"));
    Ok(match term {
        Ok(term) => record([("term", Some(term))]),
        Err(error) => record([("error", Some(Value::String(error)))]),
    })
}

fn restore(event: &Event, runtime: &mut Runtime) -> Result<Value, Refusal> {
    Ok(match event.value.get("snapshot").and_then(Value::as_object) {
        Some(snapshot) => {
            runtime.restore(snapshot, event.now_ms()?);
            ok()
        }
        None => record([
            ("ok", Some(Value::Bool(false))),
            ("error", Some(Value::String("snapshot must be a table".to_string()))),
        ]),
    })
}

fn ok() -> Value {
    record([("ok", Some(Value::Bool(true)))])
}

/// An event, and how strict its host is.
struct Event<'a> {
    value: &'a Value,
    profile: Profile,
}

impl<'a> Event<'a> {
    fn new(value: &'a Value) -> Result<Self, Refusal> {
        value.as_object().ok_or_else(|| refuse("event: expected an object"))?;
        let profile = match value.get("admission").map(Value::as_str) {
            None | Some(Some("strict")) => Profile::Strict,
            Some(Some("reference")) => Profile::Reference,
            Some(_) => return Err(refuse("event.admission: expected strict or reference")),
        };
        Ok(Self { value, profile })
    }

    fn need(&self, key: &str) -> Result<&'a Value, Refusal> {
        self.value.get(key).ok_or_else(|| refuse(format!("event.{key}: expected a value")))
    }

    fn text(&self, key: &str) -> Result<&'a str, Refusal> {
        let text = self.need(key)?.as_str();
        text.ok_or_else(|| refuse(format!("event.{key}: expected a string")))
    }

    /// The vocabulary of the event, in the profile of the event.
    fn vocabulary(&self) -> Result<Vocabulary, Refusal> {
        let nothing = Value::Object(Vec::new());
        let mut vocabulary = Vocabulary::read(self.value.get("vocabulary").unwrap_or(&nothing))?;
        vocabulary.profile = self.profile;
        Ok(vocabulary)
    }

    fn now_ms(&self) -> Result<f64, Refusal> {
        let now = self.need("now_ms")?.as_number();
        now.ok_or_else(|| refuse("event.now_ms: expected a number"))
    }

    fn object(&self, key: &str) -> &'a Members {
        self.value.get(key).and_then(Value::as_object).unwrap_or(&[])
    }

    fn supplies(&self) -> Result<Supplies<'a>, Refusal> {
        Ok(Supplies {
            offers: self.object("offers"),
            multipliers: self.object("multipliers"),
            now_ms: self.now_ms()?,
        })
    }

    fn config(&self) -> Result<Config, Refusal> {
        Config::read(self.need("config")?, self.profile).map_err(|refused| match refused {
            Refused::Returned(message) | Refused::Thrown(message) => refuse(message),
        })
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Ctx, message)
}
