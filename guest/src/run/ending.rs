//! How a run ends: the answer or the error, with the whole trace.

use alloc::borrow::Cow;

use super::state::Run;
use crate::json::{Object, ObjectText, Value, push};
use crate::number::finite;
use crate::turn::Effect;

impl<'a> Run<'a> {
    #[inline(never)]
    fn finish(&mut self, result: ObjectText, now_ms: f64) -> Effect {
        let mut path = ObjectText::new(512);
        path.list("decision_path", &self.decision_path);
        // what was known when the run began stands in the middle of the trace
        let known = self.trace.strip_prefix('{').and_then(|known| known.strip_suffix('}'));
        let known = known.unwrap_or_default();
        let mut text = result.into_unfinished();
        let comma = if known.is_empty() { "" } else { "," };
        let path = path.into_unfinished();
        push(&mut text, &[",\"trace\":", &path, comma, known, ",\"total_latency_ms\":"]);
        Value::Number(finite(now_ms - self.started_at_ms)).write(&mut text);
        push(&mut text, &["}}"]);
        self.done = Some(Cow::Owned(text.clone()));
        Effect::Done(text)
    }

    #[inline(never)]
    pub(super) fn fail(&mut self, error: &str, now_ms: f64) -> Effect {
        let mut result = ObjectText::new(self.trace.len() + 1024);
        result.text("error", Some(error));
        result.raw("ok", "false");
        self.finish(result, now_ms)
    }

    pub(super) fn succeed(
        &mut self,
        response: Option<&Value<'a>>,
        chosen: &str,
        now_ms: f64,
    ) -> Effect {
        let mut result = ObjectText::new(self.trace.len() + 1024);
        result.raw("chosen", chosen);
        result.raw("ok", "true");
        if let Some(response) = response {
            result.value("response", response);
        }
        self.finish(result, now_ms)
    }
}

/// What is told of a candidate that answers.
#[inline(never)]
pub(super) fn chosen<'a>(candidate: &Value<'a>) -> Value<'a> {
    let peer = candidate.get("offer").and_then(|offer| offer.get("peer_id"));
    let peer = peer.filter(|peer| peer.is_truthy());
    Object::new()
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
        .maybe("served_by", peer.or_else(|| candidate.get("provider_id")).cloned())
        .build()
}
