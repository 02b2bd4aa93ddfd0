//! What a record says beside its outcome, where little of it follows from the outcome.

use serde_json::{Value, json};
use sigmapol_audit::replay::{EngineKind, Verdict};
use sigmapol_core::{Engine as _, digest};

use super::{CHEAPEST, again, changed, ctx, folder, identity, record};

const KINDS: [EngineKind; 3] = [EngineKind::Component, EngineKind::Core, EngineKind::Native];

/// What is found of a record of this policy and ctx that was changed and sealed again.
fn found(policy: &str, ctx: &str, bodies: bool, change: impl Fn(&mut Value)) -> [Verdict; 3] {
    let honest = folder();
    record(honest.path(), bodies, |recorder| drop(recorder.decide(policy, ctx)));
    let forged = changed(honest.path(), change);
    KINDS.map(|kind| again(forged.path(), kind).1.remove(0))
}

fn same(verdicts: &[Verdict; 3]) {
    let is_same = |verdict: &Verdict| matches!(verdict, Verdict::Same { .. });
    assert!(verdicts.iter().all(is_same), "{verdicts:?}");
}

fn diverged(verdicts: &[Verdict; 3], expected: &str) {
    for verdict in verdicts {
        assert_eq!(verdict.to_string(), format!("diverged: {expected}"));
    }
}

const WRONG: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// The identity of the policy that was given is not that of the one that ran.
#[test]
fn the_policy_under_an_envelope() {
    let ctx = ctx(1, "b", "hello").replacen('{', r#"{"envelope":["cmp","price_in","ge",2],"#, 1);
    let given = identity(CHEAPEST);
    for bodies in [true, false] {
        same(&found(CHEAPEST, &ctx, bodies, |body| {
            assert_eq!(body["policy"]["canonical"], given);
            assert_ne!(body["outcome"]["decision"]["identity"], given);
        }));
        let ran =
            |body: &Value| body["outcome"]["decision"]["identity"].as_str().unwrap().to_owned();
        let expected = std::cell::RefCell::new(String::new());
        let verdicts = found(CHEAPEST, &ctx, bodies, |body| {
            let ran = ran(body);
            *expected.borrow_mut() = format!("policy.canonical: recorded {ran}, now {given}");
            body["policy"]["canonical"] = json!(ran);
        });
        diverged(&verdicts, &expected.borrow());
    }
}

/// A ctx that is refused says nothing of the policy.
#[test]
fn the_policy_of_a_refusal() {
    let wrong_seed = ctx(1, "b", "hello").replace(r#""seed":1"#, r#""seed":0.5"#);
    let given = identity(CHEAPEST);
    same(&found(CHEAPEST, &wrong_seed, true, |body| {
        assert_eq!(body["outcome"], json!({ "refused": "seed" }));
        assert_eq!(body["policy"]["canonical"], given);
    }));
    let verdicts = found(CHEAPEST, &wrong_seed, true, |body| {
        body["policy"]["canonical"] = json!(WRONG);
    });
    diverged(&verdicts, &format!("policy.canonical: recorded {WRONG}, now {given}"));
    let verdicts = found(CHEAPEST, &wrong_seed, true, |body| {
        body["policy"].as_object_mut().unwrap().remove("canonical").unwrap();
    });
    diverged(&verdicts, &format!("policy.canonical: recorded null, now {given}"));
    // one that is not admitted has none
    let no_policy = r#"["polcy"]"#;
    same(&found(no_policy, &wrong_seed, true, |_| ()));
    let verdicts = found(no_policy, &wrong_seed, true, |body| {
        body["policy"]["canonical"] = json!(WRONG);
    });
    diverged(&verdicts, &format!("policy.canonical: recorded {WRONG}, now null"));
}

/// Where nothing was said, nothing is blanked, and all of it can be computed.
#[test]
fn a_blanked_ctx_that_says_nothing() {
    let quiet = ctx(1, "b", "").replace("user", "");
    let with_scope = quiet.replace(r#""temperature":1"#, r#""n":[1,{"a":""}],"scope":"eu""#);
    for ctx in [quiet, with_scope] {
        let honest = found(CHEAPEST, &ctx, false, |body| assert!(body["ctx"]["blanked"] == true));
        assert_eq!(honest[0], Verdict::Same { fuel: true });
        same(&honest);
        let text = serde_json::from_str::<Value>(&ctx).unwrap().to_string();
        let sha256 = digest(text.as_bytes());
        let verdicts = found(CHEAPEST, &ctx, false, |body| body["ctx"]["sha256"] = json!(WRONG));
        diverged(&verdicts, &format!("ctx.sha256: recorded {WRONG}, now {sha256}"));
        let request = super::SANDBOX.decide(CHEAPEST, &ctx).unwrap().value.request.unwrap();
        let request = digest(request.as_bytes());
        let verdicts = found(CHEAPEST, &ctx, false, |body| body["request"] = json!(WRONG));
        diverged(&verdicts, &format!("request: recorded {WRONG}, now {request}"));
    }
}

/// Where something was said its digest is believed, and whether there is one is not.
#[test]
fn a_blanked_ctx_that_says_something() {
    let said = ctx(1, "b", "hello");
    for pointer in ["/ctx/sha256", "/request"] {
        same(&found(CHEAPEST, &said, false, |body| {
            *body.pointer_mut(pointer).unwrap() = json!(WRONG);
        }));
        let verdicts = found(CHEAPEST, &said, false, |body| {
            *body.pointer_mut(pointer).unwrap() = json!("none");
        });
        let place = pointer[1..].replace('/', ".");
        diverged(&verdicts, &format!("{place}: expected a digest, recorded none"));
    }
    let verdicts = found(CHEAPEST, &said, false, |body| {
        body.as_object_mut().unwrap().remove("request").unwrap();
    });
    diverged(&verdicts, "request: expected a digest, recorded null");
    // nobody is left: there is no request
    let nobody = r#"["policy",["bot"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#;
    let verdicts = found(nobody, &said, false, |body| body["request"] = json!(WRONG));
    diverged(&verdicts, &format!("request: recorded {WRONG}, now null"));
    // nor where it was refused
    let verdicts = found("[]", &said, false, |body| body["request"] = json!(WRONG));
    diverged(&verdicts, &format!("request: recorded {WRONG}, now null"));
    // strings that were blanked are blank
    let verdicts = found(CHEAPEST, &said, false, |body| {
        let request = body.pointer_mut("/ctx/inline/request").unwrap();
        *request = json!(request.as_str().unwrap().replace("xxxxx", "hallo"));
    });
    diverged(&verdicts, "ctx.request: expected strings that are blanked");
}

/// How long a text was is believed as far as it may have been so long.
#[test]
fn the_bytes_of_a_blanked_ctx() {
    use std::sync::Arc;

    use sigmapol_audit::{Recorder, Recording};
    use sigmapol_core::Bounded;
    use sigmapol_ledger::{Ledger, Options};

    let honest = folder();
    let said = ctx(1, "b", "hello");
    let ledger = Arc::new(Ledger::open(honest.path(), Options::default()).unwrap());
    let recording = Recording {
        engine: EngineKind::Component.engine(),
        fuel_limit: sigmapol::limits::FUEL,
        cost_limit: Some(u64::MAX),
        bodies: false,
    };
    let bounded = Bounded::new(super::SANDBOX.clone(), u64::MAX);
    Recorder::new(bounded, ledger, recording).decide(CHEAPEST, &said).unwrap();
    let length = serde_json::from_str::<Value>(&said).unwrap().to_string().len();
    // `hello` and `user`, each byte of which an escape may write with five more
    let most = length + 5 * ("hello".len() + "user".len());
    for (bytes, is_same) in [(length - 1, false), (length, true), (most, true), (most + 1, false)] {
        let forged = changed(honest.path(), |body| body["ctx"]["bytes"] = json!(bytes.to_string()));
        for kind in KINDS {
            let verdict = again(forged.path(), kind).1.remove(0);
            let expected = match is_same {
                true => "same, fuel not compared".to_owned(),
                false => {
                    format!("diverged: ctx.bytes: expected {length} to {most}, recorded {bytes}")
                }
            };
            assert_eq!(verdict.to_string(), expected);
        }
    }
}

/// The core module of a component that is here is known.
#[test]
fn the_core_module_of_a_component() {
    let core = EngineKind::Component.engine().core;
    let verdicts = [EngineKind::Component, EngineKind::Native].map(|kind| {
        let honest = folder();
        record(honest.path(), true, |recorder| {
            recorder.decide(CHEAPEST, &ctx(1, "b", "hello")).unwrap();
        });
        let forged = changed(honest.path(), |body| body["engine"]["core"] = json!(WRONG));
        again(forged.path(), kind).1.remove(0).to_string()
    });
    let expected = format!("diverged: engine.core: recorded {WRONG}, now {core}");
    assert_eq!(verdicts, [expected.clone(), expected]);
}
