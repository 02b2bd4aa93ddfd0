//! A term of an admitted policy, and where it is.

use serde_json::Value;

use crate::Path;

/// The sorts of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Pred,
    Scorer,
    Selector,
    Xform,
    FailPlan,
    Policy,
}

#[derive(Clone, Debug)]
pub(super) struct Term<'t> {
    pub(super) op: &'t str,
    /// The operation, then its arguments: the place in the array is that of the argument.
    parts: &'t [Value],
    pub(super) path: Path,
}

impl<'t> Term<'t> {
    pub(super) fn read(value: &'t Value, path: &Path) -> Option<Self> {
        let parts = value.as_array()?;
        Some(Self { op: parts.first()?.as_str()?, parts, path: path.clone() })
    }

    /// An argument, from 1; `null`, which no policy has, where there is none.
    pub(super) fn argument(&self, index: usize) -> &'t Value {
        self.parts.get(index).unwrap_or(&Value::Null)
    }

    pub(super) fn count(&self) -> usize {
        self.parts.len().saturating_sub(1)
    }

    pub(super) fn term(&self, index: usize) -> Option<Self> {
        Term::read(self.argument(index), &self.path.at(index))
    }

    /// Every argument that is a term.
    pub(super) fn terms(&self) -> impl Iterator<Item = Self> {
        (1..=self.count()).filter_map(|index| self.term(index))
    }

    pub(super) fn word(&self, index: usize) -> &'t str {
        self.argument(index).as_str().unwrap_or_default()
    }

    pub(super) fn number(&self, index: usize) -> Option<f64> {
        self.argument(index).as_f64()
    }

    pub(super) fn sort(&self) -> Option<Sort> {
        OPERATIONS.iter().find(|(_, names)| names.contains(&self.op)).map(|(sort, _)| *sort)
    }
}

/// The operations of each sort.
pub(crate) const OPERATIONS: [(Sort, &[&str]); 6] = [
    (
        Sort::Pred,
        &[
            "top",
            "bot",
            "meets_req",
            "scope_matches",
            "and",
            "or",
            "not",
            "is",
            "cmp",
            "tier_eq",
            "min_tier",
            "family_eq",
            "provider_eq",
            "served_by_eq",
            "has_cap",
        ],
    ),
    (Sort::Scorer, &["zero", "add", "scale", "gate", "neg", "normalize", "clamp", "field", "lit"]),
    (Sort::Selector, &["argmax", "ordered", "sample", "chain", "top_k", "prefer"]),
    (
        Sort::Xform,
        &[
            "id",
            "seq",
            "set_param",
            "inject_seed",
            "clamp_param",
            "jitter",
            "filter_text",
            "filter_image",
            "custom",
            "when",
        ],
    ),
    (Sort::FailPlan, &["always", "override"]),
    (Sort::Policy, &["policy"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation of the published signature has the sort that it has there.
    #[test]
    fn sorts_are_those_of_the_signature() {
        let signature = include_str!("../../../../golden/signature.json");
        let signature: Value = serde_json::from_str(signature).unwrap();
        let operations = signature["operations"].as_array().unwrap();
        for operation in operations {
            let term = Value::Array(vec![operation["op"].clone()]);
            let sort = Term::read(&term, &Path::default()).unwrap().sort();
            assert_eq!(format!("{:?}", sort.unwrap()), operation["sort"].as_str().unwrap());
        }
        let known: usize = OPERATIONS.iter().map(|(_, names)| names.len()).sum();
        assert_eq!(operations.len(), known);
    }
}
