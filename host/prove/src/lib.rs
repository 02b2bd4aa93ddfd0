//! What can be known of a policy before it decides.
//!
//! For whoever shows policies to people: a command, an editor, a service that takes policies of
//! others. The engine admits what has a meaning; [`lint`] tells what is admitted and can hardly be
//! meant, and [`normalize_unknown`] what is worth a remark in a decision that is in order.
//!
//! ```
//! use sigmapol_prove::{Facts, lint};
//!
//! let policy = r#"["policy", ["top"], ["field", "tok_s"], ["sample", 0], ["id"],
//!                  ["always", {"action": "abort"}]]"#;
//! let findings = lint(policy, &Facts::default());
//! assert_eq!(findings[0].to_string(), "$[3] warning L031 sample 0 is argmax");
//! ```
//!
//! # Codes
//!
//! A code is never used for something else. Those of one look at the term and at [`Facts`] are here:
//!
//! | | |
//! |---|---|
//! | predicates | `L009` a capability that nobody has, `L010` a provider, family or peer that is not there, `L011` a tier that no candidate has, `L017` who names no tier fails |
//! | scorers | `L020` `normalize` over a price that may be missing, `L022` a scorer that nobody asks, `L023` `scale` by 0, `L025` a crossed `clamp` |
//! | selectors | `L030` `sample` without a seed, `L031` `sample 0`, `L033` `prefer` outside of a `top_k`, `L034` `top_k` in `top_k`, `L035` a link that the filter rejects, `L036` a link named twice, `L037` a link that is not there |
//! | transforms | `L040` a crossed `clamp_param`, `L041` `jitter` of an integer, `L042` `jitter` after its clamp, `L043` a write that is overwritten, `L046` a value out of range, `L047` needs a seed, `L048` no filters, `L049` no such `custom` |
//! | fail plans | `L050` no such kind, `L051` a hidden override, `L052` and `L057` an override that is dropped, `L053` `always` is never used, `L054` attempts that do not fit, `L055` and `L056` the request's own fault, `L058` a member that nothing reads |
//! | configurations, flows | `C001` a provider that cannot be called, `C002` a key that is not set (both by who knows providers), `C003` a capability that nothing asks for, `C004` a key of a node that nothing reads |
//! | surroundings | `L059` no adapter, `L090` a declared field by the name of a key of candidates |
//!
//! Those that need to know which candidates a predicate can let through are not here: `L001` to
//! `L006`, `L008`, `L012` to `L016`, `L018`, `L021`, `L024`, `L026`, `L027`, `L032`, `L044`, `L045`
//! and `L099`. `L020` and `L035` are found by the form of the filter: a filter that bounds a price in
//! a way that only a proof shows is taken for one that does not, and a link that only a proof shows
//! to be rejected is not found.

mod candidate;
mod config;
mod facts;
mod finding;
mod flow;
mod lint;
mod locate;
mod nearest;
mod notes;
mod path;
mod reason;
mod suggest;

pub use config::lint_config;
pub use facts::Facts;
pub use finding::{Finding, Level};
pub use flow::lint_flow;
pub use lint::lint;
pub use locate::{Position, locate};
pub use nearest::nearest;
pub use notes::{Note, normalize_unknown};
pub use path::Path;
pub use reason::in_words;
pub use suggest::suggest;
