//! What can be changed of a consumer.

use std::time::{Duration, SystemTime};

use super::{Allowed, Consumer, Key, Status, StoreError, check_name};

/// The most keys of a consumer.
const KEYS: usize = 100;

/// How long a key that is refused is kept, so that its holder is told why. Without an end, a consumer
/// that changes its key every night would come to its bound.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A change of a consumer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Edit {
    /// One more key; a consumer that is not there is a new one. Routes are those of the consumer.
    Add {
        /// The key.
        key: Key,
        /// Routes of a new consumer, if not all; one that is there has to have these.
        allowed: Option<Allowed>,
    },
    /// A new key in place of all others, which are taken until then.
    Rotate {
        /// The new key.
        key: Key,
        /// When the others expire, unless they do before.
        until: SystemTime,
    },
    /// Takes back the key whose digest begins so.
    Revoke {
        /// The first 12 digits.
        prefix: String,
        /// `None`: nothing is kept of it, and its holder is nobody who is known. Otherwise it is kept as
        /// revoked at this time, and its holder is told so.
        keep: Option<SystemTime>,
    },
    /// Whether its keys are taken, and what it may ask for.
    Set {
        /// The status, if it changes.
        status: Option<Status>,
        /// The routes, if they change.
        allowed: Option<Allowed>,
    },
}

impl Edit {
    /// The consumer of this name after the edit; `before` is what it was, if it was there.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoConsumer`], [`StoreError::NoKey`]; [`StoreError::Invalid`] for a name that is none
    /// and for one key too many.
    pub fn apply(self, name: &str, before: Option<&Consumer>) -> Result<Consumer, StoreError> {
        let mut consumer = match (before, &self) {
            (Some(before), _) => before.clone(),
            (None, Self::Add { .. }) => {
                let named = |what| StoreError::Invalid(format!("consumer: {what}"));
                check_name(name).map_err(named)?;
                Consumer::new(name)
            }
            (None, _) => return Err(StoreError::NoConsumer(name.to_owned())),
        };
        match self {
            Self::Add { key, allowed } => {
                add(&mut consumer, key)?;
                let is_new = before.is_none();
                if let Some(allowed) = allowed.filter(|allowed| *allowed != consumer.allowed) {
                    // all other keys of it would lose what they may ask for
                    if !is_new {
                        let message = format!("consumer '{name}' has other routes: set them apart");
                        return Err(StoreError::Invalid(message));
                    }
                    consumer.allowed = allowed;
                }
            }
            Self::Rotate { key, until } => {
                for old in &mut consumer.keys {
                    old.expires = Some(old.expires.map_or(until, |expires| expires.min(until)));
                }
                add(&mut consumer, key)?;
            }
            Self::Revoke { prefix, keep } => {
                let at = consumer.keys.iter().position(|key| key.digest.prefix() == prefix);
                let at =
                    at.ok_or_else(|| StoreError::NoKey { consumer: name.to_owned(), prefix })?;
                let key = consumer.keys.remove(at);
                if let Some(now) = keep {
                    let revoked = Some(key.revoked.unwrap_or(now));
                    consumer.keys.insert(at, Key { revoked, ..key });
                }
            }
            Self::Set { status, allowed } => {
                consumer.status = status.unwrap_or(consumer.status);
                consumer.allowed = allowed.unwrap_or(consumer.allowed);
            }
        }
        Ok(consumer)
    }
}

fn add(consumer: &mut Consumer, key: Key) -> Result<(), StoreError> {
    let now = key.created;
    consumer.keys.retain(|old| {
        let refused = [old.revoked, old.expires].into_iter().flatten().min();
        refused.is_none_or(|since| now.duration_since(since).unwrap_or_default() <= KEPT)
    });
    if consumer.keys.len() >= KEYS {
        let message = format!("consumer '{}' has {KEYS} keys: revoke one", consumer.name);
        return Err(StoreError::Invalid(message));
    }
    consumer.keys.push(key);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::KeyDigest;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn key(text: &str, created: u64) -> Key {
        Key::new(KeyDigest::of(text), at(created), None)
    }

    fn add(key: Key) -> Edit {
        Edit::Add { key, allowed: None }
    }

    #[test]
    fn a_key_more_changes_no_routes() {
        let only = |route: &str| {
            let routes = vec![super::super::AllowedRoute::new(route).unwrap()];
            Some(Allowed::only(routes).unwrap())
        };
        let with = |text, allowed| Edit::Add { key: key(text, 10), allowed };
        let before = with("a", only("policy")).apply("c", None).unwrap();
        let same = with("b", only("policy")).apply("c", Some(&before)).unwrap();
        assert_eq!((same.keys.len(), Some(same.allowed)), (2, only("policy")));
        let error = with("b", only("family:*")).apply("c", Some(&before)).unwrap_err();
        assert_eq!(error.to_string(), "consumer 'c' has other routes: set them apart");
    }

    #[test]
    fn a_rotation_ends_the_keys_before() {
        let mut short = key("a", 10);
        short.expires = Some(at(15));
        let consumer = add(short).apply("c", None).unwrap();
        let consumer = add(key("b", 10)).apply("c", Some(&consumer)).unwrap();
        let rotate = Edit::Rotate { key: key("c", 12), until: at(20) };
        let consumer = rotate.apply("c", Some(&consumer)).unwrap();
        let expires: Vec<_> = consumer.keys.iter().map(|key| key.expires).collect();
        assert_eq!(expires, [Some(at(15)), Some(at(20)), None]);
        assert!(!consumer.keys[1].is_expired(at(19)) && consumer.keys[1].is_expired(at(20)));
    }

    #[test]
    fn a_key_that_is_taken_back_is_kept_if_that_is_asked_for() {
        let consumer = add(key("a", 10)).apply("c", None).unwrap();
        let prefix = consumer.keys[0].digest.prefix().to_owned();
        let kept = Edit::Revoke { prefix: prefix.clone(), keep: Some(at(11)) };
        let kept = kept.apply("c", Some(&consumer)).unwrap();
        assert_eq!(kept.keys[0].revoked, Some(at(11)));
        let again = Edit::Revoke { prefix: prefix.clone(), keep: Some(at(12)) };
        assert_eq!(again.apply("c", Some(&kept)).unwrap().keys[0].revoked, Some(at(11)));
        let gone = Edit::Revoke { prefix: prefix.clone(), keep: None };
        let gone = gone.apply("c", Some(&kept)).unwrap();
        assert!(gone.keys.is_empty());
        let none = Edit::Revoke { prefix: prefix.clone(), keep: None }.apply("c", Some(&gone));
        let expected = format!("consumer 'c' has no key {prefix}");
        assert_eq!(none.unwrap_err().to_string(), expected);
    }

    #[test]
    fn keys_have_a_bound_and_old_ones_go() {
        let mut consumer = Consumer::new("c");
        for number in 0..KEYS {
            let edit = add(key(&number.to_string(), 10));
            consumer = edit.apply("c", Some(&consumer)).unwrap();
        }
        let error = add(key("x", 10)).apply("c", Some(&consumer)).unwrap_err();
        assert_eq!(error.to_string(), "consumer 'c' has 100 keys: revoke one");
        consumer.keys[0].expires = Some(at(20));
        consumer.keys[1].revoked = Some(at(20));
        let late = 20 + KEPT.as_secs();
        assert!(add(key("x", late)).apply("c", Some(&consumer)).is_err());
        let consumer = add(key("x", late + 1)).apply("c", Some(&consumer)).unwrap();
        assert_eq!(consumer.keys.len(), KEYS - 1);
    }

    #[test]
    fn who_is_not_there() {
        let set = Edit::Set { status: Some(Status::Inactive), allowed: None };
        let error = set.apply("c", None).unwrap_err().to_string();
        assert_eq!(error, "there is no consumer 'c'");
        for name in ["", "a b", "a/b", "é", &"x".repeat(65)] {
            let error = add(key("a", 1)).apply(name, None).unwrap_err().to_string();
            let expected = "consumer: expected a name of 1 to 64 letters, digits and -._@";
            assert_eq!(error, expected);
        }
    }
}
