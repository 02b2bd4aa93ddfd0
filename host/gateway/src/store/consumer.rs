//! A consumer of the gateway, and its keys.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{Allowed, KeyDigest, format::routes_json};
use crate::time::time_text;

/// Who has keys: an application, a person, a team.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consumer {
    /// What it is called in logs.
    pub name: String,
    /// Whether its keys are taken.
    pub status: Status,
    /// What it may ask for.
    pub allowed: Allowed,
    /// Its keys, the oldest first.
    pub keys: Vec<Key>,
}

impl Consumer {
    /// One without keys.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let (status, allowed) = (Status::Active, Allowed::All);
        Self { name: name.to_owned(), status, allowed, keys: Vec::new() }
    }

    /// What operators are told of it: `{consumer, status, allowed_routes, keys: [{sha256_prefix, created,
    /// expires, revoked}]}`; of a digest no more than its first digits.
    #[must_use]
    pub fn told(&self) -> Value {
        let key = |key: &Key| {
            json!({"sha256_prefix": key.digest.prefix(), "created": time_text(key.created),
                "expires": key.expires.map(time_text), "revoked": key.revoked.map(time_text)})
        };
        let keys: Vec<Value> = self.keys.iter().map(key).collect();
        json!({"consumer": self.name, "status": self.status.as_str(),
            "allowed_routes": routes_json(&self.allowed), "keys": keys})
    }
}

/// Whether the keys of a consumer are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// They are.
    Active,
    /// They are refused.
    Inactive,
}

impl Status {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// `expected active or inactive`
    pub fn new(text: &str) -> Result<Self, String> {
        match text {
            "active" => Ok(Self::Active),
            "inactive" => Ok(Self::Inactive),
            _ => Err("expected active or inactive".to_owned()),
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its SHA-256.
    pub digest: KeyDigest,
    /// When it was made.
    pub created: SystemTime,
    /// From when on it is refused.
    pub expires: Option<SystemTime>,
    /// When it was taken back, if it was.
    pub revoked: Option<SystemTime>,
}

impl Key {
    /// One that is taken from now on, until it expires if it does.
    #[must_use]
    pub const fn new(digest: KeyDigest, created: SystemTime, expires: Option<SystemTime>) -> Self {
        Self { digest, created, expires, revoked: None }
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
