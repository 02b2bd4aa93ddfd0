//! The providers that a configuration names.

use std::sync::Arc;

use serde_json::Value;
use sigmapol_provider::{Http, Provider};

use crate::Failure;

/// For commands that call nobody: who would be called, if it can be set up, says who has no key.
pub(crate) fn known(config: &Value) -> Option<Arc<dyn Provider>> {
    open(config).ok()
}

/// Sets up the adapters of a configuration.
pub(crate) fn open(config: &Value) -> Result<Arc<dyn Provider>, Failure> {
    let http = Http::new(config).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(Arc::new(http))
}
