//! Names of requests: random, and not secret.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// The id of a request: 32 hexadecimal digits.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// One that no other request has: 128 bits from the randomness of the system.
    pub(crate) fn new() -> Self {
        // each state of a hasher is another one
        let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
        Self(format!("{high:016x}{low:016x}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_are_alike() {
        let ids: HashSet<_> = (0..1000).map(|_| RequestId::new().0).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
