//! A step: the long walk, one event at a time.
//!
//! An event comes in with everything it needs; the run, the runtime state and what to do next go
//! out. Nothing is remembered in between.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::call_scoped::CallScoped;
use crate::event::Event;
use crate::flow;
use crate::json::{Object, Value, read};
use crate::refusal::Refusal;
use crate::router::{Config, Runtime, elaborate, plan, status};
use crate::run::Run;
use crate::score::score_value;
use crate::shown;
use crate::turn::{Effect, Turn};

/// One event. `run` is the state of the run it belongs to: `respond`, `resume`, `skip` and `cancel` go
/// on with a call, `answer` with a flow. The events that belong to none are `init`, `start`, `rank`,
/// `status`, `elaborate`, `restore`, `observe`, `forget` and `flow`.
pub fn step(run: Option<&str>, event: &str) -> Result<Turn, Refusal> {
    let value = CallScoped::new(read("event", event)?);
    let runtime = Runtime::read(value.get("state"), "event.state")?;
    let event = Event::new(&value)?;
    if run.is_none() && event.get("config").is_some() && event.is_configured() {
        let config = CallScoped::new(event.config()?);
        return Step::new(Some(&config), runtime, value.weight()).take(&event, run);
    }
    Step::new(None, runtime, value.weight()).take(&event, run)
}

/// What a step works on besides the run.
pub struct Step<'a> {
    config: Option<&'a Config<'a>>,
    runtime: Runtime<'a>,
    logs: Vec<Value<'a>>,
    cost: u64,
}

impl<'a> Step<'a> {
    /// A step over a configuration, if its event takes one, and a state. `weight` is that of the
    /// event and what goes into it.
    pub const fn new(config: Option<&'a Config<'a>>, runtime: Runtime<'a>, weight: u64) -> Self {
        Self { config, runtime, logs: Vec::new(), cost: weight }
    }

    /// Takes the step.
    #[inline(never)]
    pub fn take(mut self, event: &Event<'a>, run: Option<&'a str>) -> Result<Turn, Refusal> {
        let (run, effect) = match run {
            Some(run) => {
                self.cost += run.len() as u64;
                self.go_on(event, run)?
            }
            None => self.begin(event)?,
        };
        let state = CallScoped::new(self.runtime.into_value());
        Ok(Turn {
            run: run.unwrap_or_else(|| "{}".to_string()),
            state: state.to_json(),
            effect,
            logs: self.logs.iter().map(Value::to_json).collect(),
            cost: self.cost,
        })
    }

    fn config(&self, event: &Event<'a>) -> Result<&'a Config<'a>, Refusal> {
        self.config.ok_or_else(|| event.missing("config"))
    }

    fn go_on(
        &mut self,
        event: &Event<'a>,
        run: &'a str,
    ) -> Result<(Option<String>, Effect), Refusal> {
        let kind = event.text("kind")?;
        if kind == "answer" {
            let (run, effect) = flow::answer(event, &read("run", run)?)?;
            return Ok((run.as_ref().map(Value::to_json), effect));
        }
        let mut run = CallScoped::new(Run::read(run)?);
        let now_ms = event.now_ms()?;
        let effect = match kind {
            "respond" => run.respond(event.response()?, &mut self.runtime, now_ms)?,
            "resume" => run.resume(&mut self.runtime, now_ms)?,
            "skip" => run.leave(event.text("reason")?, &mut self.runtime, now_ms)?,
            "cancel" => run.cancel(event.text("reason")?, now_ms),
            _ => {
                let known = "expected respond, resume, skip, cancel or answer with a run";
                return Err(Refusal::unsupported(format!("event.kind: {known}, got '{kind}'")));
            }
        };
        Ok((Some(run.to_text()), effect))
    }

    fn begin(&mut self, event: &Event<'a>) -> Result<(Option<String>, Effect), Refusal> {
        let runtime = &mut self.runtime;
        let answer = match event.text("kind")? {
            "start" => return self.start(event),
            "flow" => {
                let (run, effect) = flow::start(event)?;
                return Ok((run.as_ref().map(Value::to_json), effect));
            }
            "init" => {
                let missing = || Refusal::config("config must be a table");
                let config = self.config.ok_or_else(missing)?;
                *runtime = Runtime::new();
                if let Some(metrics) = event.get("metrics") {
                    runtime.seed(metrics);
                }
                Object::new().flag("ok", true).with("info", config.info())
            }
            "rank" => self.rank(event)?,
            "status" => {
                let status = status(self.config(event)?, &self.runtime, event.now_ms()?);
                return Ok((None, Effect::Done(status.to_json())));
            }
            "elaborate" => {
                let profile = event.need("profile")?;
                let (table, contract) = (event.get("retry_table"), event.get("contract"));
                let term = elaborate(profile, table, contract).map_err(Refusal::config)?;
                Object::new().with("term", term)
            }
            "restore" => match event.get("snapshot").and_then(Value::as_object) {
                Some(snapshot) => {
                    runtime.restore(snapshot, event.now_ms()?);
                    Object::new().flag("ok", true)
                }
                None => Object::new().flag("ok", false).text("error", "snapshot must be a table"),
            },
            "observe" => {
                let (provider, model) = (event.text("provider")?, event.text("model")?);
                runtime.observe(provider, model, event.need("delta")?);
                Object::new().flag("ok", true)
            }
            "forget" => {
                runtime.forget_offers(event.text("discovery_id")?);
                Object::new().flag("ok", true)
            }
            kind => return Err(Refusal::unsupported(format!("event.kind: unknown kind '{kind}'"))),
        };
        Ok((None, Effect::Done(answer.build().to_json())))
    }

    fn start(&mut self, event: &Event<'a>) -> Result<(Option<String>, Effect), Refusal> {
        let config = self.config(event)?;
        let (contract, now_ms) = (event.contract()?, event.now_ms()?);
        match plan(config, &mut self.runtime, event.supplies()?, contract) {
            Err(error) => {
                let trace = Object::new()
                    .with("rejected", Value::Array(Vec::new()))
                    .with("decision_path", Value::Array(Vec::new()))
                    .number("started_at_ms", now_ms);
                let done = Object::new()
                    .flag("ok", false)
                    .text("error", shown::message(&error).into_owned())
                    .with("trace", trace.build());
                Ok((None, Effect::Done(done.build().to_json())))
            }
            Ok(mut plan) => {
                self.logs.append(&mut plan.logs);
                self.cost += plan.cost;
                let (run, effect) = Run::start(plan, contract, config, &mut self.runtime, now_ms)?;
                Ok((Some(CallScoped::new(run).to_text()), effect))
            }
        }
    }

    fn rank(&mut self, event: &Event<'a>) -> Result<Object<'a>, Refusal> {
        const SHOWN: [&str; 10] = [
            "provider_id",
            "model_family",
            "served_model_id",
            "base_url",
            "price_in",
            "price_out",
            "raw_price_in",
            "raw_price_out",
            "price_multiplier",
            "tier",
        ];
        let config = self.config(event)?;
        let plan = match plan(config, &mut self.runtime, event.supplies()?, event.contract()?) {
            Ok(plan) => plan,
            Err(error) => {
                return Ok(Object::new().text("error", shown::message(&error).into_owned()));
            }
        };
        self.logs.extend(plan.logs);
        self.cost += plan.cost;
        let mut ordered = Vec::with_capacity(plan.ordered.len());
        for (candidate, score) in &plan.ordered {
            let entry = Object::new().copy(candidate, &SHOWN);
            ordered.push(entry.with("score", score_value(*score)).build());
        }
        let ordered = Object::new().with("ordered", Value::Array(ordered));
        Ok(ordered.with("rejected", Value::Array(plan.rejected)))
    }
}
