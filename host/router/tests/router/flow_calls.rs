//! The calls of flows: side by side, with the conversation, answered as data, and what they took.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_provider::{Answer, CallError, Calling, ErrorKind, OnDelta, Provider, Usage};
use sigmapol_router::{
    CALLS_AT_ONCE, CallKind, Config, FlowOutcome, FlowRequest, ManualClock, Router, RouterError,
};

use crate::{START_MS, block_on, config, failure};

type Reply = Result<Answer, CallError>;

/// Answers by a function of the system prompt and the last message; each call waits for its turn, if
/// there are turns.
struct Nodes<F> {
    reply: F,
    /// Which call ends next, by system prompt.
    turns: Mutex<VecDeque<&'static str>>,
    requests: Mutex<Vec<Value>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl<F: Fn(&str, &str) -> Reply + Send + Sync> Provider for Nodes<F> {
    fn call<'a>(&'a self, request: &'a str, _: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(async move {
            let request: Value = serde_json::from_str(request).unwrap();
            let messages = request["messages"].as_array().unwrap();
            let system = messages.iter().rfind(|message| message["role"] == "system");
            let system = system.map_or("", |message| message["content"].as_str().unwrap());
            let prompt = messages.last().unwrap()["content"].as_str().unwrap();
            let running = self.running.fetch_add(1, SeqCst) + 1;
            self.most.fetch_max(running, SeqCst);
            loop {
                // one yield at least: what could be called at the same time is. But a clock that is
                // moved by waiting ends a run of bounded time as soon as it waits
                if request["timeout_ms"] == 30_000 {
                    tokio::task::yield_now().await;
                }
                let mut turns = self.turns.lock().unwrap();
                if turns.is_empty() || turns.front().is_some_and(|turn| *turn == system) {
                    turns.pop_front();
                    break;
                }
            }
            self.running.fetch_sub(1, SeqCst);
            let reply = (self.reply)(system, prompt);
            self.requests.lock().unwrap().push(request);
            reply
        })
    }
}

fn world<F>(reply: F, turns: &[&'static str]) -> (Router, Arc<Nodes<F>>)
where
    F: Fn(&str, &str) -> Reply + Send + Sync + 'static,
{
    let mut config = config();
    config["models"]["m"]["capabilities"] = json!({"supports_json": true, "supports_tools": true});
    config["models"]["m"]["served_by"] = json!([{"provider": "a"}]);
    config["models"]["m"]["fields"] = json!({"price_in": 2, "price_out": 10});
    let provider = Arc::new(Nodes {
        reply,
        turns: Mutex::new(turns.iter().copied().collect()),
        requests: Mutex::default(),
        running: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let router = Router::builder(Config::from_json(&config.to_string()).unwrap())
        .engine(Arc::new(Native))
        .provider(Arc::clone(&provider) as Arc<dyn Provider>)
        .clock(Arc::new(ManualClock::at(START_MS)))
        .build()
        .unwrap();
    (router, provider)
}

fn policy() -> Value {
    json!(["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]])
}

fn node(system: &str, inputs: &Value, more: &Value) -> Value {
    let mut node = json!({"kind": "llm", "inputs": inputs, "system": system, "policy": policy()});
    for (key, value) in more.as_object().unwrap() {
        node[key] = value.clone();
    }
    node
}

fn flow(nodes: &Value, output: &str) -> String {
    let mut nodes = nodes.clone();
    nodes["i"] = json!({"kind": "input"});
    nodes["o"] = json!({"kind": "output", "inputs": [output]});
    json!(["flow", nodes]).to_string()
}

fn text(text: &str) -> Reply {
    let usage = Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() };
    Ok(Answer { text: text.to_owned(), usage: Some(usage), ..Answer::default() })
}

fn run(router: &Router, request: &FlowRequest<'_>) -> Result<FlowOutcome, RouterError> {
    block_on(router.run_flow_with(request, &mut |_| {}))
}

/// `a`, `b` and `d` are ready at once; `c` follows `a`, and `x` takes all.
fn branches() -> String {
    let none = json!({});
    flow(
        &json!({
            "a": node("A", &json!(["i"]), &none),
            "b": node("B", &json!(["i"]), &none),
            "c": node("C", &json!(["a"]), &none),
            "d": node("D", &json!(["i"]), &none),
            "x": node("X", &json!(["b", "c", "d"]), &none),
        }),
        "x",
    )
}

#[test]
fn the_outcome_does_not_depend_on_which_call_ends_first() {
    let said = |system: &str, prompt: &str| text(&format!("{system}({prompt})"));
    let mut outcomes = Vec::new();
    for turns in [
        ["A", "B", "D", "C", "X"],
        ["A", "C", "D", "B", "X"],
        ["D", "B", "A", "C", "X"],
        ["B", "A", "C", "D", "X"],
    ] {
        let (router, provider) = world(said, &turns);
        let mut ended = Vec::new();
        let request = branches();
        let request = FlowRequest::text(&request, "q");
        let mut on_node = |node: &sigmapol_router::NodeOutcome| ended.push(node.node.clone());
        let mut outcome = block_on(router.run_flow_with(&request, &mut on_node)).unwrap();
        assert_eq!(ended.join(""), turns.concat().to_lowercase());
        assert_eq!(provider.most.load(SeqCst), 3);
        for node in &mut outcome.nodes {
            // the order of calls is in the seeds that routers draw, and nowhere else
            node.outcome.trace["policy_identity"].take();
        }
        outcomes.push(outcome);
    }
    let first = &outcomes[0];
    let output = "X([input 1]\nB(q)\n\n[input 2]\nC(A(q))\n\n[input 3]\nD(q))";
    assert_eq!((first.ok, first.output.as_deref()), (true, Some(output)));
    let nodes: Vec<_> = first.nodes.iter().map(|node| node.node.as_str()).collect();
    assert_eq!(nodes, ["a", "b", "d", "c", "x"]);
    assert!(outcomes.iter().all(|outcome| outcome == first));
    // five times 100 tokens at 2 dollars a million, and 10 at 10
    let totals = json!({"calls": 5, "input_tokens": 500, "output_tokens": 50,
        "cost_nano_usd": 5 * (100 * 2_000 + 10 * 10_000)});
    assert_eq!(serde_json::to_value(&first.totals).unwrap(), totals);
}

#[test]
fn no_more_calls_at_once_than_the_bound() {
    let none = json!({});
    let names: Vec<String> = (0..20).map(|number| format!("n{number}")).collect();
    let mut nodes = json!({"x": node("X", &json!(names), &none)});
    for name in &names {
        nodes[name] = node(name, &json!(["i"]), &none);
    }
    let (router, provider) = world(|system, _| text(system), &[]);
    let flow = flow(&nodes, "x");
    let outcome = run(&router, &FlowRequest::text(&flow, "q")).unwrap();
    assert_eq!((outcome.ok, outcome.totals.calls), (true, 21));
    assert_eq!(provider.most.load(SeqCst), CALLS_AT_ONCE);
}

/// The first node, in the engine's order, that fails is the failure, whoever fails first.
#[test]
fn one_failure_whoever_is_first() {
    let said = |system: &str, _: &str| match system {
        "B" => Err(failure(ErrorKind::Timeout, None)),
        "D" => Err(failure(ErrorKind::ServerError, Some(500))),
        _ => text(system),
    };
    for (turns, dropped) in [(["B", "A", "D"], None), (["D", "B", "A"], Some(1))] {
        let (router, provider) = world(said, &turns);
        let outcome = run(&router, &FlowRequest::text(&branches(), "q")).unwrap();
        assert_eq!(outcome.error.as_deref(), Some("node 'b': timeout"), "{turns:?}");
        let nodes: Vec<_> = outcome.nodes.iter().map(|node| node.node.as_str()).collect();
        assert_eq!(nodes, ["a", "b"]);
        assert_eq!((outcome.output, outcome.totals.calls), (None, 2));
        // what the call that failed cost is not known
        assert_eq!(outcome.totals.cost_nano_usd, None);
        assert_eq!(outcome.dropped.map(|dropped| dropped.calls), dropped);
        let asked = provider.requests.lock().unwrap().len();
        assert!(asked <= 3, "nothing is begun after a failure, got {asked} calls");
    }
}

#[test]
fn the_conversation_goes_along() {
    let cut = json!({"context": "inputs", "max_tokens": 7, "output_format": "json"});
    let flow = flow(
        &json!({
            "a": node("A", &json!(["i"]), &json!({})),
            "x": node("", &json!(["a"]), &cut),
        }),
        "x",
    );
    let (router, provider) =
        world(|system, _| text(if system.is_empty() { "[null]" } else { "said" }), &[]);
    let contract = json!({
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "who?"}]},
        ],
        "temperature": 0.5, "max_completion_tokens": 99,
        "_anthropic": {"body": {"messages": [{"role": "user", "content": "who?"}]}},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"default": null}}}],
    });
    let contract = contract.to_string();
    let request =
        FlowRequest { flow: &flow, input: None, is_data: false, contract: Some(&contract) };
    let outcome = run(&router, &request).unwrap();
    assert_eq!((outcome.output.as_deref(), outcome.is_data), (Some("[null]"), true));
    let requests = provider.requests.lock().unwrap();
    assert_eq!(
        requests[0]["messages"],
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "who?"}]},
            {"role": "system", "content": "A"},
            {"role": "user", "content": "who?"},
        ])
    );
    assert_eq!(requests[0]["tools"][0]["function"]["parameters"], json!({"default": null}));
    // words of a client that are not those of the node
    assert_eq!(requests[0].get("_anthropic"), None);
    assert_eq!(requests[0]["max_completion_tokens"], 99);
    // its inputs alone, and JSON, which leaves no room for tools
    assert_eq!(requests[1]["messages"], json!([{"role": "user", "content": "said"}]));
    assert_eq!(requests[1]["response_format"], json!({"type": "json_object"}));
    assert_eq!((requests[1].get("tools"), requests[1].get("max_completion_tokens")), (None, None));
    assert_eq!((&requests[1]["max_tokens"], &requests[1]["temperature"]), (&json!(7), &json!(0.5)));
    for (contract, message) in [
        (
            r#"{"profile":"p"}"#,
            "contract.profile: expected none, the nodes of a flow have policies of their own",
        ),
        (
            r#"{"messages":1}"#,
            "contract.messages: expected an array: invalid type: integer `1`, expected a sequence at line 1 column 1",
        ),
        (
            "[]",
            "contract: expected a JSON object: invalid type: sequence, expected an object at line 1 column 0",
        ),
    ] {
        let request =
            FlowRequest { flow: &flow, input: None, is_data: false, contract: Some(contract) };
        assert_eq!(run(&router, &request).unwrap_err().to_string(), message);
    }
}

#[test]
fn calls_of_tools_are_proposals_until_the_last_node() {
    let flow = flow(
        &json!({
            "a": node("A", &json!(["i"]), &json!({})),
            "x": node("X", &json!(["a"]), &json!({})),
        }),
        "x",
    );
    let tool = json!({"name": "read", "arguments": "{\"path\":\"p\"}"});
    let call = tool.clone();
    let said = move |system: &str, _: &str| {
        let text = if system == "A" { "look" } else { "" }.to_owned();
        Ok(Answer { text, tool_calls: vec![call.clone()], ..Answer::default() })
    };
    let (router, provider) = world(said, &[]);
    let outcome = run(&router, &FlowRequest::text(&flow, "q")).unwrap();
    assert_eq!((outcome.output.as_deref(), &outcome.tool_calls), (Some(""), &Some(json!([tool]))));
    // no usage was given, so that the cost is not known
    assert_eq!(outcome.totals.cost_nano_usd, None);
    let prompt = "look\n\n[proposed tool calls]\n- read({\"path\":\"p\"})";
    assert_eq!(provider.requests.lock().unwrap()[1]["messages"][1]["content"], prompt);
}

/// Tickets are classified, those for support get a reply, and the others stay as they are.
fn triage() -> String {
    flow(
        &json!({
            "classify": {"kind": "decision", "inputs": ["i"], "policy": policy(), "questions": {
                "p": {"type": "choice", "instructions": "Ticket p?", "criteria": {"sales": "S", "support": "U"}},
                "q": {"type": "choice", "instructions": "Ticket q?", "criteria": {"sales": "S", "support": "U"}},
            }},
            "chosen": {"kind": "data", "operation": "select", "field": "choice", "equals": "support",
                       "inputs": ["i", "classify"]},
            "reply": node("Reply", &json!(["chosen"]), &json!({"context": "inputs", "output_format": "json",
                          "skip_empty": true, "on_error": "input"})),
            "patch": {"kind": "data", "operation": "overlay", "inputs": ["i", "reply"]},
        }),
        "patch",
    )
}

const TICKETS: &str = r#"{"p":"It crashes","q":"A quote, please"}"#;

fn tickets<F: Fn(&str, &str) -> Reply + Send + Sync + 'static>(
    said: F,
) -> (FlowOutcome, Vec<Value>) {
    let (router, provider) = world(said, &[]);
    let flow = triage();
    let request = FlowRequest { flow: &flow, input: Some(TICKETS), is_data: true, contract: None };
    let outcome = run(&router, &request).unwrap();
    let requests = provider.requests.lock().unwrap().clone();
    (outcome, requests)
}

#[test]
fn decisions_and_data() {
    let classify = |p: &str| {
        format!(
            r#"{{"p":{{"choice":"{p}","confidence":1}},"q":{{"choice":"sales","confidence":0.9}}}}"#
        )
    };
    let said = move |system: &str, prompt: &str| match system {
        "Reply" => text(&prompt.replace("It crashes", "Restart it")),
        _ => text(&classify("support")),
    };
    let (outcome, requests) = tickets(said);
    let output = r#"{"p":"Restart it","q":"A quote, please"}"#;
    assert_eq!((outcome.output.as_deref(), outcome.is_data), (Some(output), true));
    let kinds: Vec<_> = outcome.nodes.iter().map(|node| node.kind).collect();
    assert_eq!(kinds, [CallKind::Decision, CallKind::Llm]);
    let asked: Value =
        serde_json::from_str(requests[0]["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(asked["state"], serde_json::from_str::<Value>(TICKETS).unwrap());
    assert_eq!(asked["questions"]["p"]["instructions"], "Ticket p?");
    let schema = &requests[0]["response_format"]["json_schema"]["schema"];
    assert_eq!(
        schema["properties"]["p"]["properties"]["choice"]["enum"],
        json!(["sales", "support"])
    );
    assert_eq!(schema["required"], json!(["p", "q"]));
    assert_eq!(requests[1]["messages"][1]["content"], r#"{"p":"It crashes"}"#);

    // nobody is for support: nothing is asked about nothing
    let (outcome, requests) = tickets(move |_, _| text(&classify("sales")));
    assert_eq!((outcome.output.as_deref(), requests.len()), (Some(TICKETS), 1));
    assert_eq!(outcome.notes, [json!({"node": "reply", "skipped": true})]);
    assert_eq!(outcome.totals.calls, 1);
}

#[test]
fn an_answer_that_is_no_data() {
    let right = r#"{"p":{"choice":"support"},"q":{"choice":"sales"}}"#;
    for (finish_reason, tools, error) in [
        (None, vec![], "data: line 1 column 1: expected a value, got 'o'"),
        (
            Some("length"),
            vec![],
            "expected complete JSON, the answer was cut at its limit of tokens",
        ),
        (None, vec![json!({"name": "f"})], "expected JSON, got calls of tools"),
    ] {
        let said = move |system: &str, _: &str| match system {
            "Reply" => Ok(Answer {
                text: "oh".to_owned(),
                tool_calls: tools.clone(),
                finish_reason: finish_reason.map(str::to_owned),
                ..Answer::default()
            }),
            _ => text(right),
        };
        let (outcome, _) = tickets(said);
        // `on_error` gives what went in
        assert_eq!((outcome.ok, outcome.output.as_deref()), (true, Some(TICKETS)));
        assert_eq!(outcome.notes, [json!({"node": "reply", "error": error, "fallback": "input"})]);
    }
    // without it the flow fails
    let (outcome, _) = tickets(|_, _| text("{}"));
    let error = "node 'classify': answers['p']: expected an object";
    assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some(error)));
}

#[test]
fn a_model_chooses_the_policy_of_a_node() {
    let never =
        json!(["policy", ["bot"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]);
    let routing = json!({"routing": {
    "policy": policy(), "instructions": "Cheap where it will do.", "fallback": "cheap",
    "min_confidence": 0.5, "timeout_ms": 1000, "choices": {
        "cheap": {"description": "Routine", "policy": policy()},
        "none": {"description": "Never", "policy": never},
    }}});
    let flow = flow(&json!({"x": node("X", &json!(["i"]), &routing)}), "x");
    for (said, choice, ok) in [("none", "none", false), ("neither", "cheap", true)] {
        let choose = format!(r#"{{"choice":"{said}","confidence":1}}"#);
        let (router, provider) =
            world(move |system, _| text(if system == "X" { "done" } else { &choose }), &[]);
        let outcome = run(&router, &FlowRequest::text(&flow, "q")).unwrap();
        assert_eq!((outcome.ok, &outcome.notes[0]["choice"]), (ok, &json!(choice)));
        let kinds: Vec<_> = outcome.nodes.iter().map(|node| node.kind).collect();
        assert_eq!(kinds, [CallKind::Routing, CallKind::Llm]);
        let requests = provider.requests.lock().unwrap();
        let asked = requests[0]["messages"][1]["content"].as_str().unwrap();
        let asked: Value = serde_json::from_str(asked).unwrap();
        assert_eq!((&asked["request"], &asked["choices"]["none"]), (&json!("q"), &json!("Never")));
        // a run that nobody was asked for costs nothing
        assert_eq!(outcome.totals.calls, if ok { 2 } else { 1 });
        assert_eq!(requests[0]["timeout_ms"], 1000);
    }
}

/// Does not answer.
struct Silent;

impl Provider for Silent {
    fn call<'a>(&'a self, _: &'a str, _: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn the_time_of_a_node_is_that_of_its_whole_run() {
    let router = Router::builder(Config::from_json(&config().to_string()).unwrap())
        .engine(Arc::new(Native))
        .provider(Arc::new(Silent))
        .clock(Arc::new(ManualClock::at(START_MS)))
        .build()
        .unwrap();
    let bounded = json!({"timeout_ms": 250, "on_error": "input"});
    let flow = flow(&json!({"x": node("X", &json!(["i"]), &bounded)}), "x");
    let outcome = run(&router, &FlowRequest::text(&flow, "q")).unwrap();
    assert_eq!((outcome.ok, outcome.output.as_deref()), (true, Some("q")));
    assert_eq!(outcome.notes, [json!({"node": "x", "error": "timeout", "fallback": "input"})]);
    assert_eq!(outcome.nodes[0].outcome.trace["total_latency_ms"], 250);
    // it was asked, and what that cost is not known
    assert_eq!((outcome.totals.calls, outcome.totals.cost_nano_usd), (1, None));
}
