//! Parameters of terms, of every domain.

use super::words::{CAPABILITIES, FAMILIES, KINDS, PROVIDERS, SCOPES, SYMBOLS};
use super::{Draw, Words};

const SAMPLING: [&str; 10] = [
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "top_k",
    "timeout_ms",
    "first_token_timeout_ms",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
];
/// Most of them go on.
const ACTIONS: [&str; 8] = [
    "next_candidate",
    "retry_same",
    "retry_same",
    "retry_same",
    "next_candidate",
    "next_provider_same_model",
    "disable_provider",
    "abort",
];

/// A parameter of a domain, now and then outside of it.
pub fn parameter(draw: &mut Draw<'_>, words: &Words, domain: &str) -> String {
    if draw.wrong(60) {
        return draw.anything(2);
    }
    match domain {
        "Num" if draw.wrong(40) => "1e309".to_owned(),
        "Num" => draw.number(),
        "Count" => match draw.below(8) {
            7 => draw.pick(&["9007199254740993", "1e300", "2.0"]).to_owned(),
            small => (1 + small).to_string(),
        },
        "Rel" => name(draw, &["lt", "le", "eq", "ne", "ge", "gt"]),
        "NumField" => name(draw, &words.nums),
        "BoolField" => name(draw, &words.bools),
        "Tier" if words.tiers.is_empty() => name(draw, &["partner"]),
        "Tier" => name(draw, &words.tiers),
        "Family" => any_name(draw, &FAMILIES),
        "Provider" | "ServedBy" => any_name(draw, &PROVIDERS),
        "Capability" => any_name(draw, &CAPABILITIES),
        "ParamName" if words.strict && !draw.wrong(20) => name(draw, &SAMPLING),
        "ParamName" => name(draw, &["temperature", "messages", "_filters", "é\n", "", "seed"]),
        "Scalar" => scalar(draw),
        "Recipe" => recipe(draw, words),
        "Sym" => match draw.below(16) {
            0 => name(draw, &SYMBOLS),
            _ => name(draw, &SYMBOLS[..2]),
        },
        "FailReason" => any_name(draw, &KINDS),
        "Action" => action(draw, words),
        "Chain" => chain(draw, words),
        other => panic!("no parameters of the domain {other}"),
    }
}

fn name(draw: &mut Draw<'_>, names: &[&str]) -> String {
    let name = match draw.wrong(60) {
        true if draw.one_in(2) => "x".repeat(255 + draw.below(3)),
        true => draw.pick(&["", "lt", "price_in", "no such name", "\u{0}", "top"]).to_owned(),
        false => draw.known(names).to_owned(),
    };
    draw.string(&name)
}

/// A name, or a string that writers get wrong, which is a name as well.
fn any_name(draw: &mut Draw<'_>, names: &[&str]) -> String {
    let strange =
        ["\t\r\n", "\u{0}\u{8}\u{c}\u{1f}\u{7f}", "\"\\/'", "日本\u{2028}", "🏳️‍🌈\u{feff}", " "];
    match draw.one_in(16) {
        true => name(draw, &strange),
        false => name(draw, names),
    }
}

fn scalar(draw: &mut Draw<'_>) -> String {
    match draw.below(5) {
        0 | 1 => draw.number(),
        2 => draw.pick(&["true", "false"]).to_owned(),
        3 => draw.string("from_ctx"),
        _ => any_name(draw, &["high", "é", "", "from_ctx "]),
    }
}

/// In the reference profile a record stands for an array, and nobody looks inside.
fn record_instead(draw: &mut Draw<'_>, words: &Words) -> Option<String> {
    (!words.strict && draw.one_in(12)).then(|| {
        let value = draw.number();
        draw.object(vec![("a", value)])
    })
}

fn recipe(draw: &mut Draw<'_>, words: &Words) -> String {
    if let Some(record) = record_instead(draw, words) {
        return record;
    }
    let count = if draw.wrong(20) { 63 + draw.below(4) } else { draw.below(4) };
    let steps = (0..count).map(|_| match draw.below(3) {
        0 => name(draw, &["trim", "lower", "", "é"]),
        1 => draw.pick(&["{}", "[]"]).to_owned(),
        _ => {
            let members = draw.some(&["width", "a", "é"], 2).into_iter();
            let members = members.map(|key| (key, draw.number())).collect();
            draw.object(members)
        }
    });
    let steps: Vec<_> = steps.collect();
    draw.array(&steps)
}

fn chain(draw: &mut Draw<'_>, words: &Words) -> String {
    if let Some(record) = record_instead(draw, words) {
        return record;
    }
    let count = if draw.wrong(20) { 63 + draw.below(4) } else { draw.below(6) };
    let links = (0..count).map(|_| {
        let keys = draw.pick(&[("provider", "model"), ("provider_id", "model_family")]);
        let mut link = vec![(keys.0, name(draw, &PROVIDERS)), (keys.1, name(draw, &FAMILIES))];
        if keys.0 == "provider" && draw.one_in(8) {
            link.push(("provider_id", name(draw, &SCOPES)));
        }
        draw.object(link)
    });
    let links: Vec<_> = links.collect();
    draw.array(&links)
}

/// What to do about a failure. Numbers are mostly those that the strict profile takes.
pub fn action(draw: &mut Draw<'_>, words: &Words) -> String {
    let free = !words.strict || draw.wrong(10);
    let mut members = vec![("action", name(draw, &ACTIONS))];
    if draw.one_in(3) {
        members.push(("then_action", name(draw, &ACTIONS)));
    }
    if draw.one_in(2) {
        let attempts = if free && draw.one_in(3) { draw.number() } else { digit(draw, 11) };
        members.push(("attempts", attempts));
    }
    if draw.one_in(3) {
        let wait = |draw: &mut Draw<'_>| match free && draw.one_in(3) {
            true => draw.number(),
            false => digit(draw, 60_001),
        };
        let waits: Vec<_> =
            (0..draw.below(if free { 20 } else { 5 })).map(|_| wait(draw)).collect();
        let backoff = if draw.one_in(2) { wait(draw) } else { draw.array(&waits) };
        members.push(("backoff_ms", record_instead(draw, words).unwrap_or(backoff)));
    }
    if draw.one_in(4) {
        members.push(("open_breaker_ms", draw.number()));
    }
    if draw.one_in(8) {
        members.push(("weight", draw.number()));
    }
    draw.object(members)
}

fn digit(draw: &mut Draw<'_>, bound: usize) -> String {
    draw.below(bound).to_string()
}
