//! Each limit of the engine: what is at the limit passes, what is one past it does not, in every engine.
//! The limits of the sandbox are tested where they are (`host/sandbox/src/tests.rs`), those of a
//! decision's cost in `cost.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use sigmapol_core::{Engine, Error};
use sigmapol_engine::limits;
use sigmapol_tests::engines;

/// What an engine says to a text: nothing, or the code and the message of its refusal.
type Answer = Option<(String, String)>;

fn answer<T>(result: Result<T, Error>) -> Answer {
    match result {
        Ok(_) => None,
        Err(Error::Refused(refusal)) => Some((refusal.code.name().to_owned(), refusal.message)),
        Err(error) => panic!("{error}"),
    }
}

fn admit(verbs: &dyn Engine, term: &str) -> Answer {
    answer(verbs.admit(term, "{}"))
}

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#;

fn decide(verbs: &dyn Engine, more: &str) -> Answer {
    answer(verbs.decide(POLICY, &format!(r#"{{"candidates":[]{more}}}"#)))
}

fn step(verbs: &dyn Engine, event: &str) -> Answer {
    answer(verbs.step(None, event))
}

/// A limit: how it is asked for, the limit, and what is said one past it.
struct Limit {
    name: &'static str,
    ask: fn(&dyn Engine, usize) -> Answer,
    limit: usize,
    code: &'static str,
    message: &'static str,
}

fn nested(text: &str, open: &str, close: &str, times: usize) -> String {
    open.repeat(times) + text + &close.repeat(times)
}

fn list(item: &str, times: usize) -> String {
    vec![item; times].join(",")
}

fn members(times: usize) -> String {
    (0..times).map(|at| format!(r#""k{at}":1"#)).collect::<Vec<_>>().join(",")
}

fn retry(member: &str) -> String {
    format!(r#"["always",{{"action":"retry_same",{member}}}]"#)
}

/// A flow of so many nodes, one after the other.
fn flow(nodes: usize) -> String {
    let calls = (2..nodes).map(|at| {
        let input = if at == 2 { "in".to_owned() } else { format!("n{}", at - 1) };
        format!(r#""n{at}":{{"kind":"llm","inputs":["{input}"],"system":"s","policy":{POLICY}}},"#)
    });
    let last = if nodes > 2 { format!("n{}", nodes - 1) } else { "in".to_owned() };
    format!(
        r#"{{"kind":"flow","flow":["flow",{{"in":{{"kind":"input"}},{}"out":{{"kind":"output","inputs":["{last}"]}}}}]}}"#,
        calls.collect::<String>()
    )
}

/// A configuration of so many profiles, each extending the next.
fn extending(profiles: usize) -> String {
    let all = (0..profiles).map(|at| match at + 1 {
        last if last == profiles => format!(r#""p{at}":{{}}"#),
        next => format!(r#""p{at}":{{"extends":"p{next}"}}"#),
    });
    let all = all.collect::<Vec<_>>().join(",");
    format!(r#"{{"kind":"init","config":{{"providers":{{}},"models":{{}},"profiles":{{{all}}}}}}}"#)
}

/// A flow with a node of so many inputs.
fn merging(inputs: usize) -> String {
    let call = |name: &str, inputs: &str| {
        format!(r#""{name}":{{"kind":"llm","inputs":[{inputs}],"system":"s","policy":{POLICY}}},"#)
    };
    let calls: String = (0..inputs).map(|at| call(&format!("n{at}"), r#""in""#)).collect();
    let all = (0..inputs).map(|at| format!(r#""n{at}""#)).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"kind":"flow","flow":["flow",{{"in":{{"kind":"input"}},{calls}{}"out":{{"kind":"output","inputs":["all"]}}}}]}}"#,
        call("all", &all)
    )
}

/// A flow of one node between input and output.
fn single(node: &str) -> String {
    format!(
        r#"{{"kind":"flow","flow":["flow",{{"in":{{"kind":"input"}},"x":{{"inputs":["in"],{node}}},"out":{{"kind":"output","inputs":["x"]}}}}]}}"#
    )
}

/// A decision of so many questions.
fn asking(questions: usize) -> String {
    let questions =
        (0..questions).map(|at| format!(r#""{at}":{{"type":"noul","instructions":"?"}}"#));
    let questions = questions.collect::<Vec<_>>().join(",");
    single(&format!(r#""kind":"decision","policy":{POLICY},"questions":{{{questions}}}"#))
}

/// A node that chooses among so many policies.
fn routing(choices: usize) -> String {
    let choices =
        (0..choices).map(|at| format!(r#""{at}":{{"description":"d","policy":{POLICY}}}"#));
    let choices = choices.collect::<Vec<_>>().join(",");
    single(&format!(
        r#""kind":"llm","system":"s","policy":{POLICY},"routing":{{"policy":{POLICY},"instructions":"?","fallback":"0","min_confidence":0,"timeout_ms":100,"choices":{{{choices}}}}}"#
    ))
}

const LIMITS: [Limit; 22] = [
    Limit {
        name: "input text",
        ask: |verbs, bytes| decide(verbs, &" ".repeat(bytes - r#"{"candidates":[]}"#.len())),
        limit: limits::INPUT_BYTES,
        code: "input-size",
        message: "ctx: expected at most 16777216 bytes, got 16777217",
    },
    Limit {
        name: "nesting of JSON",
        ask: |verbs, levels| {
            decide(verbs, &format!(r#","request":{{"x":{}}}"#, nested("", "[", "]", levels - 2)))
        },
        limit: limits::JSON_NESTING,
        code: "json-nesting",
        message: "ctx: line 1 column 159: expected at most 128 nested arrays and objects",
    },
    Limit {
        name: "term depth",
        ask: |verbs, depth| {
            let (code, message) =
                admit(verbs, &nested(r#"["zero"]"#, r#"["neg","#, "]", depth - 1))?;
            Some((code, message.replace(".neg[1]", "")))
        },
        limit: limits::TERM_DEPTH as usize,
        code: "term-depth",
        message: "$: term exceeds max depth 64",
    },
    Limit {
        name: "term nodes",
        ask: |verbs, nodes| admit(verbs, &format!(r#"["and",{}]"#, list(r#"["top"]"#, nodes - 1))),
        limit: limits::TERM_NODES as usize,
        code: "term-nodes",
        message: "$.and[4096]: term exceeds max size 4096 nodes",
    },
    Limit {
        name: "failures",
        ask: |verbs, count| {
            decide(verbs, &format!(r#","failures":[{}]"#, list(r#"{"kind":"timeout"}"#, count)))
        },
        limit: limits::FAILURES,
        code: "ctx",
        message: "ctx.failures: 257 entries, expected at most 256",
    },
    Limit {
        name: "seed",
        ask: |verbs, seed| decide(verbs, &format!(r#","seed":{seed}"#)),
        limit: limits::SEED as usize,
        code: "seed",
        message: "ctx.seed: expected an integer of magnitude at most 2^53 - 1",
    },
    Limit {
        name: "seed below zero",
        ask: |verbs, seed| decide(verbs, &format!(r#","seed":-{seed}"#)),
        limit: limits::SEED as usize,
        code: "seed",
        message: "ctx.seed: expected an integer of magnitude at most 2^53 - 1",
    },
    Limit {
        name: "bytes of a string",
        ask: |verbs, bytes| admit(verbs, &format!(r#"["family_eq","{}"]"#, "x".repeat(bytes))),
        limit: limits::STRING_BYTES,
        code: "strict",
        message: "$.family_eq[1]: Family exceeds 256 bytes",
    },
    Limit {
        name: "steps of a recipe",
        ask: |verbs, count| {
            admit(verbs, &format!(r#"["filter_text",[{}]]"#, list(r#""NFC""#, count)))
        },
        limit: limits::ENTRIES,
        code: "strict",
        message: "$.filter_text[1]: Recipe exceeds 64 entries",
    },
    Limit {
        name: "members of a step",
        ask: |verbs, count| admit(verbs, &format!(r#"["filter_text",[{{{}}}]]"#, members(count))),
        limit: limits::ENTRIES,
        code: "strict",
        message: "$.filter_text[1]: Recipe[1] exceeds 64 entries",
    },
    Limit {
        name: "links of a chain",
        ask: |verbs, count| {
            let link = r#"{"provider":"p","model":"m"}"#;
            admit(verbs, &format!(r#"["chain",[{}]]"#, list(link, count)))
        },
        limit: limits::ENTRIES,
        code: "strict",
        message: "$.chain[1]: Chain exceeds 64 entries",
    },
    Limit {
        name: "members of an action",
        ask: |verbs, count| admit(verbs, &retry(&members(count - 1))),
        limit: limits::ENTRIES,
        code: "strict",
        message: "$.always[1]: Action exceeds 64 entries",
    },
    Limit {
        name: "attempts",
        ask: |verbs, count| admit(verbs, &retry(&format!(r#""attempts":{count}"#))),
        limit: limits::ATTEMPTS as usize,
        code: "strict",
        message: "$.always[1]: Action.attempts must be an integer in [0, 10]",
    },
    Limit {
        name: "a wait",
        ask: |verbs, wait| admit(verbs, &retry(&format!(r#""backoff_ms":{wait}"#))),
        limit: limits::BACKOFF_MS as usize,
        code: "strict",
        message: "$.always[1]: Action.backoff_ms must be in [0, 60000]",
    },
    Limit {
        name: "a wait of many",
        ask: |verbs, wait| admit(verbs, &retry(&format!(r#""backoff_ms":[0,{wait}]"#))),
        limit: limits::BACKOFF_MS as usize,
        code: "strict",
        message: "$.always[1]: Action.backoff_ms must be in [0, 60000]",
    },
    Limit {
        name: "waits",
        ask: |verbs, count| {
            admit(verbs, &retry(&format!(r#""backoff_ms":[{}]"#, list("1", count))))
        },
        limit: limits::BACKOFF_ENTRIES,
        code: "strict",
        message: "$.always[1]: Action.backoff_ms exceeds 16 entries",
    },
    Limit {
        name: "profiles that extend one another",
        ask: |verbs, profiles| step(verbs, &extending(profiles)),
        limit: limits::INHERITANCE,
        code: "config",
        message: "profile inheritance exceeds 64 profiles at: p64",
    },
    Limit {
        name: "nodes of a flow",
        ask: |verbs, nodes| step(verbs, &flow(nodes)),
        limit: 256,
        code: "flow",
        message: "$: flow exceeds max size 256 nodes",
    },
    Limit {
        name: "inputs of a node",
        ask: |verbs, inputs| step(verbs, &merging(inputs)),
        limit: 32,
        code: "flow",
        message: "llm node 'all' exceeds max in-degree 32",
    },
    Limit {
        name: "questions of a decision",
        ask: |verbs, questions| step(verbs, &asking(questions)),
        limit: 32,
        code: "flow",
        message: "node x: decision needs 1..32 questions",
    },
    Limit {
        name: "policies to choose from",
        ask: |verbs, choices| step(verbs, &routing(choices)),
        limit: 16,
        code: "flow",
        message: "node 'x': routing needs 2..16 choices",
    },
    Limit {
        name: "keys of a path",
        ask: |verbs, keys| {
            let path = list(r#""k""#, keys);
            step(verbs, &single(&format!(r#""kind":"data","operation":"project","path":[{path}]"#)))
        },
        limit: 16,
        code: "flow",
        message: "node x: project needs one input and a bounded path",
    },
];

#[test]
fn at_the_limit_and_one_past_it() {
    for Limit { name, ask, limit, code, message } in LIMITS {
        for (engine, verbs) in engines() {
            assert_eq!(ask(verbs, limit), None, "{name} at {limit}, {engine}");
            let past = Some((code.to_owned(), message.to_owned()));
            assert_eq!(ask(verbs, limit + 1), past, "{name} past {limit}, {engine}");
        }
    }
}
