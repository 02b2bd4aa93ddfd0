//! Whatever a provider sends, there is an answer or a failure, and it does not depend on how the
//! bytes are cut.
//!
//! `SIGMAPOL_PROVIDER_CASES=1000000` tries so many cases in place of 20,000.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod properties {
    pub(super) mod random;
    pub(super) mod shapes;
}

use properties::{random::Random, shapes::SHAPES};
use sigmapol_provider::{Answer, CallError, testing};

const DIALECTS: [&str; 4] = ["anthropic", "google", "ollama", "openai_compatible"];
const KEY: &str = "sk-0123456789abcdef";

/// Reads bytes in pieces of random sizes.
fn read(
    random: &mut Random,
    dialect: &str,
    streamed: bool,
    bytes: &[u8],
) -> Result<Answer, CallError> {
    let most = *random.one(&[1, 2, 3, 7, 64, 1024, 1 << 20]);
    let sizes: Vec<_> = (0..random.below(8)).map(|_| 1 + random.below(most)).collect();
    testing::read_with(dialect, streamed, bytes, &sizes, Some(KEY), &mut |_| {}).unwrap()
}

/// What holds of every result.
fn check(result: &Result<Answer, CallError>) {
    match result {
        Ok(answer) => {
            assert!(!answer.text.is_empty() || !answer.tool_calls.is_empty());
            let beside =
                format!("{:?} {:?} {:?}", answer.finish_reason, answer.model, answer.annotations);
            assert!(!beside.contains(KEY), "{beside}");
            for call in &answer.tool_calls {
                assert!(call["arguments"].is_string() && call["name"].is_string(), "{call}");
                assert!(!call["id"].to_string().contains(KEY), "{call}");
            }
        }
        Err(error) => {
            assert!(!error.message.is_empty() && error.message.chars().count() <= 1000, "{error}");
            assert!(!error.message.contains(KEY), "{error}");
            assert!(!error.message.contains(char::is_control), "{error}");
        }
    }
}

fn cases() -> usize {
    std::env::var("SIGMAPOL_PROVIDER_CASES").map_or(20_000, |cases| cases.parse().unwrap())
}

#[test]
fn anything_at_all() {
    let mut random = Random::new(1);
    for case in 0..cases() / 4 {
        let dialect = random.one(&DIALECTS);
        let streamed = random.below(2) == 0;
        let bytes = random.bytes(300);
        let first = read(&mut random, dialect, streamed, &bytes);
        check(&first);
        let second = read(&mut random, dialect, streamed, &bytes);
        assert_eq!(first, second, "case {case}: {dialect} {streamed} {bytes:?}");
    }
}

/// What real servers send, changed a little, cut off, put together.
#[test]
fn almost_an_answer() {
    let mut random = Random::new(2);
    let mut answers = 0;
    for case in 0..cases() {
        let (own, streamed, shape) = *random.one(SHAPES);
        let mut bytes = shape.replace("KEY", KEY).into_bytes();
        for _ in 0..random.below(4) {
            random.mutate(&mut bytes, SHAPES);
        }
        let dialect = if random.below(10) == 0 { *random.one(&DIALECTS) } else { own };
        let first = read(&mut random, dialect, streamed, &bytes);
        check(&first);
        let second = read(&mut random, dialect, streamed, &bytes);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(first, second, "case {case}: {dialect} {streamed} {text}");
        answers += usize::from(first.is_ok());
    }
    // the changes are not so many that everything fails
    assert!(answers > cases() / 8, "{answers}");
}

#[test]
fn shapes_are_answers() {
    for (dialect, streamed, shape) in SHAPES {
        let read = testing::read(dialect, *streamed, shape.as_bytes(), &[]).unwrap();
        let fails = shape.contains("\"error\"");
        assert_eq!(read.is_err(), fails, "{dialect} {shape}: {read:?}");
    }
}

#[test]
fn failures_of_any_body() {
    let mut random = Random::new(3);
    for _ in 0..cases() / 10 {
        let (dialect, _, shape) = *random.one(SHAPES);
        let mut bytes = shape.replace("KEY", KEY).into_bytes();
        for _ in 0..random.below(4) {
            random.mutate(&mut bytes, SHAPES);
        }
        let body = String::from_utf8_lossy(&bytes);
        let status = 300 + u16::try_from(random.below(400)).unwrap();
        check(&Err(testing::failure(dialect, status, &body, Some(KEY)).unwrap()));
    }
}

#[test]
fn requests_of_any_text() {
    let mut random = Random::new(4);
    let request = r#"{"provider_id":"p","served_model_id":"gemini-3-pro","messages":[
        {"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
        "function":{"name":"f","arguments":"{\"a\":1.10}"}}]},
        {"role":"tool","tool_call_id":"c","content":"1"}],"images":["https://a/b.png"],
        "tools":[{"type":"function","function":{"name":"f","parameters":{"enum":[null]}}}],
        "tool_choice":"required","temperature":0.5,"max_tokens":1000.5,"stop":"x","seed":7,
        "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}}"#;
    let mut bodies = 0;
    for _ in 0..cases() / 4 {
        let mut bytes = request.as_bytes().to_vec();
        for _ in 0..random.below(4) {
            random.mutate(&mut bytes, SHAPES);
        }
        let text = String::from_utf8_lossy(&bytes);
        let dialect = random.one(&DIALECTS);
        if let Ok(body) = testing::body(dialect, &text, random.below(2) == 0).unwrap() {
            assert!(testing::is_json(&body), "{text}\n{body}");
            bodies += 1;
        }
    }
    assert!(bodies > cases() / 40, "{bodies}");
}

/// As much as a provider may send, made to be as much work as it can be.
#[test]
fn as_much_as_there_may_be() {
    // the bound itself takes 20 s without optimisation
    let size = if cases() > 20_000 { 16 << 20 } else { 1 << 20 };
    let fill = |before: &str, piece: &str, after: &str| {
        let room = size - before.len() - after.len();
        format!("{before}{}{after}", piece.repeat(room / piece.len()))
    };
    let delta = |delta: &str| format!("data: {{\"choices\":[{{\"delta\":{{{delta}}}}}]}}\n\n");
    for (dialect, streamed, bytes) in [
        ("openai_compatible", false, fill("{\"choices\":[", "{},", "{}]}")),
        ("openai_compatible", false, fill("{", "\"a\":1,", "\"b\":1}")),
        ("openai_compatible", false, fill("{\"error\":", "[", "")),
        ("openai_compatible", false, fill("{\"error\":{\"message\":\"", "\\u0073", "\"}}")),
        ("openai_compatible", false, fill("<html>", "%", "")),
        ("openai_compatible", true, fill("", "\n", "")),
        ("openai_compatible", true, fill("", "data\n", "\n")),
        ("openai_compatible", true, fill("data: ", " ", "\n\n")),
        ("openai_compatible", true, fill("", "data:{}\n\n", "")),
        (
            "openai_compatible",
            true,
            fill(
                "",
                &delta("\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]"),
                "",
            ),
        ),
        (
            "openai_compatible",
            true,
            fill(
                "",
                &delta(
                    "\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]",
                ),
                "",
            ),
        ),
        ("anthropic", false, fill("{\"content\":[", "{\"type\":\"text\",\"text\":\"x\"},", "{}]}")),
        ("google", true, fill("[", "{},", "{}]")),
        (
            "google",
            false,
            fill("{\"candidates\":[{\"content\":{\"parts\":[", "{\"functionCall\":{}},", "{}]}}]}"),
        ),
        ("ollama", true, fill("", "{}\n", "")),
        ("ollama", true, fill("", "\u{FEFF}", "")),
    ] {
        let start = std::time::Instant::now();
        let read = testing::read_with(
            dialect,
            streamed,
            bytes.as_bytes(),
            &[65_536],
            Some(KEY),
            &mut |_| {},
        );
        check(&read.unwrap());
        let (time, shape) = (start.elapsed(), bytes.chars().take(40).collect::<String>());
        assert!(time.as_secs() < 60, "{dialect} {shape}: {time:?}");
        if std::env::var_os("SIGMAPOL_SHOW_TIMES").is_some() {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
            println!("{dialect} {streamed} {shape:?}: {time:?} {peak}");
        }
    }
}
