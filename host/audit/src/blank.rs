//! JSON with its strings blanked: what was said is gone, and everything that can be decided on it
//! is still there.

use sigmapol_core::json::end_of_string;

/// The members of a request whose strings policies look at. Strings elsewhere are prose, pictures
/// and secrets, or nobody's business.
const LOOKED_AT: [&str; 3] = ["requirements", "response_format", "scope"];

/// The request with every string blanked but those that policies look at: as many bytes, each an
/// `x`. Costs depend on sizes and not on what is said, so that they stay; keys stay too.
///
/// `request` is JSON that was read before; blanking it again changes nothing.
pub(crate) fn blank(request: &str) -> String {
    blanked(request).0
}

/// As [`blank`], and how many bytes were blanked: where there are none, nothing was said, and the
/// text is what it was.
pub(crate) fn blanked(request: &str) -> (String, usize) {
    let mut count = 0;
    let mut out = String::with_capacity(request.len());
    let mut rest = request;
    let mut depth = 0_usize;
    // the key at depth 1 that the text is under
    let mut kept = false;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let Some(first) = from.chars().next() else { break };
        if first != '"' {
            match first {
                '{' | '[' => depth += 1,
                _ => depth = depth.saturating_sub(1),
            }
            out.push(first);
            rest = from.get(1..).unwrap_or_default();
            continue;
        }
        let (string, after) = from.split_at(end_of_string(from));
        rest = after;
        let is_key = after.trim_start().starts_with(':');
        if is_key && depth == 1 {
            kept = serde_json::from_str::<String>(string)
                .is_ok_and(|key| LOOKED_AT.contains(&key.as_str()));
        }
        if is_key || kept {
            out.push_str(string);
        } else {
            let bytes = serde_json::from_str::<String>(string).map_or(0, |text| text.len());
            out.push('"');
            out.extend(std::iter::repeat_n('x', bytes));
            out.push('"');
            count += bytes;
        }
    }
    out.push_str(rest);
    (out, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_gone() {
        // no key of these has an `x`
        for (request, blanked) in [
            (r#"{"prompt":"my key is 42"}"#, r#"{"prompt":"xxxxxxxxxxxx"}"#),
            // the bytes of the text, not of its escapes
            (r#"{"prompt":"\u00e9\"\ud83d\ude00"}"#, r#"{"prompt":"xxxxxxx"}"#),
            (r#"{"prompt":"é"}"#, r#"{"prompt":"xx"}"#),
            (
                r#"{ "messages" : [ {"role":"user","content":["a",{"b":"cd"}]} ], "n" : 1.50 }"#,
                r#"{ "messages" : [ {"role":"xxxx","content":["x",{"b":"xx"}]} ], "n" : 1.50 }"#,
            ),
            (
                r#"{"requirements":{"needs":["tools"],"tier":"partner"},"tools":["t"],"scope":"s"}"#,
                r#"{"requirements":{"needs":["tools"],"tier":"partner"},"tools":["x"],"scope":"s"}"#,
            ),
            // a key of that name further down is nothing that policies look at
            (r#"{"user":{"scope":"me"},"a":"b"}"#, r#"{"user":{"scope":"xx"},"a":"x"}"#),
            (r#"{"a\"":"{[:"}"#, r#"{"a\"":"xxx"}"#),
            (
                r#"{"response_format":{"type":"json_object"}}"#,
                r#"{"response_format":{"type":"json_object"}}"#,
            ),
            ("{}", "{}"),
            ("7", "7"),
            (r#""text""#, r#""xxxx""#),
        ] {
            assert_eq!(blank(request), blanked);
            assert_eq!(blank(blanked), blanked);
            let x = blanked.matches('x').count();
            assert_eq!(super::blanked(request).1, x);
        }
    }
}
