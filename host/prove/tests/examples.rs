//! The policies that the documentation shows: people begin with them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{fs, path::Path};

use serde_json::Value;
use sigmapol_prove::{Facts, Level, lint};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// None of them has a warning, whatever the catalog has.
#[test]
fn policies_that_people_copy() {
    let readme = text("README.md");
    let blocks = readme.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let shown: Vec<&str> = blocks.filter(|block| block.starts_with("[\"policy\"")).collect();
    assert_eq!(shown.len(), 1);
    let router: Value = serde_json::from_str(&text("examples/router.json")).unwrap();
    let policies = [
        ("README.md", shown.concat()),
        ("support.json", text("examples/support.json")),
        ("agent.json", text("examples/agent.json")),
        ("router.json", router.pointer("/profiles/default/policy_ir").unwrap().to_string()),
    ];
    let catalog: Value = serde_json::from_str(&text("examples/catalog.json")).unwrap();
    let mut unpriced = catalog.clone();
    for candidate in unpriced.get_mut("candidates").unwrap().as_array_mut().unwrap() {
        candidate.as_object_mut().unwrap().retain(|key, _| !key.starts_with("price"));
    }
    for (name, policy) in policies {
        for facts in [Facts::default(), Facts::of_ctx(&unpriced.to_string())] {
            let mut found = lint(&policy, &facts);
            found.retain(|finding| finding.level > Level::Note);
            assert_eq!(found, [], "{name}");
        }
        // and the bound is what keeps it so
        let without = policy
            .replace("price_out\", \"le", "tok_s\", \"ge")
            .replace("price_in\", \"le", "tok_s\", \"ge")
            .replace("\"price_out\",\"le", "\"tok_s\",\"ge");
        assert!(
            lint(&without, &Facts::default()).iter().any(|found| found.code == "L020"),
            "{name}"
        );
    }
}
