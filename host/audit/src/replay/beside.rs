//! What the record of a decision says beside its outcome.

use serde_json::{Value, json};
use sigmapol_core::{Engine, Error, digest, json::Members};

use super::job::differs;
use crate::{
    blank,
    ctx::SAID,
    facts::{names, result_digest},
    receipt::DecisionReceipt,
};

/// How much longer an escape is than the byte that it stands for.
const ESCAPE_BYTES: usize = 5;

/// What was blanked of a ctx.
pub(super) struct Said {
    /// How many bytes of its strings.
    blanked: usize,
    /// A member that should be blanked, and is not.
    open: Option<&'static str>,
}

impl Said {
    /// `text` is the ctx of the record.
    pub(super) fn of(receipt: &DecisionReceipt, text: &str) -> Self {
        let mut said = Self { blanked: 0, open: None };
        if receipt.ctx.blanked {
            let members = serde_json::from_str::<Members<'_>>(text).unwrap_or_default();
            for name in SAID {
                let Some(member) = members.get(name) else { continue };
                let (blank, bytes) = blank::blanked(member);
                said.blanked += bytes;
                if blank != member {
                    said.open = said.open.or(Some(name));
                }
            }
        }
        said
    }

    /// Whether the text of the record is the one that was decided on.
    pub(super) const fn is_whole(&self) -> bool {
        self.blanked == 0
    }
}

/// What the decision came to.
pub(super) struct Made<'m> {
    pub(super) outcome: &'m Value,
    /// The request, as it came out now.
    pub(super) request: Option<&'m str>,
}

/// The first difference.
///
/// `own` is the ctx of a decision over a catalog, whose candidates it has not.
pub(super) fn difference(
    receipt: &DecisionReceipt,
    said: &Said,
    own: Option<&str>,
    (policy, ctx): (&str, &str),
    made: &Made<'_>,
    engine: &dyn Engine,
) -> Option<String> {
    // a recorder takes apart what it can read, and nothing else
    let Ok(members) = serde_json::from_str::<Members<'_>>(ctx) else {
        return Some("ctx: expected members that are JSON".to_owned());
    };
    if let Some(name) = said.open {
        return Some(format!("ctx.{name}: expected strings that are blanked"));
    }
    let decision = made.outcome.get("decision");
    let first = decision.and_then(|decision| decision.pointer("/ordered/0/0")?.as_u64());
    let chosen = first.and_then(|first| {
        let names = names(members.get("candidates")?)?;
        names.into_iter().nth(usize::try_from(first).ok()?)
    });
    let candidates = members.get("candidates").filter(|_| own.is_none());
    let catalog = candidates.map(|text| digest(text.as_bytes()));
    let limits = [&receipt.cost_limit, &receipt.fuel.as_ref().map(|fuel| fuel.limit.clone())];
    if let Some(limit) = limits.into_iter().flatten().find(|limit| limit.parse::<u64>().is_err()) {
        return Some(format!("limit: expected a number, recorded {limit}"));
    }
    let text = own.unwrap_or(ctx);
    // what was blanked cannot be derived, and is believed as far as it may be so
    let (sha256, request) = match said.is_whole() {
        true => (digest(text.as_bytes()), made.request.map(|text| digest(text.as_bytes()))),
        false => {
            let request = made.request.and(receipt.request.as_deref()).map(str::to_owned);
            (receipt.ctx.sha256.clone(), request)
        }
    };
    if !said.is_whole() {
        let digests = [
            ("ctx.sha256", Some(receipt.ctx.sha256.as_str())),
            ("request", receipt.request.as_deref().or(made.request.map(|_| "null"))),
        ];
        for (place, recorded) in digests {
            if let Some(recorded) = recorded.filter(|recorded| !is_digest(recorded)) {
                return Some(format!("{place}: expected a digest, recorded {recorded}"));
            }
        }
    }
    if let Some(bytes) = &receipt.ctx.bytes {
        let (least, most) = (text.len(), text.len() + ESCAPE_BYTES * said.blanked);
        if !bytes.parse().is_ok_and(|bytes: usize| (least..=most).contains(&bytes)) {
            return Some(match said.is_whole() {
                true => format!("ctx.bytes: recorded {bytes}, now {least}"),
                false => format!("ctx.bytes: expected {least} to {most}, recorded {bytes}"),
            });
        }
    }
    let recorded = json!({
        "result": receipt.result, "catalog": receipt.catalog, "seed": receipt.seed,
        "chosen": receipt.chosen, "request": receipt.request,
        "ctx": { "sha256": receipt.ctx.sha256 },
        "policy": { "canonical": receipt.policy.canonical },
    });
    let now = json!({
        "result": result_digest(made.outcome), "catalog": catalog, "seed": members.get("seed"),
        "chosen": chosen, "request": request,
        "ctx": { "sha256": sha256 },
        "policy": { "canonical": canonical(receipt, policy, &members, made.outcome, engine) },
    });
    differs(&recorded, &now)
}

/// The digest of the policy before an envelope: that of the decision, or of an admission where there
/// is an envelope or no decision.
fn canonical(
    receipt: &DecisionReceipt,
    policy: &str,
    members: &Members<'_>,
    outcome: &Value,
    engine: &dyn Engine,
) -> Value {
    match outcome.get("decision") {
        Some(decision) if members.get("envelope").is_none() => json!(decision.get("identity")),
        _ => match engine.hash(policy, members.get("vocabulary").unwrap_or("{}")) {
            // a recorder that could not admit it says nothing
            Ok(_) if receipt.policy.canonical.is_none() && outcome.get("stopped").is_some() => {
                Value::Null
            }
            Ok(identity) => json!(identity.value),
            Err(Error::Refused(_)) => Value::Null,
            // under other limits it may have been admitted
            Err(_) => json!(receipt.policy.canonical),
        },
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
