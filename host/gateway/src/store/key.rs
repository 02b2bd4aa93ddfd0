//! Keys, and what is kept of them.

use std::fmt;

use sigmapol_core::digest;

/// What keys begin with that are made here: scanners for secrets find them by it.
const START: &str = "sk-sp-";

/// Randomness of a key: nobody guesses one, however many there are.
const KEY_BYTES: usize = 32;

/// Digits of a digest that name it where people look: of 10,000 keys two are alike with a chance of
/// one in five million, and then the second one is refused.
const PREFIX_DIGITS: usize = 12;

/// A key, to be shown once. Its `Debug` says nothing of it.
pub struct ApiKey(String);

impl ApiKey {
    /// A new one, `sk-sp-` and 256 bits of the system's randomness in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// The system has no randomness.
    pub fn new() -> Result<Self, String> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| format!("no randomness: {error}"))?;
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        Ok(Self(digits.fold(START.to_owned(), |key, digits| key + &digits)))
    }

    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(&self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").finish_non_exhaustive()
    }
}

/// The SHA-256 of a key, in 64 hexadecimal digits.
///
/// It needs no salt and no slow function, for what it is made of cannot be guessed. It is looked up and
/// compared as any text is: how long that takes tells of digests, and whoever knows digits of one has no
/// way to a key that has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyDigest(String);

impl KeyDigest {
    /// That of a key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(digest(key.as_bytes()))
    }

    /// One that was kept; `None` if it is no digest.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        let known = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 64 && digits.bytes().all(known)).then(|| Self(digits.to_owned()))
    }

    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits: the name of a key where people look.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..PREFIX_DIGITS).unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_are_random_and_not_shown() {
        let keys: Vec<_> = (0..100).map(|_| ApiKey::new().unwrap()).collect();
        let texts: HashSet<_> = keys.iter().map(ApiKey::reveal).collect();
        assert_eq!(texts.len(), 100);
        for key in &keys {
            let digits = key.reveal().strip_prefix("sk-sp-").unwrap();
            assert!(digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
            assert_eq!(format!("{key:?}"), "ApiKey { .. }");
        }
    }

    /// As `printf sk-a | sha256sum` has it.
    #[test]
    fn a_digest_is_sha256_in_digits() {
        let whole = "a4a6d307ad00fa67176e1099fdbc4f4a09bb527a7f24718a5030f2f173d11f7f";
        let own = KeyDigest::of("sk-a");
        assert_eq!((own.as_str(), own.prefix()), (whole, "a4a6d307ad00"));
        assert_eq!(KeyDigest::from_hex(own.as_str()), Some(own.clone()));
        for wrong in [&whole[1..], "", &own.as_str().to_uppercase(), &format!("{}0", own.as_str())]
        {
            assert_eq!(KeyDigest::from_hex(wrong), None, "{wrong}");
        }
    }
}
