//! The router: its configuration, the runtime state that calls share, and the plan of a call: which
//! policy, over which candidates, in which order.

mod candidates;
mod check;
mod config;
mod defaults;
mod elaborate;
mod inherit;
mod keys;
mod plan;
mod prices;
mod runtime;
mod static_candidates;
mod status;
mod strict;
mod terms;

pub use candidates::Supplies;
pub use config::Config;
pub use defaults::Defaults;
pub use elaborate::elaborate;
pub use keys::only;
pub use plan::{
    PIN_NOT_FOUND, Plan, PolicySource, asked, bar, known_keys, observed, plan, profile_name,
    profile_term, protocol, rank, unknown_profile,
};
pub use prices::{PRICED, hosts_multiplier, priced};
pub use runtime::{Runtime, Window};
pub use status::status;
#[cfg(not(target_family = "wasm"))]
pub use strict::{parts, retry_table};
