//! One file a subcommand: its arguments, and what it prints.

pub(crate) mod admit;
pub(crate) mod check;
pub(crate) mod conformance;
pub(crate) mod decide;
pub(crate) mod flow;
pub(crate) mod genvm;
pub(crate) mod hash;
pub(crate) mod inspect;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod mock_provider;
pub(crate) mod operate;
pub(crate) mod rank;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod serve;
pub(crate) mod status;
