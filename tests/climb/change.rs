//! Random changes of a policy or a ctx.

use super::tree::Json;

/// Sebastiano Vigna's SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Numbers that take the longest to read, to compare, to add or to write.
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "1",
    "2",
    "0.1",
    "0.3",
    "5e-324",
    "-5e-324",
    "2.2250738585072011e-308",
    "1e-310",
    "1.7976931348623156083e308",
    "7.4109846876186981626e-324",
    "1e308",
    "-1e308",
    "1.7976931348623157e308",
    "9007199254740993",
    "0.30000000000000004",
    "123456789012345678",
    "1e21",
    "1e-7",
    "3.1415926535897931",
    "-1",
];

/// Slots that are known to be dear, to be put in the place of others.
const TERMS: [&str; 22] = [
    r#"["meets_req"]"#,
    r#"["scope_matches"]"#,
    r#"["has_cap","supports_tools"]"#,
    r#"["min_tier","partner"]"#,
    r#"["cmp","price_in","le",0.1]"#,
    r#"["cmp","credits","ge",5e-324]"#,
    r#"["family_eq","m"]"#,
    r#"["is","breaker_open"]"#,
    r#"["not",["provider_in",["p","q","r"]]]"#,
    r#"["normalize",["field","price_in"]]"#,
    r#"["normalize",["add",["field","tok_s"],["scale",0.1,["field","latency_ms"]]]]"#,
    r#"["gate",["is","no_log"],["field","success_rate"]]"#,
    r#"["clamp",0.1,0.9,["field","credits"]]"#,
    r#"["sample",0.5]"#,
    r#"["sample",1e-300]"#,
    r#"["top_k",3,["sample",1]]"#,
    r#"["prefer",["is","no_log"],["argmax"]]"#,
    r#"["prefer",["meets_req"],["sample",3]]"#,
    r#"["chain",[{"provider":"p","model":"m"},{"provider":"q","model":"m"}]]"#,
    r#"["seq",["set_param","temperature",0.1],["jitter","temperature",0.3]]"#,
    r#"["when",["is","no_log"],["clamp_param","temperature",0.1,0.9]]"#,
    r#"["override",["always",{"action":"abort"}],"timeout",{"action":"retry_same","max_attempts":3,"backoff_ms":[1,2,3]}]"#,
];

/// Changes a tree somewhere.
pub fn change(random: &mut Random, tree: &mut Json, mut foreign: Json, in_policy: bool) {
    let mut number = random.below(tree.nodes());
    let Some(node) = tree.node(&mut number) else { return };
    let times = *random.pick(&[1, 1, 2, 8, 64, 512, 4_000]);
    match (random.below(11), node) {
        // more of the same
        (0..=2, Json::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            let marked = random.below(2) == 0;
            for copy in 0..times {
                let mut item = items[at].clone();
                if marked {
                    item.mark(&copy.to_string());
                }
                items.push(item);
            }
        }
        (0..=2, Json::Object(members)) if !members.is_empty() => {
            let (key, value) = random.pick(members).clone();
            let front = random.below(2) == 0;
            for copy in 0..times {
                let key = if front { format!("{copy}{key}") } else { format!("{key}{copy}") };
                members.push((key, value.clone()));
            }
        }
        // less
        (3, Json::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            items.drain(at..(at + times).min(items.len()));
        }
        (3, Json::Object(members)) if !members.is_empty() => {
            let at = random.below(members.len());
            members.drain(at..(at + times).min(members.len()));
        }
        (4, node) if in_policy => {
            *node = Json::read(TERMS[random.below(TERMS.len())]).unwrap();
        }
        // a term around it
        (5, node @ Json::Array(_)) if in_policy => {
            let op =
                *random.pick(&["and", "or", "not", "add", "neg", "seq", "normalize", "min", "max"]);
            let mut around = vec![Json::Text(op.to_owned())];
            around.extend(vec![node.clone(); 1 + random.below(2)]);
            *node = Json::Array(around);
        }
        // what another has there
        (6, node) => {
            let mut number = random.below(foreign.nodes());
            if let Some(part) = foreign.node(&mut number) {
                *node = part.clone();
            }
        }
        (7, node @ (Json::Array(_) | Json::Object(_))) if !in_policy => {
            node.lead(&"a".repeat(times.min(100)));
        }
        (_, Json::Literal(text)) => *text = (*random.pick(&NUMBERS)).to_owned(),
        (_, Json::Text(text)) => match random.below(4) {
            0 => *text = text.repeat(times.min(100)),
            1 => text.push_str(&"\n".repeat(times)),
            2 => text.truncate(text.floor_char_boundary(text.len() / 2)),
            _ => text.push_str(&times.to_string()),
        },
        // an empty one is cheap, and so is what is rejected early
        (_, Json::Array(items)) => items.reverse(),
        (_, Json::Object(members)) => members.reverse(),
    }
}
