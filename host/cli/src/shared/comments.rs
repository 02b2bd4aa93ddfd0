//! Comments in JSON.

use sigmapol_core::json::end_of_string;

/// The text with spaces in place of `//` and `/* */` comments: every line and column stays what it
/// was. A comment that does not end is left for the reader of JSON to refuse.
pub(crate) fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find(['"', '/']).and_then(|at| rest.split_at_checked(at))
    {
        out.push_str(before);
        let comment = comment(from);
        let length = match comment {
            Some(length) => length,
            None if from.starts_with('"') => end_of_string(from),
            None => 1,
        };
        let (token, after) = from.split_at_checked(length).unwrap_or((from, ""));
        match comment {
            Some(_) => {
                let blank =
                    |byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' };
                out.extend(token.bytes().map(blank));
            }
            None => out.push_str(token),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The bytes of the comment that the text begins with, if it does.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    Some(text.strip_prefix("/*")?.find("*/")? + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay() {
        for (text, expected) in [
            ("[1] // é\n[2]", "[1]      \n[2]"),
            ("[1, /* a\nb */ 2]", "[1,     \n     2]"),
            ("[/**/1]//", "[    1]  "),
            (r#"["//", "/*", "\"//", "\\"] // x"#, r#"["//", "/*", "\"//", "\\"]     "#),
            ("[1] /* open", "[1] /* open"),
            ("[1] / 2", "[1] / 2"),
            ("\"open // \\", "\"open // \\"),
            ("é/ü", "é/ü"),
            ("", ""),
        ] {
            assert_eq!(blanked(text), expected);
        }
    }
}
