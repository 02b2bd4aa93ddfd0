//! Names of variables of the environment, which are no keys.

/// What keys begin with that a shell would take for a name.
const PREFIXES: [&str; 9] = ["AIza", "eyJ", "ghp_", "gsk_", "hf_", "pplx", "r8_", "sk_", "tgp_"];

/// The longest name.
const NAME_BYTES: usize = 128;
/// Names have words; keys of so many letters and digits have none.
const WORD_BYTES: usize = 32;
/// The same, if small letters and digits are mixed.
const MIXED_BYTES: usize = 12;

/// Whether a text can be the name of a variable. A key that someone put in its place is told
/// apart, for a name is shown in messages.
pub(super) fn is_name(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let named = !text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(part);
    let like_a_key =
        PREFIXES.iter().any(|prefix| text.starts_with(prefix)) || text.split('_').any(is_random);
    !text.is_empty() && text.len() <= NAME_BYTES && named && !like_a_key
}

/// Whether a word is too long for one, or long with digits among its letters.
fn is_random(word: &str) -> bool {
    let lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.len() >= WORD_BYTES || (word.len() >= MIXED_BYTES && lower && digits >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys() {
        for name in [
            "OPENAI_API_KEY",
            "KEY",
            "_k2",
            "openai_api_key",
            "AZURE_OPENAI_KEY_2024_10",
            "openai_key_2024_10",
        ] {
            assert!(is_name(name), "{name}");
        }
        for key in [
            "",
            "sk-proj-abc",
            "sk_live_51H",
            "gsk_abc",
            "hf_abcdef",
            "AIzaSyA1b2",
            "0123456789abcdef0123456789abcdef",
            "A0123456789ABCDEF0123456789ABCDEF",
            "c0ffee00c0ffee00",
            "a b",
            "Bearer x",
            "$KEY",
            "key\n",
        ] {
            assert!(!is_name(key), "{key}");
        }
    }
}
