//! What several commands share.

pub(crate) mod checked;
pub(crate) mod comments;
pub(crate) mod configured;
pub(crate) mod context;
pub(crate) mod contract;
pub(crate) mod counterfactual;
pub(crate) mod engine;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod findings;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod input;
pub(crate) mod log;
pub(crate) mod matrix;
pub(crate) mod policy;
pub(crate) mod profiles;
pub(crate) mod provider;
pub(crate) mod record;
pub(crate) mod router;
pub(crate) mod stop;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod trace;
