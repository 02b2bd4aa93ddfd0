//! How it runs.

use serde_json::{Value, json};
use sigmapol_engine::{Effect, RefusalCode, Turn};

use super::nodes::*;

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
