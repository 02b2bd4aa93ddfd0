//! The parts of a policy, as profiles have them, put together to a term.

use alloc::string::String;

use crate::call_scoped::CallScoped;
use crate::json::read;
use crate::refusal::Refusal;
use crate::router::{elaborate, only, parts as check_parts, retry_table};

/// What a profile may have beside a term, and what it starts from.
const PARTS: [&str; 7] =
    ["chain", "filter", "mutate", "retry_policy", "scorer", "selector", "selector_opts"];

/// The policy of a profile that has parts and no term, as a router lowers it: `{filter?, scorer?,
/// selector?, selector_opts?, chain?, mutate?, retry_policy?}`. `retry_policies` is `{name: {kind:
/// action}}`. The term is not admitted yet.
///
/// # Errors
///
/// The refusal `config` of a part that is none; those of texts that are no JSON.
pub fn lower(parts: &str, retry_policies: &str) -> Result<String, Refusal> {
    let parts = CallScoped::new(read("parts", parts)?);
    if parts.as_object().is_none() {
        return Err(Refusal::config("parts: expected an object"));
    }
    only("parts", &parts, &PARTS)
        .and_then(|()| check_parts("parts", &parts))
        .map_err(Refusal::config)?;
    let tables = CallScoped::new(read("retry_policies", retry_policies)?);
    let table = retry_table("parts", &parts, tables.as_object().unwrap_or(&[]));
    let table = table.map_err(Refusal::config)?;
    let term = elaborate(&parts, table, None).map_err(Refusal::config)?;
    Ok(term.to_json())
}
