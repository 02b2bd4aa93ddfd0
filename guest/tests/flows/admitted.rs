//! What is admitted, and how it is named.

use serde_json::{Value, json};
use sigmapol_engine::{Effect, RefusalCode, Turn, step};

use super::nodes::*;

fn refusal(node: Value) -> String {
    let refusal = ask(None, &json!({"kind": "flow", "flow": flow(&[("x", node)])})).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Flow);
    refusal.message
}

fn name(flow: &Value) -> Value {
    match ask(None, &json!({"kind": "flow", "flow": flow})).unwrap().effect {
        Effect::Done(named) => serde_json::from_str(&named).unwrap(),
        effect => panic!("{effect:?}"),
    }
}

#[test]
fn options_out_of_order() {
    let text = |length: usize| "x".repeat(length);
    let number = |key: &str, value: f64| llm(&json!({key: value}));
    let choice =
        |criteria: Value| json!({"type": "choice", "instructions": "?", "criteria": criteria});
    let score =
        |criteria: Value| json!({"type": "score", "instructions": "?", "criteria": criteria});
    let noul = |criteria: Value| json!({"type": "noul", "instructions": "?", "criteria": criteria});
    let ask = |question: Value| decision(&json!({"q": question}));
    let many = |count: usize| {
        let names = (0..count).map(|number| (number.to_string(), json!("x")));
        Value::Object(names.collect())
    };
    let two = json!(["i", "i"]);
    for (node, message) in [
        (llm(&json!({"output_format": "xml"})), "node x: invalid output_format"),
        (llm(&json!({"context": true})), "node x: invalid context"),
        (llm(&json!({"on_error": "stop"})), "node x: invalid on_error"),
        (llm(&json!({"skip_empty": 1})), "node x: invalid boolean field"),
        (number("max_tokens", 0.0), "node x: invalid max_tokens"),
        (number("max_tokens", 4097.0), "node x: invalid max_tokens"),
        (number("timeout_ms", 0.5), "node x: invalid timeout_ms"),
        (number("timeout_ms", 40_001.0), "node x: invalid timeout_ms"),
        (
            llm(&json!({"only_shrink": true})),
            "node x: field not supported by node kind: only_shrink",
        ),
        // the first of them in the order of the language, not in that of bytes
        (
            llm(&json!({"equals": "a", "field": "b", "path": []})),
            "node x: field not supported by node kind: path",
        ),
        (decision(&json!({})), "node x: decision needs 1..32 questions"),
        (decision(&json!("q")), "node x: decision needs 1..32 questions"),
        (
            with(decision(&json!({"q": noul(json!({}))})), &json!({})),
            "node x: invalid noul criteria",
        ),
        (ask(json!(1)), "node x: invalid question"),
        (ask(json!({"type": "noul"})), "node x: invalid question"),
        (ask(json!({"type": "noul", "instructions": text(2001)})), "node x: invalid question"),
        (
            decision(&json!({text(65): {"type": "noul", "instructions": "?"}})),
            "node x: invalid question",
        ),
        (
            ask(json!({"type": "noul", "instructions": "?", "weight": 1})),
            "node x: unknown question field",
        ),
        (ask(json!({"type": "rank", "instructions": "?"})), "node x: unknown question type"),
        (ask(choice(json!({}))), "node x: invalid choice criteria"),
        (ask(choice(many(33))), "node x: invalid choice criteria"),
        (ask(choice(json!({"": "a"}))), "node x: invalid criterion"),
        (ask(choice(json!({"a": ""}))), "node x: invalid criterion"),
        (ask(score(json!(["a"]))), "node x: invalid score criteria"),
        (ask(score(json!({"0": "a", "1": "b"}))), "node x: invalid score criteria"),
        (ask(score(json!(["a", 1]))), "node x: invalid score criterion"),
        (ask(noul(json!("a"))), "node x: invalid noul criteria"),
        (ask(noul(json!({"true": "a"}))), "node x: invalid noul criteria"),
        (ask(noul(json!({"true": "a", "no": "b"}))), "node x: invalid noul criterion"),
        (
            with(
                decision(&json!({"q": {"type": "noul", "instructions": "?"}})),
                &json!({"context": "inputs"}),
            ),
            "node x: field not supported by node kind: context",
        ),
        (
            with(
                decision(&json!({"q": {"type": "noul", "instructions": "?"}})),
                &json!({"system": "S"}),
            ),
            "node x: unknown node field",
        ),
        (
            with(
                decision(&json!({"q": {"type": "noul", "instructions": "?"}})),
                &json!({"policy": ["top"]}),
            ),
            "node 'x' policy must be a Policy term, got Pred",
        ),
        (
            with(
                decision(&json!({"q": {"type": "noul", "instructions": "?"}})),
                &json!({"inputs": []}),
            ),
            "decision node 'x' needs at least one input",
        ),
        (data(&two, &json!({"operation": "eval"})), "node x: unknown data operation"),
        (data(&two, &json!({})), "node x: unknown data operation"),
        (
            data(&two, &json!({"operation": "project", "path": ["a"]})),
            "node x: project needs one input and a bounded path",
        ),
        (
            data(&json!(["i"]), &json!({"operation": "project", "path": []})),
            "node x: project needs one input and a bounded path",
        ),
        (
            data(&json!(["i"]), &json!({"operation": "project", "path": vec!["a"; 17]})),
            "node x: project needs one input and a bounded path",
        ),
        (
            data(&json!(["i"]), &json!({"operation": "project", "path": ["a", 1]})),
            "node x: path components must be object keys",
        ),
        (
            data(&json!(["i"]), &json!({"operation": "project", "path": [text(129)]})),
            "node x: path components must be object keys",
        ),
        (
            data(&two, &json!({"operation": "select", "field": "a"})),
            "node x: select needs records, mask, field and equals",
        ),
        (
            data(&json!(["i"]), &json!({"operation": "overlay"})),
            "node x: overlay needs base, replacements and optional removals",
        ),
        (data(&json!([]), &json!({"operation": "union"})), "node x: union needs 1..32 inputs"),
        (
            data(&json!(vec!["i"; 33]), &json!({"operation": "union"})),
            "node x: union needs 1..32 inputs",
        ),
        (
            data(&two, &json!({"operation": "union", "field": "a"})),
            "node x: field not supported by node kind: field",
        ),
        (data(&two, &json!({"operation": "union", "note": "a"})), "node x: unknown node field"),
        (
            data(&two, &json!({"operation": "overlay", "max_string_bytes": 1_048_577})),
            "node x: invalid max_string_bytes",
        ),
        (
            data(
                &two,
                &json!({"operation": "overlay", "max_string_bytes": 2, "min_string_bytes": 3}),
            ),
            "node x: invalid min_string_bytes",
        ),
        (
            data(&two, &json!({"operation": "overlay", "only_shrink": 1})),
            "node x: invalid boolean field",
        ),
    ] {
        assert_eq!(refusal(node), message);
    }
}

#[test]
fn what_no_other_member_of_an_older_node_does() {
    // it means nothing, and the name does not have it
    let plain = name(&flow(&[("x", llm(&json!({})))]));
    assert_eq!(name(&flow(&[("x", llm(&json!({"temperature": 1, "note": "n"})))])), plain);
    let mut noted = flow(&[("x", llm(&json!({})))]);
    noted[1]["i"]["label"] = json!("the question");
    assert_eq!(name(&noted), plain);
    noted[1]["i"]["on_error"] = json!("input");
    let refusal = ask(None, &json!({"kind": "flow", "flow": noted})).unwrap_err();
    assert_eq!(refusal.message, "node i: field not supported by node kind: on_error");
}

#[test]
fn routing_out_of_order() {
    for (more, message) in [
        (json!({"policy": ["top"]}), "node 'x': invalid decision policy"),
        (json!({"instructions": ""}), "node 'x': routing instructions must be 1..2000 bytes"),
        (json!({"choices": 1}), "node 'x': routing needs choices"),
        (json!({"choices": {}}), "node 'x': routing needs 2..16 choices"),
        (
            json!({"choices": {"a": {"description": "", "policy": policy()}}}),
            "node 'x': invalid routing choice",
        ),
        (
            json!({"choices": {"a": {"description": "A", "policy": ["top"]}}}),
            "node 'x': invalid routing choice",
        ),
        (
            json!({"choices": {"a": {"description": "A", "policy": policy(), "cost": 1}}}),
            "node 'x': unknown choice field",
        ),
        (json!({"fallback": "c"}), "node 'x': invalid routing fallback"),
        (json!({"min_confidence": -0.1}), "node 'x': invalid routing confidence"),
        (json!({"min_confidence": "1"}), "node 'x': invalid routing confidence"),
        (json!({"timeout_ms": 99}), "node 'x': invalid routing timeout"),
        (json!({"timeout_ms": 10_001}), "node 'x': invalid routing timeout"),
        (json!({"model": "m"}), "node 'x': unknown routing field"),
    ] {
        assert_eq!(refusal(llm(&routing(&more))), message);
    }
    assert_eq!(refusal(llm(&json!({"routing": 1}))), "node 'x': routing must be a record");
    let mut routed = flow(&[("x", llm(&json!({})))]);
    routed[1]["o"]["routing"] = routing(&json!({}))["routing"].clone();
    let refusal = ask(None, &json!({"kind": "flow", "flow": routed})).unwrap_err();
    assert_eq!(refusal.message, "node 'o': routing is only valid on llm nodes");
}

/// Kinds and lengths come first; entries are in the byte order of their written keys, in which a
/// longer length and an index of two digits come before shorter ones.
#[test]
fn options_in_encodings() {
    let canonical =
        |node: Value| name(&flow(&[("x", node)]))["canonical"].as_str().unwrap().to_owned();
    let options = |node: Value| {
        let canonical = canonical(node);
        let (_, after) = canonical.split_once(" data=").unwrap();
        after.rsplit_once(" inputs=[n0]) (output").unwrap().0.to_owned()
    };
    assert_eq!(
        options(llm(&json!({"timeout_ms": 1e3, "context": "inputs", "skip_empty": false}))),
        "t3:s10:skip_emptyb0s10:timeout_msn1000:s7:contexts6:inputs"
    );
    let path: Vec<_> = ('a'..='k').collect();
    assert_eq!(
        options(data(&json!(["i"]), &json!({"operation": "project", "path": path}))),
        "t2:s4:patht11:n10:s1:jn11:s1:kn1:s1:an2:s1:bn3:s1:cn4:s1:dn5:s1:en6:s1:fn7:s1:gn8:s1:hn9:s1:i\
         s9:operations7:project"
    );
    // bytes are counted, and nothing is escaped
    assert_eq!(
        options(data(&json!(["i"]), &json!({"operation": "project", "path": ["é\" s1:x"]}))),
        "t2:s4:patht1:n1:s8:é\" s1:xs9:operations7:project"
    );
    // a confidence is written as numbers of policies are
    let routed = canonical(llm(&routing(&json!({"min_confidence": 0.1}))));
    assert!(routed.contains(r#" routing="Pick."|sigma-pol/v2:(policy (top) (zero) (argmax) (id) (always {"action":"abort"}))|"b"|0.10000000000000001|100|"a":"A":sigma-pol/v2:"#), "{routed}");
}

/// The order of keys is no part of a flow, at whatever depth.
#[test]
fn two_orders_of_keys_one_name() {
    let criteria = |first: &str, second: &str| {
        format!(r#""criteria":{{"{first}":"x","{second}":"x"}},"type":"choice","instructions":"?""#)
    };
    let policy = policy();
    let one = format!(
        r#"["flow",{{"i":{{"kind":"input"}},
            "d":{{"kind":"decision","inputs":["i"],"policy":{policy},"on_error":"input","questions":{{"p":{{{}}},"q":{{{}}}}}}},
            "g":{{"kind":"llm","inputs":["d"],"policy":{policy},"system":"S","context":"inputs","max_tokens":9}},
            "o":{{"kind":"output","inputs":["g"]}}}}]"#,
        criteria("a", "b"),
        criteria("c", "d"),
    );
    let other = format!(
        r#"["flow",{{"o":{{"inputs":["g"],"kind":"output"}},
            "g":{{"max_tokens":9.0,"system":"S","context":"inputs","policy":{policy},"inputs":["d"],"kind":"llm"}},
            "d":{{"questions":{{"q":{{{}}},"p":{{{}}}}},"on_error":"input","policy":{policy},"inputs":["i"],"kind":"decision"}},
            "i":{{"kind":"input"}}}}]"#,
        criteria("d", "c"),
        criteria("b", "a"),
    );
    let named = |text: &str| match step(None, &format!(r#"{{"kind":"flow","flow":{text}}}"#)) {
        Ok(Turn { effect: Effect::Done(named), .. }) => named,
        other => panic!("{other:?}"),
    };
    assert_eq!(named(&one), named(&other));
}
