//! Terms in a configuration.

use alloc::format;
use alloc::string::{String, ToString};

use crate::admit::admit;
use crate::json::Value;
use crate::signature::Sort;
use crate::vocabulary::Vocabulary;

/// Admits a term that has to be of a sort.
pub fn admit_sort(
    about: &str,
    term: &Value,
    sort: Sort,
    vocabulary: &Vocabulary,
) -> Result<(), String> {
    let why = match admit(term, vocabulary) {
        Ok(admitted) if admitted.sort == sort => return Ok(()),
        Ok(admitted) => admitted.sort.name().to_string(),
        Err(refusal) => refusal.message,
    };
    let article = if sort == Sort::Xform { "an" } else { "a" };
    Err(format!("{about} must be {article} {} term: {why}", sort.name()))
}
