//! What travels beside the engine: the client's own members of a request.
//!
//! A policy looks at sizes, needs and a few parameters; it does not read what was said. So the
//! engine gets a skeleton of the contract, and what it asks to be sent is put together again with the
//! texts that the client gave, byte for byte. A prompt costs a step nothing, and what the engine
//! would refuse (`null` in the schema of a tool) or write otherwise (`1.10`) goes out as it came.

use std::collections::HashSet;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use sigmapol_core::json::{Members, Object, quote};

use super::{
    RouterError, deadline,
    original::{EFFORT, ORIGINAL, effort, with_set},
};

/// Parameters that the engine copies into a request, and transforms may clamp or shift.
const SEEN: [&str; 3] = ["max_tokens", "seed", "temperature"];

/// Members that the engine has to know are there, and of which it gets no more than that.
const SHAPE: [&str; 4] = ["images", "messages", "response_format", "tools"];

/// The cap of newer clients: the engine sees it as `max_tokens`.
const NEWER_CAP: &str = "max_completion_tokens";

/// The other members of an OpenAI chat request, and what the adapters of providers take besides. A
/// transform may set them; it does not see them. What is in none of these lists is for the engine to
/// refuse.
const BESIDE: [&str; 35] = [
    "audio",
    "cache_control",
    "first_token_timeout_ms",
    "frequency_penalty",
    "function_call",
    "functions",
    "idle_timeout_ms",
    "logit_bias",
    "logprobs",
    NEWER_CAP,
    "metadata",
    "modalities",
    // a client has to name one; the route says which it is
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    EFFORT,
    "safety_identifier",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "thinking",
    "tool_choice",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// The members of a request for embeddings that no chat request has.
const OF_EMBEDDINGS: [&str; 3] = ["dimensions", "encoding_format", "input"];

/// What stands in a skeleton for a member, as the engine writes it into the request.
const SOMETHING: &str = "[{}]";
const JSON: &str = r#"{"type":"json_object"}"#;
const NO_MESSAGES: &str = "[]";

/// Whether a contract takes a member of a client's chat request. What it does not know, the engine
/// refuses: who serves clients of an open protocol leaves it out.
pub fn takes_chat_member(name: &str) -> bool {
    [&SEEN[..], &SHAPE, &BESIDE].iter().any(|names| names.contains(&name))
}

/// Whether a contract of the protocol `embeddings` takes a member of a client's request for them.
pub fn takes_embeddings_member(name: &str) -> bool {
    name == "user" || OF_EMBEDDINGS.contains(&name)
}

/// What stays with the host of a contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Payload {
    /// The client's members, in its order and as its texts.
    members: Vec<(String, String)>,
    /// The seed that the router drew.
    drawn: Option<String>,
    /// The end of the run, as the contract has it.
    deadline: Option<String>,
}

impl Payload {
    /// Takes a contract apart: what the engine gets, and what travels beside it. A contract that has
    /// a key twice, or is no object, stays whole: the engine says what is wrong with it.
    pub(super) fn split(contract: &str) -> (String, Self) {
        let Ok(members) = serde_json::from_str::<Members<'_>>(contract) else {
            return (contract.to_owned(), Self::default());
        };
        let mut seen = HashSet::new();
        if !members.0.iter().all(|(key, _)| seen.insert(key)) {
            return (contract.to_owned(), Self::default());
        }
        let given = |key: &str| members.get(key).filter(|text| *text != "null");
        // `input` of a chat is another API's, and no member of this one
        let embeds = given("protocol") == Some("\"embeddings\"");
        let mut skeleton = Object::new();
        let mut payload = Vec::new();
        let mut end = None;
        for (key, value) in &members.0 {
            let (name, text) = (key.as_str(), value.get());
            match name {
                // the prompt is a member of ours: the engine says what is wrong with it
                "prompt" if text == "null" => skeleton = skeleton.with(name, text),
                // the conversation goes before the one prompt, as in the engine
                "prompt" if given("messages").is_none() => {
                    let message = Object::new().with("role", &quote("user")).with("content", text);
                    payload.push(("messages".to_owned(), format!("[{}]", message.finish())));
                }
                "prompt" => {}
                "messages" if given(name).is_none() => {}
                deadline::MEMBER => end = Some(text.to_owned()),
                _ if [&SHAPE[..], &BESIDE].iter().any(|list| list.contains(&name))
                    || name == ORIGINAL
                    || (embeds && OF_EMBEDDINGS.contains(&name)) =>
                {
                    payload.push((key.clone(), text.to_owned()));
                }
                _ if SEEN.contains(&name) => {
                    payload.push((key.clone(), text.to_owned()));
                    if name != "max_tokens" {
                        skeleton = skeleton.with_some(name, given(name));
                    }
                }
                _ => skeleton = skeleton.with(name, text),
            }
        }
        let cap = larger(given("max_tokens"), given(NEWER_CAP));
        skeleton = skeleton.with_some("max_tokens", cap);
        let tools = given("tools").or(given("functions")).is_some_and(|list| !is_empty(list));
        let images = given("images").is_some_and(|list| !is_empty(list))
            || given("messages").is_some_and(shows_images);
        let json = given("response_format").is_some_and(wants_json);
        let skeleton = skeleton
            .with_some("tools", tools.then_some(SOMETHING))
            .with_some("images", images.then_some(SOMETHING))
            .with_some("response_format", json.then_some(JSON));
        (skeleton.finish(), Self { members: payload, drawn: None, deadline: end })
    }

    /// The request that is sent: the client's members with what the policy made of them, and the
    /// engine's own. `reasons`: whether the models of a family take an effort of reasoning.
    pub(super) fn join(&self, request: &str, reasons: impl Fn(&str) -> bool) -> String {
        let Ok(engine) = serde_json::from_str::<Members<'_>>(request) else {
            return request.to_owned();
        };
        // both caps stand for the one that the engine saw
        let caps = ["max_tokens", NEWER_CAP];
        let given = |name: &str| self.get(name).filter(|text| *text != "null");
        let cap = larger(given("max_tokens"), given(NEWER_CAP));
        let mut whole = Object::new();
        let mut used = HashSet::from([ORIGINAL]);
        let mut set = Vec::new();
        for (key, text) in &self.members {
            let key = key.as_str();
            if key == ORIGINAL {
                continue;
            }
            let name = match key {
                NEWER_CAP if engine.get(NEWER_CAP).is_none() && cap.is_some() => "max_tokens",
                name => name,
            };
            used.insert(name);
            let seen = if caps.contains(&key) { cap.unwrap_or(text) } else { text };
            let own = engine.get(name).filter(|made| !stands_for(name, made, seen));
            set.extend(own.map(|_| name));
            whole = whole.with(key, own.unwrap_or(text));
        }
        for (key, value) in &engine.0 {
            let (name, made) = (key.as_str(), value.get());
            let shape = SHAPE.contains(&name) && made == placeholder(name);
            let nothing = shape && name != "messages";
            let drawn = name == "seed" && self.drawn.as_deref() == Some(made);
            if !used.contains(name) && !nothing && !drawn {
                set.extend((!shape).then_some(name));
                whole = whole.with(key, made);
            }
        }
        if let Some(original) = self.get(ORIGINAL) {
            let family =
                engine.get("model_family").and_then(|text| serde_json::from_str(text).ok());
            let reasons = family.is_some_and(|family: String| reasons(&family));
            let has_effort = set.contains(&EFFORT) || self.get(EFFORT).is_some();
            let effort = effort(original).filter(|_| reasons && !has_effort);
            whole = whole.with_some(EFFORT, effort.as_deref());
            whole = whole.with(ORIGINAL, &with_set(original, &set));
        }
        whole.finish()
    }

    /// Bytes of what the client said in other words: they come beside its translation.
    pub(super) fn original_bytes(&self) -> usize {
        self.get(ORIGINAL).map_or(0, str::len)
    }

    /// For how long the run may go on, in milliseconds.
    pub(super) fn deadline_ms(&self) -> Result<Option<f64>, RouterError> {
        self.deadline.as_deref().map(deadline::read).transpose()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    /// A run that has no seed gets one, so that `sample` spreads calls; it is in the record of the
    /// event, and not in what is sent.
    pub(super) fn draw_seed(&mut self, skeleton: &str) -> String {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};

        let Ok(members) = serde_json::from_str::<Members<'_>>(skeleton) else {
            return skeleton.to_owned();
        };
        if members.get("seed").is_some() {
            return skeleton.to_owned();
        }
        // each state of a hasher is another one, from the randomness of the system
        let seed = (RandomState::new().build_hasher().finish() >> 11).to_string();
        let seeded = Object::new().with_all(&members).with("seed", &seed).finish();
        self.drawn = Some(seed);
        seeded
    }
}

/// Whether what the engine made of a member is what it was given of it: then the client's own text
/// is sent, `1.0` as it was written.
#[expect(clippy::float_cmp, reason = "the engine writes the nearest double")]
fn stands_for(name: &str, made: &str, text: &str) -> bool {
    if SHAPE.contains(&name) {
        return made == placeholder(name);
    }
    match (made.parse::<f64>(), text.parse::<f64>()) {
        (Ok(made), Ok(text)) => made == text,
        _ => made == text,
    }
}

fn placeholder(name: &str) -> &'static str {
    match name {
        "messages" => NO_MESSAGES,
        "response_format" => JSON,
        _ => SOMETHING,
    }
}

/// Of two caps the larger: a policy that clamps it clamps both. One that is no number is for the
/// engine to refuse.
fn larger<'t>(older: Option<&'t str>, newer: Option<&'t str>) -> Option<&'t str> {
    match (older, newer) {
        (Some(older), Some(newer)) => match (older.parse::<f64>(), newer.parse::<f64>()) {
            (Ok(left), Ok(right)) if right > left => Some(newer),
            (Ok(_), Err(_)) => Some(newer),
            _ => Some(older),
        },
        (older, newer) => older.or(newer),
    }
}

fn is_empty(list: &str) -> bool {
    serde_json::from_str::<Vec<IgnoredAny>>(list).is_ok_and(|list| list.is_empty())
}

fn wants_json(format: &str) -> bool {
    let members = serde_json::from_str::<Members<'_>>(format).ok();
    let kind = members.as_ref().and_then(|members| members.get("type"));
    let kind = kind.and_then(|kind| serde_json::from_str::<String>(kind).ok());
    matches!(kind.as_deref(), Some("json_object" | "json_schema"))
}

/// Whether a part of a message is an image, whichever of its names it has. What is nested too deep to
/// be looked at may be one.
fn shows_images(messages: &str) -> bool {
    serde_json::from_str::<Content>(messages).map_or(true, |content| content.0)
}

/// Whether there is an image in messages, in their content, or in what a tool gave back. It is read in
/// one pass, and no deeper than any JSON.
struct Content(bool);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit)
    }
}

struct Visit;

impl<'de> Visitor<'de> for Visit {
    type Value = Content;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Content, E> {
        Ok(Content(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Content, E> {
        Ok(Content(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Content, E> {
        Ok(Content(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Content, E> {
        Ok(Content(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Content, E> {
        Ok(Content(false))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content(false))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => {
                    let name = serde_json::from_str::<String>(map.next_value::<&RawValue>()?.get());
                    let is_image =
                        |name: &str| ["image", "image_url", "input_image"].contains(&name);
                    found |= name.is_ok_and(|name| is_image(&name));
                }
                "content" => found |= map.next_value::<Content>()?.0,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Content(found))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Content, A::Error> {
        let mut found = false;
        while let Some(part) = parts.next_element::<Content>()? {
            found |= part.0;
        }
        Ok(Content(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skeleton(contract: &str) -> String {
        Payload::split(contract).0
    }

    #[test]
    fn the_engine_gets_what_policies_look_at() {
        for (contract, expected) in [
            (r#"{"profile":"p","prompt":"long"}"#, r#"{"profile":"p"}"#),
            (r#"{"messages":[{"content":null}],"temperature":1.10}"#, r#"{"temperature":1.10}"#),
            (
                r#"{"tools":[{"type":"function","function":{"parameters":{"default":null}}}]}"#,
                r#"{"tools":[{}]}"#,
            ),
            (r#"{"tools":[],"images":[],"top_p":null}"#, "{}"),
            (r#"{"max_completion_tokens":7}"#, r#"{"max_tokens":7}"#),
            (r#"{"max_completion_tokens":7,"max_tokens":5}"#, r#"{"max_tokens":7}"#),
            (r#"{"max_completion_tokens":7,"max_tokens":null}"#, r#"{"max_tokens":7}"#),
            (
                r#"{"response_format":{"type":"json\u005fobject"}}"#,
                r#"{"response_format":{"type":"json_object"}}"#,
            ),
            (
                r#"{"messages":[{"content":5},{"content":[{"type":"image\u005furl"}]}]}"#,
                r#"{"images":[{}]}"#,
            ),
            (r#"{"messages":[{"content":[],"content":[{"type":"image"}]}]}"#, r#"{"images":[{}]}"#),
            (
                r#"{"response_format":{"type":"json_schema","json_schema":{"schema":null}}}"#,
                r#"{"response_format":{"type":"json_object"}}"#,
            ),
            (r#"{"response_format":{"type":"text"}}"#, "{}"),
            (
                r#"{"messages":[{"content":"a"},{"content":[{"type":"text"},{"type":"image_url"}]}]}"#,
                r#"{"images":[{}]}"#,
            ),
            (
                r#"{"messages":[{"role":"tool","content":[{"content":[{"type":"image"}]}]}]}"#,
                r#"{"images":[{}]}"#,
            ),
            (r#"{"model":"gpt-5","messages":[]}"#, "{}"),
            // the engine refuses what nobody knows, and a key that is there twice
            (r#"{"tmeperature":1}"#, r#"{"tmeperature":1}"#),
            (r#"{"seed":1,"seed":2}"#, r#"{"seed":1,"seed":2}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(skeleton(contract), expected, "{contract}");
        }
    }

    #[test]
    fn what_is_sent_is_what_the_client_said() {
        for (contract, made, sent) in [
            // order, texts of numbers, null and keys that are there twice stay
            (
                r#"{"top_p":1.10,"messages":[{"b":9223372036854775807,"a":null,"a":1}],"n":1}"#,
                r#"{"messages":[],"provider_id":"x"}"#,
                r#"{"top_p":1.10,"messages":[{"b":9223372036854775807,"a":null,"a":1}],"n":1,"provider_id":"x"}"#,
            ),
            (
                r#"{"prompt":"é\n"}"#,
                r#"{"messages":[]}"#,
                r#"{"messages":[{"role":"user","content":"é\n"}]}"#,
            ),
            // where the policy left it, and where it did not
            (
                r#"{"temperature":1.0,"max_tokens":1000.0}"#,
                r#"{"max_tokens":500,"messages":[],"temperature":1}"#,
                r#"{"temperature":1.0,"max_tokens":500,"messages":[]}"#,
            ),
            (
                r#"{"max_completion_tokens":1000}"#,
                r#"{"max_tokens":500,"messages":[]}"#,
                r#"{"max_completion_tokens":500,"messages":[]}"#,
            ),
            (
                r#"{"top_p":0.5}"#,
                r#"{"messages":[],"top_p":0.1}"#,
                r#"{"top_p":0.1,"messages":[]}"#,
            ),
            // shapes stand for the client's own, or for nothing
            (
                r#"{"tools":[{"x":null}],"messages":[{"content":[{"type":"image_url"}]}]}"#,
                r#"{"images":[{}],"messages":[],"tools":[{}]}"#,
                r#"{"tools":[{"x":null}],"messages":[{"content":[{"type":"image_url"}]}]}"#,
            ),
            (r#"{"tools":[]}"#, r#"{"messages":[]}"#, r#"{"tools":[],"messages":[]}"#),
            (r#"{"n":2}"#, r#"{"messages":[],"seed":5}"#, r#"{"n":2,"messages":[],"seed":5}"#),
            (r#"{"seed":5}"#, r#"{"messages":[],"seed":5}"#, r#"{"seed":5,"messages":[]}"#),
        ] {
            let (_, payload) = Payload::split(contract);
            assert_eq!(payload.join(made, |_| false), sent, "{contract}");
        }
    }

    /// The words of another API stay as they are, and who sends them learns what a policy has set.
    #[test]
    fn what_a_client_said_in_other_words() {
        let contract = r#"{"temperature":1.5,"max_tokens":9,"top_p":0.5,
            "_anthropic":{"body":{"a":1.10},"effort":"high"}}"#;
        let (skeleton, payload) = Payload::split(contract);
        assert_eq!(skeleton, r#"{"temperature":1.5,"max_tokens":9}"#);
        assert_eq!(payload.original_bytes(), r#"{"body":{"a":1.10},"effort":"high"}"#.len());
        let made = |more: &str| {
            format!(r#"{{"messages":[],"max_tokens":9,"model_family":"f","timeout_ms":1{more}}}"#)
        };
        let joined = |more: &str, reasons: &str| {
            let joined = payload.join(&made(more), |family| family == reasons);
            let members: Members<'_> = serde_json::from_str(&joined).unwrap();
            let text = |key: &str| members.get(key).unwrap_or("-").to_owned();
            (text("_anthropic"), text("reasoning_effort"), text("temperature"))
        };
        let own = |set: &str| format!(r#"{{"body":{{"a":1.10}},"effort":"high","set":[{set}]}}"#);
        let (none, high, low) = ("-".to_owned(), "\"high\"".to_owned(), "\"low\"".to_owned());
        let same = "1.5".to_owned();
        assert_eq!(joined(r#","temperature":1.5"#, ""), (own(""), none.clone(), same.clone()));
        assert_eq!(joined(r#","temperature":1.5"#, "f"), (own(""), high, same));
        assert_eq!(
            joined(r#","temperature":1,"top_p":0.1,"stop":"x","_anthropic":{"body":{}}"#, ""),
            (own(r#""temperature","top_p","stop""#), none, "1".to_owned())
        );
        let set = r#","temperature":1,"reasoning_effort":"low""#;
        let expected = (own(r#""temperature","reasoning_effort""#), low, "1".to_owned());
        assert_eq!(joined(set, "f"), expected);
        // there is none of a policy's own
        let (_, chat) = Payload::split("{}");
        let forged = r#"{"messages":[],"_anthropic":{"body":{}}}"#;
        assert_eq!(chat.join(forged, |_| true), r#"{"messages":[]}"#);
        assert!(!takes_chat_member(ORIGINAL));
    }

    /// A seed of the router's is for the policy, that of the client for all.
    #[test]
    fn a_seed_that_was_drawn() {
        let (skeleton, mut payload) = Payload::split("{}");
        let seeds: std::collections::HashSet<String> =
            (0..50).map(|_| payload.draw_seed(&skeleton)).collect();
        assert!(seeds.len() > 40, "{seeds:?}");
        let seeded = payload.draw_seed(&skeleton);
        let seed = seeded.strip_prefix(r#"{"seed":"#).unwrap().strip_suffix('}').unwrap();
        assert!(seed.parse::<u64>().unwrap() < 1 << 53);
        let made = format!(r#"{{"messages":[],"seed":{seed}}}"#);
        assert_eq!(payload.join(&made, |_| false), r#"{"messages":[]}"#);
        // a policy may set one of its own
        assert_eq!(
            payload.join(r#"{"messages":[],"seed":0.5}"#, |_| false),
            r#"{"messages":[],"seed":0.5}"#
        );
        assert_eq!(payload.draw_seed(r#"{"seed":7}"#), r#"{"seed":7}"#);
    }

    /// Deep and wide contracts are answered at once, and by no overflow of the stack.
    #[test]
    fn hostile_contracts() {
        let depth = 100_000;
        for (open, close) in [("{\"content\":", "}"), ("[", "]")] {
            let messages = format!("[{}1{}]", open.repeat(depth), close.repeat(depth));
            let (skeleton, _) = Payload::split(&format!("{{\"messages\":{messages}}}"));
            assert!(
                [r#"{"images":[{}]}"#, &format!("{{\"messages\":{messages}}}")]
                    .contains(&skeleton.as_str())
            );
        }
        let keys: Vec<_> = (0..100_000).map(|at| format!("\"k{at}\":1")).collect();
        let contract = format!("{{{}}}", keys.join(","));
        assert_eq!(Payload::split(&contract).0, contract);
    }
}
