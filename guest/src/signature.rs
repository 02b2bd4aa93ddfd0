//! Σ_pol as data: every operation, its arguments and its algebraic laws.
//!
//! This table is the only place that knows operations by name.

/// The sorts that terms have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A test of a candidate.
    Pred,
    /// A number for each candidate.
    Scorer,
    /// An order of candidates.
    Selector,
    /// A change of the outgoing request.
    Xform,
    /// What to do about each kind of failure.
    FailPlan,
    /// All five together.
    Policy,
}

impl Sort {
    /// The name, such as `FailPlan`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pred => "Pred",
            Self::Scorer => "Scorer",
            Self::Selector => "Selector",
            Self::Xform => "Xform",
            Self::FailPlan => "FailPlan",
            Self::Policy => "Policy",
        }
    }
}

/// The sorts that parameters have: plain JSON, not terms.
#[expect(clippy::enum_variant_names, reason = "`ParamName` is the signature's own word")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    Num,
    Count,
    Rel,
    NumField,
    BoolField,
    Tier,
    Family,
    Provider,
    ServedBy,
    Capability,
    ParamName,
    Scalar,
    Recipe,
    Sym,
    FailReason,
    Action,
    Chain,
}

/// An argument place.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    Term(Sort),
    Param(Param),
}

/// The arguments of an operation.
#[derive(Clone, Copy, Debug)]
pub enum Arguments {
    Fixed(&'static [Slot]),
    /// One or more terms of a sort; associative.
    Variadic(Sort, Laws),
}

/// The laws of an associative operation.
#[derive(Clone, Copy, Debug)]
pub struct Laws {
    /// Whether the order of the arguments is immaterial.
    pub commutative: bool,
    /// The argument that changes nothing.
    pub unit: Op,
    /// The argument that decides everything.
    pub absorber: Option<Op>,
}

/// An entry of the signature.
#[derive(Debug)]
pub struct Operation {
    pub op: Op,
    pub name: &'static str,
    pub sort: Sort,
    pub arguments: Arguments,
}

/// One line an operation: `Op "name": arguments => Sort`.
macro_rules! signature {
    ($($op:ident $name:literal : $arguments:expr => $sort:ident;)*) => {
        /// The operations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Op { $($op),* }

        impl Op {
            /// Every operation, in the order of the signature.
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$op),*];

            /// The entry of this operation.
            pub fn operation(self) -> &'static Operation {
                match self { $(Self::$op => {
                    static ENTRY: Operation = Operation {
                        op: Op::$op, name: $name, sort: Sort::$sort, arguments: $arguments,
                    };
                    &ENTRY
                })* }
            }
        }

        /// The operation of a name.
        pub fn find(name: &str) -> Option<&'static Operation> {
            let op = match name { $($name => Op::$op,)* _ => return None };
            Some(op.operation())
        }
    };
}

use Arguments::{Fixed, Variadic};
use Slot::{Param as P, Term as T};

const AND: Laws = Laws { commutative: true, unit: Op::Top, absorber: Some(Op::Bot) };
const OR: Laws = Laws { commutative: true, unit: Op::Bot, absorber: Some(Op::Top) };
const ADD: Laws = Laws { commutative: true, unit: Op::Zero, absorber: None };
const SEQ: Laws = Laws { commutative: false, unit: Op::Id, absorber: None };

signature! {
    Top "top": Fixed(&[]) => Pred;
    Bot "bot": Fixed(&[]) => Pred;
    MeetsReq "meets_req": Fixed(&[]) => Pred;
    ScopeMatches "scope_matches": Fixed(&[]) => Pred;
    And "and": Variadic(Sort::Pred, AND) => Pred;
    Or "or": Variadic(Sort::Pred, OR) => Pred;
    Not "not": Fixed(&[T(Sort::Pred)]) => Pred;
    Is "is": Fixed(&[P(Param::BoolField)]) => Pred;
    Cmp "cmp": Fixed(&[P(Param::NumField), P(Param::Rel), P(Param::Num)]) => Pred;
    TierEq "tier_eq": Fixed(&[P(Param::Tier)]) => Pred;
    MinTier "min_tier": Fixed(&[P(Param::Tier)]) => Pred;
    FamilyEq "family_eq": Fixed(&[P(Param::Family)]) => Pred;
    ProviderEq "provider_eq": Fixed(&[P(Param::Provider)]) => Pred;
    ServedByEq "served_by_eq": Fixed(&[P(Param::ServedBy)]) => Pred;
    HasCap "has_cap": Fixed(&[P(Param::Capability)]) => Pred;

    Zero "zero": Fixed(&[]) => Scorer;
    Add "add": Variadic(Sort::Scorer, ADD) => Scorer;
    Scale "scale": Fixed(&[P(Param::Num), T(Sort::Scorer)]) => Scorer;
    Gate "gate": Fixed(&[T(Sort::Pred), T(Sort::Scorer)]) => Scorer;
    Neg "neg": Fixed(&[T(Sort::Scorer)]) => Scorer;
    Normalize "normalize": Fixed(&[T(Sort::Scorer)]) => Scorer;
    Clamp "clamp": Fixed(&[P(Param::Num), P(Param::Num), T(Sort::Scorer)]) => Scorer;
    Field "field": Fixed(&[P(Param::NumField)]) => Scorer;
    Lit "lit": Fixed(&[P(Param::Num)]) => Scorer;

    Argmax "argmax": Fixed(&[]) => Selector;
    Ordered "ordered": Fixed(&[]) => Selector;
    Sample "sample": Fixed(&[P(Param::Num)]) => Selector;
    Chain "chain": Fixed(&[P(Param::Chain)]) => Selector;
    TopK "top_k": Fixed(&[P(Param::Count), T(Sort::Selector)]) => Selector;
    Prefer "prefer": Fixed(&[T(Sort::Pred), T(Sort::Selector)]) => Selector;

    Id "id": Fixed(&[]) => Xform;
    Seq "seq": Variadic(Sort::Xform, SEQ) => Xform;
    SetParam "set_param": Fixed(&[P(Param::ParamName), P(Param::Scalar)]) => Xform;
    InjectSeed "inject_seed": Fixed(&[P(Param::ParamName)]) => Xform;
    ClampParam "clamp_param": Fixed(&[P(Param::ParamName), P(Param::Num), P(Param::Num)]) => Xform;
    Jitter "jitter": Fixed(&[P(Param::ParamName), P(Param::Num)]) => Xform;
    FilterText "filter_text": Fixed(&[P(Param::Recipe)]) => Xform;
    FilterImage "filter_image": Fixed(&[P(Param::Recipe)]) => Xform;
    Custom "custom": Fixed(&[P(Param::Sym)]) => Xform;
    When "when": Fixed(&[T(Sort::Pred), T(Sort::Xform)]) => Xform;

    Always "always": Fixed(&[P(Param::Action)]) => FailPlan;
    Override "override":
        Fixed(&[T(Sort::FailPlan), P(Param::FailReason), P(Param::Action)]) => FailPlan;

    Policy "policy": Fixed(&[
        T(Sort::Pred), T(Sort::Scorer), T(Sort::Selector), T(Sort::Xform), T(Sort::FailPlan),
    ]) => Policy;
}

/// The relations of `cmp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rel {
    Lt,
    Le,
    Eq,
    Ne,
    Ge,
    Gt,
}

impl Rel {
    /// The relation of a name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Lt, Self::Le, Self::Eq, Self::Ne, Self::Ge, Self::Gt]
            .into_iter()
            .find(|rel| rel.name() == name)
    }

    /// The name in terms and reasons.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Ge => "ge",
            Self::Gt => "gt",
        }
    }
}

/// What a fail plan may do.
pub const ACTIONS: [&str; 5] =
    ["retry_same", "next_candidate", "next_provider_same_model", "disable_provider", "abort"];

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for op in Op::ALL {
            assert_eq!(find(op.operation().name).map(|found| found.op), Some(*op));
        }
        // 42 operations of sigma-pol/v2, and `prefer`
        assert_eq!(Op::ALL.len(), 43);
    }

    /// `signature.json`, in `golden/` of the repository, is the table for programs in other languages: editors, pages.
    #[test]
    fn published() {
        let quoted = |name: &str| std::format!("{name:?}");
        let list = |names: Vec<String>| std::format!("[{}]", names.join(","));
        let operations = Op::ALL.iter().map(|op| {
            let Operation { name, sort, arguments, .. } = op.operation();
            let (arguments, variadic) = match arguments {
                Arguments::Variadic(sort, _) => (std::vec![quoted(sort.name())], true),
                Arguments::Fixed(slots) => {
                    let slots = slots.iter().map(|slot| match slot {
                        Slot::Term(sort) => quoted(sort.name()),
                        Slot::Param(param) => quoted(param.name()),
                    });
                    (slots.collect(), false)
                }
            };
            std::format!(
                "  {{\"op\":{name:?},\"sort\":{:?},\"arguments\":{},\"variadic\":{variadic}}}",
                sort.name(),
                list(arguments)
            )
        });
        let json = std::format!(
            "{{\"operations\":[\n{}\n]}}\n",
            operations.collect::<Vec<_>>().join(",\n")
        );
        assert_eq!(json, include_str!("../signature.json"));
    }
}
