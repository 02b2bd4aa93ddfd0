//! Every vector, in every engine: our own, and the reference's where they are at hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;

use flate2::read::MultiGzDecoder;
use sigmapol::{PreparedEngine, Sandbox};
use sigmapol_conformance::{Schemas, Tally, records, replay};
use sigmapol_core::Engine;
use sigmapol_tests::{engines, project, shared};

static PREPARED: LazyLock<PreparedEngine> =
    LazyLock::new(|| PreparedEngine::new(Sandbox::new().unwrap()));

fn passes(path: &Path, least: usize) {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        (&file).read_to_string(&mut text).unwrap();
    }
    let records = records(&text).unwrap();
    let schemas = fs::read_to_string(path.with_file_name("schemas.json"));
    let schemas = schemas.map_or_else(|_| Schemas::default(), |text| Schemas::read(&text).unwrap());
    let name = path.file_name().unwrap().to_str().unwrap();
    // decisions are made over catalogs too, and steps over routers; admission is the component's. A
    // refusal says where in its text something is wrong, and texts are other ones there
    let prepares = !["terms", "refusals"].iter().any(|family| name.starts_with(family));
    let prepared = prepares.then_some(("prepared", &*PREPARED as &dyn Engine));
    for (engine, verbs) in engines().into_iter().chain(prepared) {
        let tally = replay(&records, &schemas, verbs, &|| ()).unwrap();
        let Tally { passed, failed, pinned_differ, differing } = tally;
        assert_eq!((failed, pinned_differ), (0, 0), "{engine}, {path:?}: {differing:#?}");
        assert!(passed >= least, "{engine}, {path:?}: only {passed} records");
    }
}

#[test]
fn golden() {
    for (family, least) in [
        ("terms", 151),
        ("decide", 79),
        ("xform", 29),
        ("failplan", 7),
        ("steps", 68),
        ("config", 37),
        ("elaborate", 56),
        ("flows", 84),
        ("refusals", 111),
    ] {
        passes(&project(&format!("golden/{family}.jsonl")), least);
    }
}

#[test]
fn reference() {
    for (file, least) in [
        ("corpus/terms.jsonl.gz", 4975),
        ("corpus/decide.jsonl.gz", 5071),
        ("corpus/xform.jsonl.gz", 900),
        ("corpus/failplan.jsonl.gz", 400),
        ("corpus/steps.jsonl.gz", 900),
        ("corpus/config.jsonl.gz", 206),
        ("corpus/elaborate.jsonl.gz", 400),
        ("corpus/flows.jsonl.gz", 504),
        ("spec/sigma_pol_v2.json", 15),
    ] {
        if let Some(path) = shared(file) {
            passes(&path, least);
        }
    }
}

/// The newer flows of the reference are rebuilt from its text. One of them differs: it writes a
/// confidence of 0.7 with the digits of one runtime, which is no rule; as numbers of policies are
/// written, it is 0.69999999999999996.
#[test]
fn newer_flows() {
    let Some(path) = shared("corpus/typed-flows.jsonl") else { return };
    let text = fs::read_to_string(path).unwrap();
    let records = records(&text).unwrap();
    for (engine, verbs) in engines() {
        let Tally { passed, differing, .. } =
            replay(&records, &Schemas::default(), verbs, &|| ()).unwrap();
        let ids: Vec<_> = differing.iter().map(|record| record.id.as_str()).collect();
        assert_eq!((passed, ids), (44, vec!["typed-llm-routing"]), "{engine}");
    }
}

/// A refusal without a vector is a refusal whose words nobody checks. `input-size` needs 16 MiB
/// and has a test of its own.
#[test]
fn every_refusal_code_has_a_vector() {
    let vectors = sigmapol_tests::text("golden/refusals.jsonl");
    let missing: Vec<_> = sigmapol_core::RefusalCode::ALL
        .iter()
        .map(|code| code.name())
        .filter(|name| !vectors.contains(&format!(r#""code":"{name}""#)))
        .collect();
    assert_eq!(missing, ["input-size"]);
}
