//! The operations, as the project publishes them: a new one is generated from the day it is there.

use std::sync::LazyLock;

use serde_json::Value;

/// An operation of the signature.
#[derive(Debug)]
pub struct Operation {
    /// The name.
    pub op: String,
    /// The sort of its terms.
    pub sort: String,
    /// The sorts of its arguments, terms and parameters; of a variadic one, that of each.
    pub arguments: Vec<String>,
    /// Whether it takes one argument or more.
    pub variadic: bool,
}

/// Every operation.
pub static SIGNATURE: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let table: Value = serde_json::from_str(include_str!("../../golden/signature.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let operation = |entry: &Value| Operation {
        op: text(&entry["op"]),
        sort: text(&entry["sort"]),
        arguments: entry["arguments"].as_array().unwrap().iter().map(text).collect(),
        variadic: entry["variadic"].as_bool().unwrap(),
    };
    table["operations"].as_array().unwrap().iter().map(operation).collect()
});

/// The operations of each sort: those without terms below them, and the others.
pub static SORTED: LazyLock<Vec<[Vec<&'static Operation>; 2]>> = LazyLock::new(|| {
    // constants make every score the same: fields are drawn more often
    let often = |operation: &'static Operation| {
        vec![operation; if operation.op == "field" { 6 } else { 1 }]
    };
    let of = |sort: &str, leaf: bool| -> Vec<&'static Operation> {
        let of = SIGNATURE.iter().filter(|operation| operation.sort == sort);
        of.filter(|operation| operation.is_leaf() == leaf).flat_map(often).collect()
    };
    SORTS.iter().map(|sort| [true, false].map(|leaf| of(sort, leaf))).collect()
});

/// The operation of a name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    SIGNATURE.iter().find(|operation| operation.op == name)
}

/// The sorts that terms have.
pub const SORTS: [&str; 6] = ["Pred", "Scorer", "Selector", "Xform", "FailPlan", "Policy"];

impl Operation {
    /// Whether it has no terms below it.
    fn is_leaf(&self) -> bool {
        !self.arguments.iter().any(|sort| SORTS.contains(&sort.as_str()))
    }
}
