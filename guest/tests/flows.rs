//! The newer kinds of nodes and their options: what is admitted, how it is named, how it runs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use serde_json::{Value, json};
use sigmapol_engine::{Effect, Refusal, RefusalCode, Turn, step};

fn policy() -> Value {
    json!(["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]])
}

/// A flow of an input `i`, an output `o` of the last of these nodes, and these nodes.
fn flow(nodes: &[(&str, Value)]) -> Value {
    let mut all = json!({"i": {"kind": "input"}});
    for (id, node) in nodes {
        all[*id] = node.clone();
    }
    all["o"] = json!({"kind": "output", "inputs": [nodes.last().unwrap().0]});
    json!(["flow", all])
}

fn with(mut node: Value, more: &Value) -> Value {
    let members = more.as_object().unwrap().iter();
    members.for_each(|(key, value)| node[key] = value.clone());
    node
}

fn llm(more: &Value) -> Value {
    with(json!({"kind": "llm", "inputs": ["i"], "system": "S", "policy": policy()}), more)
}

fn decision(questions: &Value) -> Value {
    json!({"kind": "decision", "inputs": ["i"], "policy": policy(), "questions": questions})
}

fn data(inputs: &Value, more: &Value) -> Value {
    with(json!({"kind": "data", "inputs": inputs}), more)
}

fn routing(more: &Value) -> Value {
    let choice = |description: &str| json!({"description": description, "policy": policy()});
    let routing = json!({
        "policy": policy(), "instructions": "Pick.", "fallback": "b", "min_confidence": 0.5,
        "timeout_ms": 100, "choices": {"a": choice("A"), "b": choice("B")},
    });
    json!({"routing": with(routing, more)})
}

fn ask(run: Option<&str>, event: &Value) -> Result<Turn, Refusal> {
    step(run, &event.to_string())
}

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

/// A run, with what it waits for or how it ended.
struct Run(String, Value, bool);

impl Run {
    fn of(turn: Turn) -> Self {
        let (text, done) = match &turn.effect {
            Effect::Call(text) => (text, false),
            Effect::Done(text) => (text, true),
            Effect::Wait(_) => panic!("a wait"),
        };
        Self(turn.run, serde_json::from_str(text).unwrap(), done)
    }

    fn start(flow: &Value, input: &str, more: &Value) -> Self {
        let event = with(json!({"kind": "flow", "flow": flow, "input": input}), more);
        Self::of(ask(None, &event).unwrap())
    }

    fn say(&self, said: &Value) -> Self {
        Self::of(ask(Some(&self.0), &with(json!({"kind": "answer"}), said)).unwrap())
    }

    fn done(&self) -> &Value {
        assert!(self.2, "{}", self.1);
        &self.1
    }

    fn open(&self) -> Vec<&str> {
        assert!(!self.2, "{}", self.1);
        self.1["calls"].as_array().unwrap().iter().map(|c| c["node"].as_str().unwrap()).collect()
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

fn over(inputs: &Value, more: &Value, input: &Value) -> Result<Value, String> {
    // each part of the input is projected, so that the operation has several inputs
    let part = |key: &str| data(&json!(["i"]), &json!({"operation": "project", "path": [key]}));
    let mut nodes = vec![("a", part("a")), ("b", part("b"))];
    if inputs.as_array().unwrap().len() == 3 {
        nodes.push(("c", part("c")));
    }
    nodes.push(("x", data(inputs, more)));
    let run = Run::start(&flow(&nodes), &input.to_string(), &json!({"data": true}));
    let done = run.done();
    match done.get("error") {
        Some(error) => Err(error.as_str().unwrap().to_owned()),
        None => {
            assert_eq!(done["data"], true);
            Ok(serde_json::from_str(done["output"].as_str().unwrap()).unwrap())
        }
    }
}

#[test]
fn records_are_selected() {
    let select = json!({"operation": "select", "field": "choice", "equals": "yes"});
    let two = json!(["a", "b"]);
    let base = json!({"p": null, "q": 2, "r": [3], "s": 4, "t": 5});
    let mask = json!({"p": {"choice": "yes"}, "q": {"choice": "no"}, "r": {"choice": "yes"}, "t": "yes",
        "other": {"choice": "yes"}, "s": {"choice": true}});
    let input = json!({"a": base, "b": mask});
    assert_eq!(over(&two, &select, &input), Ok(json!({"p": null, "r": [3]})));
    let wrong = over(&two, &select, &json!({"a": [], "b": {}}));
    assert_eq!(wrong.unwrap_err(), "node 'x': expected an object of records");
}

#[test]
fn records_are_laid_over() {
    let overlay = |more: &Value| with(json!({"operation": "overlay"}), more);
    let two = json!(["a", "b"]);
    let three = json!(["a", "b", "c"]);
    let base = json!({"p": "aaaa", "q": "bbbb", "flag": true});
    let patch = |patch: Value| json!({"a": base, "b": patch, "c": {"q": null}});
    let none = overlay(&json!({}));
    assert_eq!(
        over(&two, &none, &patch(json!({"flag": null}))),
        Ok(json!({"p": "aaaa", "q": "bbbb", "flag": null}))
    );
    // removals win
    assert_eq!(
        over(&three, &none, &patch(json!({"q": "new", "p": "ää"}))),
        Ok(json!({"p": "ää", "flag": true}))
    );
    for (bounds, replacement, accepted) in [
        (json!({"max_string_bytes": 3}), json!("é"), true),
        (json!({"max_string_bytes": 3}), json!("éé"), false), // four bytes
        (json!({"max_string_bytes": 3}), json!(1), false),
        (json!({"min_string_bytes": 2}), json!("é"), true),
        (json!({"min_string_bytes": 2}), json!("e"), false),
        (json!({"only_shrink": true}), json!("ccc"), true),
        (json!({"only_shrink": true}), json!("cccc"), false),
        (json!({"only_shrink": false}), json!(17), true),
    ] {
        let expected = if accepted { replacement.clone() } else { json!("aaaa") };
        let result = over(&two, &overlay(&bounds), &patch(json!({"p": replacement}))).unwrap();
        assert_eq!(result["p"], expected, "{bounds} {replacement}");
    }
    // what is no text cannot shrink
    let shrink = overlay(&json!({"only_shrink": true}));
    assert_eq!(over(&two, &shrink, &patch(json!({"flag": "x"}))).unwrap()["flag"], true);
    let unknown = over(&two, &none, &patch(json!({"new": 1})));
    assert_eq!(unknown.unwrap_err(), "node 'x': overlay: unknown replacement key \"new\"");
    let unknown = over(&three, &none, &json!({"a": {}, "b": {}, "c": {"gone": 1}}));
    assert_eq!(unknown.unwrap_err(), "node 'x': overlay: unknown removal key \"gone\"");
}

#[test]
fn records_are_joined() {
    let union = json!({"operation": "union"});
    let two = json!(["a", "b"]);
    let joined = over(&two, &union, &json!({"a": {"p": 1.50, "é": []}, "b": {"q": {"r": null}}}));
    assert_eq!(joined, Ok(json!({"p": 1.50, "é": [], "q": {"r": null}})));
    let twice = over(&two, &union, &json!({"a": {"p": 1}, "b": {"p": 1}}));
    assert_eq!(twice.unwrap_err(), "node 'x': union: expected each key once, got \"p\" twice");
    let records = |from: usize, count: usize| -> Value {
        Value::Object((from..from + count).map(|n| (n.to_string(), json!(n))).collect())
    };
    let most = over(&two, &union, &json!({"a": records(0, 100), "b": records(100, 28)}));
    assert_eq!(most.unwrap().as_object().unwrap().len(), 128);
    let many = over(&two, &union, &json!({"a": records(0, 100), "b": records(100, 29)}));
    assert_eq!(many.unwrap_err(), "node 'x': expected at most 128 records");
    let keys = over(&two, &union, &json!({"a": {"": 1}, "b": {}}));
    let message = "node 'x': expected an object of records, each under a key of 1..128 bytes";
    assert_eq!(keys.unwrap_err(), message);
    let missing = over(&two, &union, &json!({"a": {}}));
    assert_eq!(missing.unwrap_err(), "node 'b': project: expected an object with the key \"b\"");
}

/// Numbers and `null` are passed on as they were written, strings in one form; a text is JSON for whoever reads
/// data, and itself for an `llm` node.
#[test]
fn data_is_passed_on_as_written() {
    let nodes = [
        ("a", data(&json!(["i"]), &json!({"operation": "project", "path": ["a"]}))),
        ("x", llm(&json!({"inputs": ["i", "a"], "template": "$1 $2"}))),
    ];
    let input = "{ \"a\" : \"h\\u00e9\", \"n\": [9007199254740993, 1.10, null] }";
    let run = Run::start(&flow(&nodes), input, &json!({"data": true}));
    let prompt = r#"{"a":"hé","n":[9007199254740993,1.10,null]} "hé""#;
    assert_eq!(run.1["prompt"], prompt);
    assert_eq!(*run.say(&json!({"text": "said"})).done(), json!({"output": "said"}));
    let event = json!({"kind": "flow", "flow": flow(&nodes), "input": "{", "data": true});
    let refusal = ask(None, &event).unwrap_err();
    let message = "event.input: data: line 1 column 2: expected a key, got the end";
    assert_eq!((refusal.code, refusal.message.as_str()), (RefusalCode::Event, message));
    // without the word that it is data, it is a text
    let run = Run::start(&flow(&nodes), input, &json!({}));
    let message = format!("node 'a': expected data, got a text of {} bytes", input.len());
    assert_eq!(run.done()["error"], message);
}

#[test]
fn questions_are_answered() {
    let questions = json!({
        "c": {"type": "choice", "instructions": "?", "criteria": {"yes": "Y", "no": "N"}},
        "n": {"type": "noul", "instructions": "?"},
        "s": {"type": "score", "instructions": "?", "criteria": ["low", "mid", "high"]},
    });
    let flow = flow(&[("x", decision(&questions))]);
    let run = Run::start(&flow, "the \"state\"", &json!({}));
    assert_eq!(run.1["kind"], "decision");
    assert_eq!(run.1["prompt"], r#""the \"state\"""#);
    assert_eq!(run.1["questions"], questions);
    let right = r#"{"c":{"choice":"yes","type":"choice","confidence":0.5}, "n":{"noul":1},"s":{"score":1.5,"why":null}}"#;
    let output = right.replace(", ", ",");
    assert_eq!(*run.say(&json!({"text": right})).done(), json!({"output": output, "data": true}));
    for (from, to, message) in [
        ("\"yes\"", "\"maybe\"", "answers['c']: expected a choice of its question"),
        ("\"yes\"", "null", "answers['c']: expected a choice of its question"),
        ("\"choice\",\"", "\"score\",\"", "answers['c']: expected the type of its question"),
        ("0.5", "1.5", "answers['c']: expected a confidence from 0 to 1"),
        ("{\"noul\":1}", "1", "answers['n']: expected an object"),
        ("\"noul\":1", "\"noul\":true", "answers['n']: expected a noul from 0 to 1"),
        ("1.5", "2.1", "answers['s']: expected a score among its criteria, the first being 0"),
        ("1.5", "-1", "answers['s']: expected a score among its criteria, the first being 0"),
        ("\"n\":", "\"m\":", "answers['n']: expected an object"),
        ("{", "{\"m\":1,", "answers: expected no other members than the questions"),
        (", \"n\":{\"noul\":1}", "", "answers['n']: expected an object"),
    ] {
        let said = right.replacen(from, to, 1);
        let done = run.say(&json!({"text": said})).done()["error"].clone();
        assert_eq!(done, format!("node 'x': {message}"));
    }
    let cut = &right[..right.len() - 1];
    let message =
        format!("node 'x': data: line 1 column {}: expected ',' or '}}', got the end", right.len());
    assert_eq!(run.say(&json!({"text": cut})).done()["error"], message);
    assert_eq!(
        *run.say(&json!({"error": "exhausted: timeout"})).done(),
        json!({"error": "node 'x': exhausted: timeout", "node": "x", "place": 1,
               "notes": [{"node": "x", "error": "exhausted: timeout"}]})
    );
}

#[test]
fn a_decision_over_several_inputs() {
    let question = json!({"q": {"type": "noul", "instructions": "?"}});
    let nodes =
        [("g", llm(&json!({}))), ("x", with(decision(&question), &json!({"inputs": ["i", "g"]})))];
    let run = Run::start(&flow(&nodes), "[1]", &json!({"data": true})).say(&json!({"text": "a\n"}));
    assert_eq!(run.1["prompt"], r#"[[1],"a\n"]"#);
}

#[test]
fn a_failure_falls_back_to_the_first_input() {
    let node = |more: &Value| flow(&[("x", with(llm(&json!({"output_format": "json"})), more))]);
    let lenient = node(&json!({"on_error": "input"}));
    for (said, error) in [
        (json!({"error": "exhausted: timeout"}), "exhausted: timeout"),
        (json!({"text": "Sure! {}"}), "data: line 1 column 1: expected a value, got 'S'"),
        (
            json!({"text": "{\"a\":1,\"a\":2}"}),
            "data: line 1 column 14: expected each key once, got 'a' twice in the object before",
        ),
    ] {
        let run = Run::start(&lenient, "[1]", &json!({"data": true})).say(&said);
        let note = json!([{"node": "x", "error": error, "fallback": "input"}]);
        assert_eq!(*run.done(), json!({"output": "[1]", "data": true, "notes": note}));
        let run = Run::start(&node(&json!({})), "[1]", &json!({})).say(&said);
        assert_eq!(run.done()["error"], format!("node 'x': {error}"));
    }
    let right = Run::start(&lenient, "x", &json!({})).say(&json!({"text": " [ null ] "}));
    assert_eq!(*right.done(), json!({"output": "[null]", "data": true}));
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    let run = Run::start(&lenient, "x", &json!({})).say(&json!({"text": long}));
    assert_eq!(
        run.done()["notes"][0]["error"],
        "data: expected at most 1048576 bytes, got 1048578"
    );
}

#[test]
fn nothing_is_asked_about_nothing() {
    let nodes = flow(&[("x", llm(&json!({"skip_empty": true})))]);
    for empty in ["{ }", "[]"] {
        let run = Run::start(&nodes, empty, &json!({"data": true}));
        let output = empty.replace(' ', "");
        let note = json!([{"node": "x", "skipped": true}]);
        assert_eq!(*run.done(), json!({"output": output, "data": true, "notes": note}));
    }
    // a text is not empty data, and there has to be nothing in it
    assert!(!Run::start(&nodes, "{}", &json!({})).2);
    assert!(!Run::start(&nodes, "[[]]", &json!({"data": true})).2);
}

#[test]
fn a_model_chooses_the_policy() {
    let mut routed = routing(&json!({}));
    let cheap =
        json!(["policy", ["bot"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]);
    routed["routing"]["choices"]["a"]["policy"] = cheap.clone();
    let flow = flow(&[("x", llm(&with(routed, &json!({"template": "<$1>", "max_tokens": 5}))))]);
    let run = Run::start(&flow, "hi", &json!({}));
    assert_eq!(
        (&run.1["kind"], &run.1["prompt"], &run.1["choices"], &run.1["timeout_ms"]),
        (&json!("routing"), &json!("<hi>"), &json!({"a": "A", "b": "B"}), &json!(100))
    );
    for (said, choice, reason) in [
        (json!({"text": r#"{"choice":"a","confidence":0.5}"#}), "a", None),
        (json!({"text": r#"{"choice":"a","confidence":0.49}"#}), "b", Some("uncertain")),
        (json!({"text": r#"{"choice":"a"}"#}), "b", Some("uncertain")),
        (json!({"text": r#"{"choice":"a","confidence":null}"#}), "b", Some("uncertain")),
        (json!({"text": r#"{"choice":"a","confidence":2}"#}), "b", Some("invalid_decision")),
        (json!({"text": r#"{"choice":"c","confidence":1}"#}), "b", Some("invalid_decision")),
        (json!({"text": "a"}), "b", Some("invalid_decision")),
        (json!({"error": "exhausted: timeout"}), "b", Some("decision_failed")),
    ] {
        let run = run.say(&said);
        let expected = if choice == "a" { cheap.clone() } else { policy() };
        assert_eq!((&run.1["policy"], &run.1["choice"]), (&expected, &json!(choice)), "{said}");
        assert_eq!((&run.1["prompt"], &run.1["max_tokens"]), (&json!("<hi>"), &json!(5)));
        let mut note = json!({"node": "x", "choice": choice});
        if let Some(reason) = reason {
            note["reason"] = json!(reason);
        }
        let done = run.say(&json!({"text": "said"}));
        assert_eq!(*done.done(), json!({"output": "said", "notes": [note]}));
    }
}

/// Two branches, one of them longer, and a node of both.
fn branches() -> Value {
    let node = |inputs: Value| llm(&json!({"inputs": inputs}));
    flow(&[
        ("a", node(json!(["i"]))),
        ("b", node(json!(["i"]))),
        ("c", node(json!(["a"]))),
        ("d", node(json!(["i"]))),
        ("x", node(json!(["b", "c", "d"]))),
    ])
}

#[test]
fn calls_that_are_open_at_once() {
    let run = Run::start(&branches(), "hi", &json!({"at_once": 2}));
    assert_eq!(run.open(), ["a", "b"]);
    // in any order, and the order of what is open stays that of the nodes
    let run = run.say(&json!({"node": "b", "text": "B"}));
    assert_eq!(run.open(), ["a", "d"]);
    let other = run.say(&json!({"node": "d", "text": "D"}));
    assert_eq!(other.open(), ["a"]);
    let other = other.say(&json!({"node": "a", "text": "A"}));
    assert_eq!(other.open(), ["c"]);
    let run = run.say(&json!({"node": "a", "text": "A"}));
    assert_eq!(run.open(), ["d", "c"]);
    let run = run.say(&json!({"node": "d", "text": "D"}));
    assert_eq!((&run.0, &run.1), (&other.0, &other.1));
    let run = run.say(&json!({"node": "c", "text": "C"}));
    assert_eq!(run.1["calls"][0]["prompt"], "[input 1]\nB\n\n[input 2]\nC\n\n[input 3]\nD");
    assert_eq!(*run.say(&json!({"node": "x", "text": "X"})).done(), json!({"output": "X"}));
}

/// A call that others have pushed out of the window is still open.
#[test]
fn an_answer_from_outside_the_window() {
    let run = Run::start(&branches(), "hi", &json!({"at_once": 3}));
    assert_eq!(run.open(), ["a", "b", "d"]);
    let narrow = Run::start(&branches(), "hi", &json!({"at_once": 1}));
    assert_eq!(narrow.open(), ["a"]);
    let narrow = narrow.say(&json!({"node": "d", "text": "D"}));
    assert_eq!(narrow.open(), ["a"]);
    let narrow = narrow.say(&json!({"node": "a", "text": "A"}));
    let narrow = narrow.say(&json!({"node": "b", "text": "B"}));
    assert_eq!(narrow.open(), ["c"]);
}

#[test]
fn an_answer_that_nobody_waits_for() {
    let run = Run::start(&branches(), "hi", &json!({"at_once": 2}));
    let answer = |node: &str| json!({"kind": "answer", "node": node, "text": "x"});
    for node in ["c", "x", "i", "nobody"] {
        let refusal = ask(Some(&run.0), &answer(node)).unwrap_err();
        let message = "event.node: expected a node whose call is open";
        assert_eq!((refusal.code, refusal.message.as_str()), (RefusalCode::Event, message));
    }
    let event = json!({"kind": "flow", "flow": branches(), "input": "{}", "data": 1});
    assert_eq!(ask(None, &event).unwrap_err().message, "event.data: expected a boolean");
    for at_once in [json!(0), json!(33), json!(1.5), json!("2")] {
        let event = json!({"kind": "flow", "flow": branches(), "input": "hi", "at_once": at_once});
        let message = "event.at_once: expected a whole number from 1 to 32";
        assert_eq!(ask(None, &event).unwrap_err().message, message);
    }
}

/// Whichever call ends first, the first node that fails is the failure; those before it are heard.
#[test]
fn the_first_failure_is_the_failure() {
    let ends = [json!({"node": "b", "error": "late"}), json!({"node": "a", "error": "early"})];
    let run = Run::start(&branches(), "hi", &json!({"at_once": 4}));
    assert_eq!(run.open(), ["a", "b", "d"]);
    let waiting = run.say(&ends[0]);
    assert_eq!(waiting.open(), ["a"], "d is after the failure");
    // it was open before, and its answer is nobody's any more
    let late = waiting.say(&json!({"node": "d", "text": "D"}));
    assert_eq!((&late.0, &late.1), (&waiting.0, &waiting.1));
    let answer = json!({"kind": "answer", "node": "i", "text": "x"});
    assert_eq!(ask(Some(&waiting.0), &answer).unwrap_err().code, RefusalCode::Event);
    let done = waiting.say(&ends[1]);
    let expected = json!({"error": "node 'a': early", "node": "a",
        "place": 1, "notes": [{"node": "a", "error": "early"}]});
    assert_eq!(*done.done(), expected);
    assert_eq!(*run.say(&ends[1]).done(), expected);
    let other = waiting.say(&json!({"node": "a", "text": "A"}));
    assert_eq!(other.done()["error"], "node 'b': late");
}
