//! How a run ends: the answer or the error, with the whole trace.

use alloc::string::ToString;

use super::state::Run;
use crate::json::{Object, Value};
use crate::turn::Effect;

impl<'a> Run<'a> {
    fn finish(&mut self, result: Object<'a>, now_ms: f64) -> Effect {
        let started = self.trace.get("started_at_ms").and_then(Value::as_number).unwrap_or(now_ms);
        let trace = Object::from(self.trace.as_object().unwrap_or(&[]))
            .with("decision_path", Value::Array(self.decision_path.clone()))
            .number("total_latency_ms", now_ms - started);
        let done = result.with("trace", trace.build()).build();
        let effect = Effect::Done(done.to_json());
        self.done = Some(done);
        effect
    }

    pub(super) fn fail(&mut self, error: &str, now_ms: f64) -> Effect {
        self.finish(Object::new().flag("ok", false).text("error", error.to_string()), now_ms)
    }

    pub(super) fn succeed(
        &mut self,
        response: Option<&Value<'a>>,
        candidate: &Value<'a>,
        now_ms: f64,
    ) -> Effect {
        let peer = candidate.get("offer").and_then(|offer| offer.get("peer_id"));
        let peer = peer.filter(|peer| peer.is_truthy());
        let chosen = Object::new()
            .copy(
                candidate,
                &[
                    "provider_id",
                    "model_family",
                    "served_model_id",
                    "price_in",
                    "price_out",
                    "raw_price_in",
                    "raw_price_out",
                    "price_multiplier",
                ],
            )
            .maybe("served_by", peer.or_else(|| candidate.get("provider_id")).cloned());
        let result = Object::new().flag("ok", true).maybe("response", response.cloned());
        self.finish(result.with("chosen", chosen.build()), now_ms)
    }
}
