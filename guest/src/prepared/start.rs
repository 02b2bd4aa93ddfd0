//! The start of a run over a router that was read before, by the policy of one of its profiles: the
//! run of [`crate::step()`], put together of texts that were written before.

use alloc::string::String;

use super::policy::PreparedPolicy;
use super::router::{Laid, PreparedRouter};
use super::texts::RankingText;
use crate::event::Event;
use crate::json::{Value, object_text};
use crate::router::known_keys;
use crate::run::{Head, OpenText, Part, PlanText, TraceText, build_request};
use crate::turn::{Effect, Turn};

impl PreparedRouter {
    /// A start under the state that was told; `weight` is that of the event and of what goes into it.
    /// Nothing where there is more to it: a policy or a candidate of the caller, a window that is
    /// over, nobody to be called, a transform that looks at candidates.
    pub(super) fn start(&self, event: &Event, weight: u64) -> Option<Turn> {
        let state = self.told()?;
        let (contract, now_ms) = (event.contract().ok()?, event.now_ms().ok()?);
        let capped = self.config.defaults.max_attempts_per_execution <= 0.0;
        let more = ["extra_candidates", "policy_ir"].iter().any(|key| contract.get(key).is_some());
        if more || capped || event.get("offers").is_some() || !self.windows.are_settled(now_ms) {
            return None;
        }
        known_keys(&self.config, contract).ok()?;
        let (number, policy) = self.policy_of_profile(contract).ok()??;
        if !policy.slots.transform.is_blind() {
            return None;
        }
        let mut turn = None;
        let mut begin = |laid: Laid| {
            turn = self.run(number, policy, contract, now_ms, &laid).map(|(run, effect)| {
                let cost = weight + policy.cost(self.ctx_weight() + laid.weight);
                Turn { run, state: state.into(), effect, logs: [].into(), cost }
            });
        };
        self.lay(policy, contract, now_ms, &mut begin).ok()?;
        turn
    }

    fn run(
        &self,
        number: usize,
        policy: &PreparedPolicy,
        contract: &Value,
        now_ms: f64,
        laid: &Laid,
    ) -> Option<(String, Effect)> {
        let first = laid.ranking.ordered.first().filter(|_| !laid.pin_is_missing)?.row as usize;
        if self.windows.is_disabled(self.catalog.providers.at(first), now_ms) {
            return None;
        }
        let (policy_text, fingerprint) = self.profile_texts.get(number)?.as_ref()?;
        let text = RankingText::new(&laid.ranking, &self.rows);
        let [customs, defaults, vocabulary] = &self.plan_texts;
        let row = self.rows.get(first)?;
        let [mut candidate, mut chosen] = [const { String::new() }; 2];
        row.write(&mut candidate);
        row.write_chosen(&mut chosen);
        let static_candidate = self.config.candidates.get(first)?;
        let name = |key: &str| static_candidate.get(key).and_then(Value::as_str);
        let open = OpenText {
            candidate: &candidate,
            chosen: &chosen,
            head: Head {
                attempts: 0.0,
                called_at_ms: now_ms,
                caller: false,
                calls: 1.0,
                count: laid.ranking.ordered.len() as f64,
                cursor: 0.0,
                decision_path: &[],
                last_error: None,
                model_family: name("model_family"),
                provider_id: name("provider_id"),
                started_at_ms: now_ms,
            },
            plan: Part::Plan(PlanText {
                candidates: &text.candidates,
                contract: &contract.to_json(),
                customs,
                defaults,
                policy: policy_text,
                state: self.additions.observed(),
                vocabulary,
            }),
            trace: Part::Trace(TraceText {
                fingerprint,
                identity: &policy.identity,
                ranked: &text.ranked,
                rejected: &text.rejected,
                started_at_ms: now_ms,
            }),
        };
        let run = open.to_text();
        let mut request = build_request(contract, static_candidate);
        request = policy.slots.transform.apply(request, laid.observation, 0, laid.seed);
        Some((run, Effect::Call(object_text(&request))))
    }
}
