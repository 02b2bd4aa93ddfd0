//! LLM routing policies made of a few options.
//!
//! For whoever lets people choose a policy without writing one: a command, a service, a page.
//!
//! ```
//! use serde_json::json;
//! use sigmapol_templates::{Known, build};
//!
//! let made = build("private", &json!({"tee": true}), &Known::default())?;
//! assert_eq!(made.policy[1][6], json!(["is", "has_tee"]));
//! # Ok::<(), sigmapol_templates::TemplateError>(())
//! ```
//!
//! A template is data and a few lines: its options say what they take and what holds without them.
//! Nothing is admitted here. The engine does that when the policy is used.

/// The example of the README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

mod option;
mod parts;
mod template;

use std::fmt;

pub use option::{OptionOf, Takes};
pub use template::{Made, TEMPLATES, Template, build};

/// What is known of those who use a policy.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The declared fields that are numbers.
    pub numbers: Vec<String>,
}

/// What is wrong with options, with the place in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(String);

impl TemplateError {
    fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}
