//! Candidates.

use super::words::{CAPABILITIES, FAMILIES, PROVIDERS, SCOPES};
use super::{Draw, Words};

/// Values that hold, that do not, and that hold although they look as if they did not.
const TRUTHS: [&str; 5] = ["true", "false", "0", "\"\"", "128000"];
const CARRIED: [&str; 4] = ["base_url", "served_model_id", "raw_price_in", "source"];
const OWN: [&str; 5] = ["price_in", "price_out", "latency_ms", "tok_s", "success_rate"];

/// The candidates of a case: most often few, now and then more than a machine word has bits.
pub fn candidates(draw: &mut Draw<'_>, words: &Words) -> String {
    let count = match draw.below(64) {
        0 => 0,
        1..=55 => 1 + draw.below(8),
        56..=62 => 9 + draw.below(16),
        _ => 60 + draw.below(140),
    };
    let mut candidates: Vec<String> = Vec::new();
    for _ in 0..count {
        match candidates.last().cloned() {
            // a tie
            Some(last) if draw.one_in(6) => candidates.push(last),
            _ => candidates.push(candidate(draw, words)),
        }
    }
    draw.array(&candidates)
}

fn candidate(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut members = Vec::new();
    let mut name = |key, names: &[&str], draw: &mut Draw<'_>| {
        let name = draw.known(names);
        if !draw.wrong(80) {
            members.push((key, draw.string(name)));
        }
    };
    name("provider_id", &PROVIDERS, draw);
    name("model_family", &FAMILIES, draw);
    if draw.one_in(2) {
        name("tier", if words.tiers.is_empty() { &["none"] } else { &words.tiers }, draw);
    }
    if draw.one_in(4) {
        name("scope", &SCOPES, draw);
    }
    for key in OWN.iter().chain(words.declared_nums()) {
        if draw.one_in(2) {
            members.push((key, draw.number()));
        }
    }
    for key in ["has_tee", "no_log"].iter().chain(words.declared_bools()) {
        if draw.one_in(3) {
            members.push((key, draw.pick(&["true", "false"]).to_owned()));
        }
    }
    if draw.one_in(4) {
        members.push(("quality_hint", draw.number()));
    }
    if draw.one_in(2) {
        members.push(("capabilities", capabilities(draw)));
    }
    if draw.one_in(6) {
        let peer = match draw.below(4) {
            0 => "false".to_owned(),
            _ => {
                let peer = draw.pick(&PROVIDERS);
                draw.string(peer)
            }
        };
        members.push(("offer", draw.object(vec![("peer_id", peer)])));
    }
    for key in draw.some(&CARRIED, 8) {
        members.push((key, draw.anything(1)));
    }
    if draw.one_in(16) && (!words.strict || draw.wrong(2)) {
        members.push(("unheard_of", draw.anything(2)));
    }
    if draw.wrong(40) {
        let at = draw.below(members.len().max(1));
        if let Some(member) = members.get_mut(at) {
            member.1 = draw.anything(1);
        }
    }
    draw.object(members)
}

fn capabilities(draw: &mut Draw<'_>) -> String {
    let mut members = Vec::new();
    for key in draw.some(&CAPABILITIES, 2) {
        let value = match key {
            "context" => draw.number(),
            _ => draw.pick(&TRUTHS).to_owned(),
        };
        members.push((key, value));
    }
    draw.object(members)
}
