//! Where what came out now is another result than what was recorded.

use std::{collections::BTreeSet, ops::ControlFlow};

use serde_json::{Map, Value};
use sigmapol_core::difference::{Comparison, Difference, walk};

/// Every member, in the order of keys.
struct Results;

impl Comparison for Results {
    fn keys<'v>(
        &self,
        recorded: &'v Map<String, Value>,
        now: &'v Map<String, Value>,
    ) -> Vec<&'v str> {
        let keys: BTreeSet<_> = recorded.keys().chain(now.keys()).map(String::as_str).collect();
        keys.into_iter().collect()
    }

    fn same(&self, _: Option<&str>, recorded: &Value, now: &Value) -> bool {
        recorded == now
    }
}

/// Where two results differ first: the path, what was recorded, what came out now. A member that is
/// not there is `null`.
pub(crate) fn difference(recorded: &Value, now: &Value) -> Option<String> {
    if let (Some((name, was)), Some((other, is))) = (ending(recorded), ending(now))
        && name != other
    {
        return Some(format!("outcome: recorded {was}, now {is}"));
    }
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let first = walk(&Results, "", recorded, now, &mut |path, difference| match difference {
        Difference::Value(recorded, now) => {
            let [recorded, now] = [recorded, now].map(|value| value.unwrap_or(&Value::Null));
            if recorded == now {
                return ControlFlow::Continue(());
            }
            let (recorded, now) = (shown(recorded), shown(now));
            ControlFlow::Break(format!("{path}: recorded {recorded}, now {now}"))
        }
        Difference::Length(recorded, now) => {
            let (recorded, now) = (recorded.len(), now.len());
            ControlFlow::Break(format!("{path}: recorded {recorded} entries, now {now}"))
        }
    });
    first.break_value()
}

/// How a call ended, of an outcome: a decision, a turn, a ranking, or that it was refused or stopped;
/// and that with the code.
fn ending(outcome: &Value) -> Option<(&str, String)> {
    const ENDINGS: [&str; 5] = ["decision", "ranking", "refused", "stopped", "turn"];

    let members = outcome.as_object().filter(|members| members.len() == 1)?;
    let (name, value) = members.iter().next()?;
    let shown = match value {
        Value::String(code) => format!("{name} {code}"),
        _ => name.clone(),
    };
    ENDINGS.contains(&name.as_str()).then_some((name, shown))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference() {
        let recorded = json!({ "decision": { "cost": "10", "ordered": [[0, "aa"], [1, "bb"]] } });
        assert_eq!(difference(&recorded, &recorded), None);
        for (now, expected) in [
            (
                json!({ "decision": { "cost": "11", "ordered": [[1, "aa"]] } }),
                "decision.cost: recorded 10, now 11",
            ),
            (
                json!({ "decision": { "cost": "10", "ordered": [[0, "aa"], [1, "bc"]] } }),
                "decision.ordered[1][1]: recorded bb, now bc",
            ),
            (
                json!({ "decision": { "cost": "10", "ordered": [[0, "aa"]] } }),
                "decision.ordered: recorded 2 entries, now 1",
            ),
            (json!({ "refused": "ctx" }), "outcome: recorded decision, now refused ctx"),
            (
                json!({ "stopped": "exhausted fuel" }),
                "outcome: recorded decision, now stopped exhausted fuel",
            ),
        ] {
            assert_eq!(difference(&recorded, &now).unwrap(), expected);
        }
        let [recorded, now] = ["ctx", "seed"].map(|code| json!({ "refused": code }));
        assert_eq!(difference(&recorded, &now).unwrap(), "refused: recorded ctx, now seed");
    }
}
