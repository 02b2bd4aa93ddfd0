//! What the configuration of the router says of providers. Nothing of a request is used here.

mod address;
mod auth;
mod secret;
mod settings;
mod variable;

pub(crate) use address::address;
pub(crate) use auth::{Credential, Env};
pub(crate) use secret::Secret;
pub(crate) use settings::Settings;
pub use settings::SetupError;
