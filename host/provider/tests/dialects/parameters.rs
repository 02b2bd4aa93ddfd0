//! The table of parameters says what the dialects do, and the documentation shows the table.

use serde_json::json;

use crate::*;

/// What the dialects say in another shape.
const SAID: [&str; 5] =
    ["parallel_tool_calls", "reasoning_effort", "response_format", "tool_choice", "tools"];

const DIALECTS: [&str; 4] = ["openai_compatible", "anthropic", "google", "ollama"];

/// Something to ask for with each parameter, so that it makes a difference.
fn asked(name: &str) -> Value {
    match name {
        "audio" | "prediction" | "web_search_options" | "metadata" => json!({"a": "b"}),
        "cache_control" => json!({"type": "ephemeral"}),
        "function_call" | "reasoning_effort" | "verbosity" => json!("high"),
        "functions" => json!([{"name": "f"}]),
        "frequency_penalty" | "presence_penalty" | "temperature" | "top_p" => json!(0.25),
        "logit_bias" => json!({"5": 1}),
        "logprobs" | "store" => json!(true),
        "modalities" => json!(["text", "audio"]),
        "parallel_tool_calls" => json!(false),
        "response_format" => {
            json!({"type": "json_schema", "json_schema": {"schema": {"type": "object"}}})
        }
        "service_tier" => json!("default"),
        "stop" => json!(["x"]),
        "thinking" => json!({"type": "enabled", "budget_tokens": 2000}),
        "tool_choice" => json!("none"),
        "tools" => json!([{"type": "function", "function": {"name": "g"}}]),
        "max_completion_tokens" | "max_tokens" | "n" | "seed" | "top_k" | "top_logprobs" => {
            json!(7)
        }
        "prompt_cache_key" | "prompt_cache_retention" | "safety_identifier" | "user" => json!("u"),
        _ => json!(null),
    }
}

/// The cells of the table, by row.
fn rows() -> Vec<(String, Vec<String>)> {
    let (table, _) = testing::parameters();
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        (cells.next().unwrap().trim_matches('`').to_owned(), cells.collect())
    };
    table.lines().skip(2).map(row).collect()
}

#[test]
fn the_dialects_do_what_the_table_says() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    for (name, cells) in rows() {
        let value = asked(&name);
        assert_ne!(value, json!(null), "what to ask for with {name}?");
        for (dialect, cell) in DIALECTS.iter().zip(&cells) {
            let around = if name == "tools" { json!({}) } else { json!({ "tools": tools }) };
            let plain = short(around);
            let mut request = plain.clone();
            request[&name] = value.clone();
            let place = format!("{name} at {dialect}: {cell}");
            let plain = body(dialect, &plain, false).unwrap();
            let sent = body(dialect, &request, false);
            match cell.as_str() {
                "same" => assert_eq!(sent.unwrap()[&name], value, "{place}"),
                "dropped" => assert_eq!(sent.unwrap(), plain, "{place}"),
                "refused" => {
                    let message = format!("unsupported: request.{name}: {dialect} has no {name}");
                    assert_eq!(sent, Err(message), "{place}");
                }
                // one path, and nothing besides: the value stands there as it is
                path if path.matches('`').count() == 2
                    && path.starts_with('`')
                    && path.ends_with('`')
                    && !SAID.contains(&name.as_str()) =>
                {
                    let pointer = format!("/{}", path.trim_matches('`').replace('.', "/"));
                    let sent = sent.unwrap();
                    assert_eq!(sent.pointer(&pointer), Some(&value), "{place}: {sent}");
                }
                words if words.starts_with("same, if ") => {
                    assert!(sent.unwrap_err().starts_with("unsupported: "), "{place}");
                }
                _ => assert_ne!(sent.unwrap(), plain, "{place}"),
            }
        }
    }
}

/// With `SIGMAPOL_WRITE_DOCS=1` the documentation is written, and not compared.
#[test]
fn the_documentation_shows_the_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/providers.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let (parameters, sources) = testing::parameters();
    let mut written = docs.clone();
    for (name, text) in
        [("parameters", parameters), ("sources", sources), ("failures", testing::failures())]
    {
        let start = format!("<!-- {name}: written by a test -->\n");
        let from = written.find(&start).expect(&start) + start.len();
        let to = from + written[from..].find("<!-- end -->").expect("the end");
        written.replace_range(from..to, &format!("\n{text}\n"));
    }
    if std::env::var_os("SIGMAPOL_WRITE_DOCS").is_some() {
        std::fs::write(path, &written).unwrap();
    } else {
        assert!(
            docs == written,
            "SIGMAPOL_WRITE_DOCS=1 cargo test -p sigmapol-provider --test dialects"
        );
    }
}

#[test]
fn null_is_absent() {
    for dialect in ["anthropic", "google", "ollama"] {
        let plain = body(dialect, &short(json!({})), false);
        for (name, _) in rows() {
            let mut request = short(json!({}));
            request[&name] = json!(null);
            assert_eq!(body(dialect, &request, false), plain, "{name}");
        }
    }
}
