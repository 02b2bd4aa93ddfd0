//! Whatever a provider sends, there is an answer or a failure, it does not depend on how the bytes are
//! cut, and it takes no more memory and work than the bytes are worth.
//!
//! `make attack` tries more cases; see `tests/attack/mod.rs`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "../../../tests/attack/mod.rs"]
mod attack;
#[path = "../../../tests/attack/reading.rs"]
mod reading;

use attack::{
    Campaign, Random,
    allocation::{Allocated, Counting},
    is_attack,
    responses::SHAPES,
};
use reading::{HELD, KEY, TAKEN, check};
use sigmapol_provider::{Answer, CallError, testing};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const DIALECTS: [&str; 4] = ["anthropic", "google", "ollama", "openai_compatible"];

/// Reads bytes in pieces of random sizes.
fn read(
    random: &mut Random,
    dialect: &str,
    streamed: bool,
    bytes: &[u8],
) -> (Result<Answer, CallError>, Allocated) {
    let most = *random.one(&[1, 2, 3, 7, 64, 1024, 1 << 20]);
    let sizes: Vec<_> = (0..random.below(8)).map(|_| 1 + random.below(most)).collect();
    reading::read(dialect, streamed, bytes, &sizes)
}

/// The shapes of a dialect, or of all, with the key where a server may repeat it.
fn shapes(dialect: Option<&str>) -> Vec<(bool, String)> {
    let own = SHAPES.iter().filter(|(own, ..)| dialect.is_none_or(|dialect| dialect == *own));
    own.map(|(_, streamed, shape)| (*streamed, shape.replace("KEY", KEY))).collect()
}

/// What real servers send, changed a little, cut off, put together; what other servers send; and
/// anything at all.
fn responses(name: &'static str, dialect: &str) {
    let (own, all) = (shapes(Some(dialect)), shapes(None));
    let texts = |shapes: &'_ [(bool, String)], as_stream: bool| {
        let shapes = shapes.iter().filter(|(streamed, _)| *streamed == as_stream);
        shapes.map(|(_, text)| text.clone()).collect::<Vec<_>>()
    };
    let [own, all] = [&own, &all].map(|shapes| [texts(shapes, false), texts(shapes, true)]);
    let own = own.each_ref().map(|texts| texts.iter().map(String::as_str).collect::<Vec<_>>());
    let all = all.each_ref().map(|texts| texts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut most = Allocated::default();
    let tally = Campaign::new(name, 4_000).run(|random| {
        let streamed = random.one_in(2);
        let bytes = match random.below(10) {
            0 | 1 => random.bytes(300),
            2 => random.almost(&all[usize::from(!streamed)]),
            _ => random.almost(&own[usize::from(streamed)]),
        };
        let (first, allocated) = read(random, dialect, streamed, &bytes);
        let (second, _) = read(random, dialect, streamed, &bytes);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(first, second, "{dialect} {streamed} {text}");
        most = Allocated {
            peak: most.peak.max(allocated.peak.saturating_sub(HELD) / bytes.len().max(1)),
            sum: most.sum.max(allocated.sum.saturating_sub(TAKEN) / bytes.len().max(1)),
        };
        if first.is_ok() { "answers" } else { "failures" }
    });
    // the changes are not so many that everything fails
    assert!(!tally.is_whole || tally.of("answers") > tally.cases / 10, "{tally:?}");
    tally.say(format!("; at most {} bytes held and {} taken in sum a byte", most.peak, most.sum));
}

#[test]
fn responses_of_anthropic() {
    responses("responses of anthropic", "anthropic");
}

#[test]
fn responses_of_google() {
    responses("responses of google", "google");
}

#[test]
fn responses_of_ollama() {
    responses("responses of ollama", "ollama");
}

#[test]
fn responses_of_openai() {
    responses("responses of openai_compatible", "openai_compatible");
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
    let shapes = shapes(None);
    let texts: Vec<_> = shapes.iter().map(|(_, text)| text.as_str()).collect();
    let tally = Campaign::new("failures of any body", 2_000).run(|random| {
        let dialect = *random.one(&DIALECTS);
        let bytes = random.almost(&texts);
        let body = String::from_utf8_lossy(&bytes);
        let status = 300 + u16::try_from(random.below(400)).unwrap();
        let failure = testing::failure(dialect, status, &body, Some(KEY)).unwrap();
        let kind = failure.kind.name();
        check(&Err(failure));
        kind
    });
    tally.say("");
}

/// A conversation with what the dialects have to say in other words.
const REQUEST: &str = r#"{"provider_id":"p","served_model_id":"gemini-3-pro","messages":[
    {"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},
    {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
    "function":{"name":"f","arguments":"{\"a\":1.10}"}}]},
    {"role":"tool","tool_call_id":"c","content":"1"}],"images":["https://a/b.png"],
    "tools":[{"type":"function","function":{"name":"f","parameters":{"enum":[null]}}}],
    "tool_choice":"required","temperature":0.5,"max_tokens":1000.5,"stop":"x","seed":7,
    "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}}"#;

#[test]
fn requests_of_any_text() {
    let tally = Campaign::new("requests of any text", 5_000).run(|random| {
        let bytes = random.almost(&[REQUEST]);
        let text = String::from_utf8_lossy(&bytes);
        let dialect = random.one(&DIALECTS);
        match testing::body(dialect, &text, random.one_in(2)).unwrap() {
            Ok(body) => {
                assert!(testing::is_json(&body), "{text}\n{body}");
                "bodies"
            }
            Err(error) => {
                assert!(!error.message.is_empty(), "{text}");
                "refusals"
            }
        }
    });
    assert!(!tally.is_whole || tally.of("bodies") > tally.cases / 10, "{tally:?}");
    tally.say("");
}

/// As much as a provider may send, made to be as much work as it can be.
#[test]
fn as_much_as_there_may_be() {
    let mut most = Allocated::default();
    // the bound itself takes 20 s without optimisation
    let size = if is_attack() { 16 << 20 } else { 1 << 20 };
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
        let (_, allocated) = reading::read(dialect, streamed, bytes.as_bytes(), &[65_536]);
        most = Allocated { peak: most.peak.max(allocated.peak), sum: most.sum.max(allocated.sum) };
    }
    if is_attack() {
        println!("{most:?} for {size} bytes");
    }
}
