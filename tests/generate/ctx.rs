//! All that a decision may know.

use super::candidate::candidates;
use super::words::{FAMILIES, KINDS, PROVIDERS, SCOPES, SYMBOLS};
use super::{Draw, Terms, Words};

/// A ctx for policies in these words.
pub fn ctx(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut members = vec![("candidates", candidates(draw, words))];
    if words.vocabulary != "{}" || draw.one_in(8) {
        members.push(("vocabulary", words.vocabulary.clone()));
    }
    if draw.one_in(2) {
        members.push(("request", request(draw, words)));
    }
    if draw.one_in(3) {
        members.push(("body", body(draw)));
    }
    if draw.one_in(2) {
        members.push(("state", state(draw)));
    }
    if draw.one_in(2) {
        let seed = if draw.wrong(8) { draw.number() } else { draw.integer() };
        members.push(("seed", seed));
    }
    if draw.one_in(8) {
        members.push(("now_ms", draw.number()));
    }
    if draw.one_in(6) {
        members.push(("envelope", Terms::new(draw, words).of("Pred", draw, 2)));
    }
    if !draw.one_in(8) {
        members.push(("customs", customs(draw, words)));
    }
    if draw.one_in(3) {
        members.push(("failures", failures(draw)));
    }
    if draw.wrong(20) {
        let key = draw.pick(&["candidate", "seed", "request", "state", "failures", "é"]);
        members.retain(|(known, _)| *known != key);
        members.push((key, draw.anything(2)));
    }
    draw.object(members)
}

/// What is asked for, with keys of the caller's own.
fn request(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut members = own_keys(draw);
    if draw.one_in(2) {
        members.push(("requirements", requirements(draw, words)));
    }
    if draw.one_in(3) {
        let scope = draw.pick(&SCOPES);
        members.push(("scope", draw.string(scope)));
    }
    for key in draw.some(&["tools", "images"], 4) {
        members.push((key, draw.pick(&["[]", "[1]", "{}", "\"none\""]).to_owned()));
    }
    if draw.one_in(6) {
        let format = draw.pick(&["json_object", "text"]);
        let format = draw.string(format);
        members.push(("response_format", draw.object(vec![("type", format)])));
    }
    draw.object(members)
}

fn body(draw: &mut Draw<'_>) -> String {
    let members = own_keys(draw);
    draw.object(members)
}

fn own_keys(draw: &mut Draw<'_>) -> Vec<(&'static str, String)> {
    let mut members = Vec::new();
    for key in draw.some(&["temperature", "max_tokens", "seed", "_filters", "messages", "é"], 4) {
        let value = match draw.one_in(3) {
            true => draw.anything(3),
            false => draw.number(),
        };
        members.push((key, value));
    }
    members
}

fn requirements(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut members = Vec::new();
    for key in draw.some(&["min_context", "min_quality", "min_tok_s"], 4) {
        members.push((key, if draw.one_in(8) { "false".to_owned() } else { draw.number() }));
    }
    let mut name = |key, names: &[&str], draw: &mut Draw<'_>| {
        let name = draw.pick(names);
        members.push((key, draw.string(name)));
    };
    if draw.one_in(6) {
        name("model_family", &FAMILIES, draw);
    }
    if draw.one_in(6) {
        name("tier", if words.tiers.is_empty() { &["none"] } else { &words.tiers }, draw);
    }
    if draw.one_in(4) {
        let known = ["standard", "no_log", "tee_required"];
        let any = ["standard", "no_log", "tee_required", "secret"];
        let free = !words.strict || draw.wrong(4);
        name("privacy", if free { &any } else { &known }, draw);
    }
    if draw.one_in(4) {
        let mut needs = draw.some(&["vision", "tools", "seed", "json_mode"], 3);
        if !words.strict || draw.wrong(4) {
            needs.push("wings");
        }
        let needs: Vec<_> = needs.into_iter().map(|need| draw.string(need)).collect();
        members.push(("needs", draw.array(&needs)));
    }
    if draw.one_in(16) && (!words.strict || draw.wrong(2)) {
        members.push(("unheard_of", draw.anything(1)));
    }
    draw.object(members)
}

fn state(draw: &mut Draw<'_>) -> String {
    let mut sections = Vec::new();
    if draw.one_in(2) {
        let mut ema = Vec::new();
        for _ in 0..draw.below(5) {
            let pair = format!("{}|{}", draw.pick(&PROVIDERS), draw.pick(&FAMILIES));
            let prices = draw.some(&["price_in", "price_out", "seen"], 2).into_iter();
            let prices = prices.map(|key| (key, draw.number())).collect();
            ema.push((pair, draw.object(prices)));
        }
        ema.sort();
        ema.dedup_by(|second, first| second.0 == first.0);
        let ema = ema.iter().map(|(pair, prices)| (pair.as_str(), prices.clone())).collect();
        sections.push(("ema", draw.object(ema)));
    }
    for (section, values) in [
        ("breakers", ["true", "false"].as_slice()),
        ("disabled", &["true", "false", "{\"at_ms\":1}"]),
        ("credits", &[]),
    ] {
        if draw.one_in(3) {
            let providers = draw.some(&PROVIDERS, 3).into_iter();
            let members = providers.map(|provider| match values {
                [] => (provider, draw.number()),
                values => (provider, draw.pick(values).to_owned()),
            });
            let members = members.collect();
            sections.push((section, draw.object(members)));
        }
    }
    draw.object(sections)
}

fn customs(draw: &mut Draw<'_>, words: &Words) -> String {
    let symbols = match draw.one_in(8) {
        true => draw.some(&SYMBOLS, 2),
        false => SYMBOLS[..2].to_vec(),
    };
    let mut members = Vec::new();
    for symbol in symbols {
        let definition = match draw.one_in(2) {
            true => Terms::new(draw, words).without_customs().of("Xform", draw, 1),
            false => "[\"set_param\",\"temperature\",0.5]".to_owned(),
        };
        members.push((symbol, definition));
    }
    draw.object(members)
}

fn failures(draw: &mut Draw<'_>) -> String {
    let count = if draw.wrong(20) { 255 + draw.below(3) } else { draw.below(5) };
    let failures = (0..count).map(|_| {
        let kind = draw.pick(&KINDS);
        let mut members = vec![("kind", draw.string(kind))];
        if draw.one_in(2) {
            let attempt =
                if draw.wrong(8) { draw.number() } else { (1 + draw.below(6)).to_string() };
            members.push(("attempt", attempt));
        }
        draw.object(members)
    });
    let failures: Vec<_> = failures.collect();
    draw.array(&failures)
}
