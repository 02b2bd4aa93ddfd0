//! Embeddings: what is sent, and what comes back.

use serde_json::{Value, json};
use sigmapol_provider::{Usage, testing};

/// 0.5 and -2 as 32-bit floats, the last byte first, in base64.
const VECTOR: &str = "AAAAPwAAAMA=";

fn request(more: &str) -> String {
    format!(
        r#"{{"provider_id":"p","served_model_id":"m","protocol":"embeddings","messages":[],"temperature":1,{more}}}"#
    )
}

fn body(dialect: &str, more: &str) -> Result<String, String> {
    let body = testing::body(dialect, &request(more), false).unwrap();
    body.map_err(|error| error.to_string())
}

fn read(
    dialect: &str,
    inputs: usize,
    response: &Value,
) -> Result<(Vec<String>, Option<Usage>), String> {
    let answer = testing::read_embeddings(dialect, inputs, response.to_string().as_bytes(), &[7]);
    let answer = answer.unwrap().map_err(|error| error.to_string())?;
    Ok((answer.embeddings, answer.usage))
}

#[test]
fn what_is_sent() {
    let members =
        r#""input":["a","b\ud800"],"dimensions":256,"encoding_format":"base64","user":"u""#;
    for (dialect, expected) in [
        (
            "openai_compatible",
            r#"{"model":"m","input":["a","b\ud800"],"dimensions":256,"encoding_format":"base64","user":"u"}"#,
        ),
        ("ollama", r#"{"model":"m","input":["a","b\ud800"],"truncate":false,"dimensions":256}"#),
        (
            "google",
            r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"outputDimensionality":256},{"model":"models/m","content":{"parts":[{"text":"b\ud800"}]},"outputDimensionality":256}]}"#,
        ),
    ] {
        assert_eq!(body(dialect, members).unwrap(), expected);
    }
    assert_eq!(
        body("ollama", r#""input":"a""#).unwrap(),
        r#"{"model":"m","input":["a"],"truncate":false}"#
    );
    let tokens = r#"{"model":"m","input":[[1,2],[3]]}"#;
    assert_eq!(body("openai_compatible", r#""input":[[1,2],[3]]"#).unwrap(), tokens);
    assert!(testing::body("anthropic", &request(members), false).is_none());
}

#[test]
fn what_cannot_be_sent() {
    let inputs =
        "bad_request: request.input: expected a string, or an array of strings or of tokens";
    for (dialect, input, message) in [
        ("ollama", "[1,2]", "unsupported: request.input: ollama has no tokens"),
        ("google", "[[1]]", "unsupported: request.input: google has no tokens"),
        ("ollama", "null", inputs),
        ("ollama", "[]", inputs),
        ("google", r#"["a",1]"#, inputs),
        ("google", "{}", inputs),
    ] {
        assert_eq!(body(dialect, &format!(r#""input":{input}"#)), Err(message.to_owned()));
    }
}

#[test]
fn what_comes_back() {
    let numbers = json!([0.5, -2]);
    let usage = Some(Usage { input_tokens: 3, ..Usage::default() });
    for (dialect, response) in [
        (
            "openai_compatible",
            // in any order, and in both forms
            json!({"object": "list", "model": "m", "usage": {"prompt_tokens": 3, "total_tokens": 3},
                "data": [{"index": 1, "embedding": VECTOR}, {"index": 0, "embedding": numbers}]}),
        ),
        ("ollama", json!({"model": "m", "embeddings": [numbers, numbers], "prompt_eval_count": 3})),
        (
            "google",
            json!({"embeddings": [{"values": numbers}, {"values": numbers}],
                "usageMetadata": {"promptTokenCount": 3}}),
        ),
    ] {
        let expected = Ok((vec![VECTOR.to_owned(), VECTOR.to_owned()], usage));
        assert_eq!(read(dialect, 2, &response), expected, "{dialect}");
        let message = "bad_response: expected the embeddings of 3 inputs, got 2";
        assert_eq!(read(dialect, 3, &response), Err(message.to_owned()));
    }
    // what nobody counts is not known
    let uncounted = json!({"embeddings": [{"values": [1]}]});
    assert_eq!(read("google", 1, &uncounted).unwrap().1, None);
}

#[test]
fn what_is_no_answer() {
    for (dialect, response, message) in [
        ("openai_compatible", json!({"data": [{}]}), "expected data[0].embedding"),
        ("openai_compatible", json!({}), "expected the embeddings of 1 inputs, got 0"),
        ("google", json!({"embeddings": [{}]}), "expected embeddings[0].values"),
        ("ollama", json!({"embeddings": ["?"]}), "embedding 0: expected base64"),
        ("ollama", json!({"embeddings": [[1], [2]]}), "expected the embeddings of 1 inputs, got 2"),
    ] {
        assert_eq!(read(dialect, 1, &response), Err(format!("bad_response: {message}")));
    }
}
