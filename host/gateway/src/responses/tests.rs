use serde_json::{Value, json};
use sigmapol_provider::Delta;

use super::{output::Output, tools::Tools};

fn output() -> Output {
    let tools = r#"[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]"#;
    Output::new("x", Tools::read(Some(tools)).unwrap().into_names())
}

/// The names of events, and what they tell of their item.
fn told(output: &mut Output) -> Vec<(&'static str, u64)> {
    let events = output.events().into_iter();
    events.map(|(name, event)| (name, event["output_index"].as_u64().unwrap())).collect()
}

/// An item ends where another one begins; calls, which may come by turns, end with the answer.
#[test]
fn events_of_items() {
    let mut output = output();
    output.delta(Delta::Reasoning("why"));
    output.delta(Delta::Text("a"));
    output.delta(Delta::Text("b"));
    assert_eq!(
        told(&mut output),
        [
            ("response.output_item.added", 0),
            ("response.reasoning_summary_part.added", 0),
            ("response.reasoning_summary_text.delta", 0),
            ("response.reasoning_summary_text.done", 0),
            ("response.reasoning_summary_part.done", 0),
            ("response.output_item.done", 0),
            ("response.output_item.added", 1),
            ("response.content_part.added", 1),
            ("response.output_text.delta", 1),
            ("response.output_text.delta", 1),
        ]
    );
    output.delta(Delta::Call { index: 0, id: "c", name: "n__f" });
    output.delta(Delta::Call { index: 1, id: "", name: "g" });
    output.delta(Delta::Arguments { index: 1, text: "{}" });
    output.delta(Delta::Arguments { index: 0, text: "{" });
    output.delta(Delta::Arguments { index: 0, text: "" });
    output.delta(Delta::Arguments { index: 0, text: "}" });
    assert_eq!(
        told(&mut output),
        [
            ("response.output_text.done", 1),
            ("response.content_part.done", 1),
            ("response.output_item.done", 1),
            ("response.output_item.added", 2),
            ("response.output_item.added", 3),
            ("response.function_call_arguments.delta", 3),
            ("response.function_call_arguments.delta", 2),
            ("response.function_call_arguments.delta", 2),
        ]
    );
    let citation = json!({"type": "url_citation", "url_citation": {"url": "u", "title": "t"}});
    let answer = json!({"annotations": [citation],
        "tool_calls": [{"extra_content": {"google": {}}}, {}]});
    output.end(&answer);
    assert_eq!(
        told(&mut output),
        [
            ("response.function_call_arguments.done", 2),
            ("response.output_item.done", 2),
            ("response.function_call_arguments.done", 3),
            ("response.output_item.done", 3),
        ]
    );
    assert_eq!(
        Value::Array(output.items(false)),
        json!([
            {"id": "rs_x_0", "type": "reasoning",
             "summary": [{"type": "summary_text", "text": "why"}]},
            {"id": "msg_x_1", "type": "message", "status": "completed", "role": "assistant",
             "content": [{"type": "output_text", "text": "ab",
                "annotations": [{"type": "url_citation", "url": "u", "title": "t"}]}]},
            {"id": "fc_x_2", "type": "function_call", "status": "completed", "call_id": "c",
             "namespace": "n", "name": "f", "arguments": "{}", "extra_content": {"google": {}}},
            {"id": "fc_x_3", "type": "function_call", "status": "completed",
             "call_id": "call_1_x", "name": "g", "arguments": "{}"},
        ])
    );
}

/// What comes in one piece and what comes in many are the same response.
#[test]
fn whole_and_in_pieces() {
    let answer = json!({"text": "ab", "reasoning": "why", "finish_reason": "length",
        "logprobs": {"content": [{"token": "a"}]},
        "tool_calls": [{"id": "c", "name": "g", "arguments": "{\"x\": 1"}]});
    let (mut whole, mut pieces) = (output(), output());
    whole.whole(&answer);
    for delta in [
        Delta::Reasoning("w"),
        Delta::Reasoning("hy"),
        Delta::Text("a"),
        Delta::Text("b"),
        Delta::Call { index: 0, id: "c", name: "g" },
        Delta::Arguments { index: 0, text: "{\"x\"" },
        Delta::Arguments { index: 0, text: ": 1" },
    ] {
        pieces.delta(delta);
    }
    pieces.end(&answer);
    assert_eq!(whole.items(true), pieces.items(true));
    let items = Value::Array(whole.items(true));
    assert_eq!(items[1]["content"][0]["logprobs"], json!([{"token": "a"}]));
    assert_eq!(
        (&items[1]["status"], &items[2]["status"]),
        (&json!("completed"), &json!("incomplete"))
    );
}

/// A response has an item of output, whatever it says.
#[test]
fn an_answer_without_words() {
    let mut output = output();
    output.whole(&json!({"text": "", "reasoning": "why"}));
    let items = Value::Array(output.items(false));
    assert_eq!(
        items[1]["content"],
        json!([{"type": "output_text", "text": "", "annotations": []}])
    );
    assert_eq!(items.as_array().unwrap().len(), 2);
}

/// A response that breaks off has what has come.
#[test]
fn items_that_are_not_whole() {
    let mut output = output();
    output.delta(Delta::Reasoning("why"));
    output.delta(Delta::Text("a"));
    output.delta(Delta::Call { index: 0, id: "c", name: "g" });
    let items = Value::Array(output.items(true));
    assert_eq!(
        (&items[1]["status"], &items[2]["status"]),
        (&json!("completed"), &json!("incomplete"))
    );
}
