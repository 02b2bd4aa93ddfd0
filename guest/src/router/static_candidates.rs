//! The candidates that a configuration has by itself.

use alloc::vec::Vec;

use crate::json::{Members, Object, Value, lookup};

/// One for each model at each static provider: in byte order of families, then in the order of
/// `served_by`.
pub fn static_candidates<'a>(
    models: &'a Members<'a>,
    providers: &'a Members<'a>,
) -> Vec<Value<'a>> {
    let mut candidates = Vec::new();
    for (family, model) in models {
        for entry in model.get("served_by").and_then(Value::as_array).unwrap_or(&[]) {
            let Some(id) = entry.get("provider").and_then(Value::as_str) else { continue };
            let Some(provider) = lookup(providers, id) else { continue };
            if provider.get("discovery").and_then(Value::as_str) != Some("static") {
                continue;
            }
            // what is observed of the model, then of the model at this provider
            let mut candidate = Object::new();
            for of in [model, entry] {
                for (name, value) in of.get("fields").and_then(Value::as_object).unwrap_or(&[]) {
                    candidate = candidate.with(name, value.clone());
                }
            }
            let served = entry.get("provider_model_id").cloned();
            let candidate = candidate
                .text("provider_id", id)
                .with("model_family", Value::String(family.clone()))
                .with("served_model_id", served.unwrap_or_else(|| Value::String(family.clone())))
                .copy(model, &["capabilities", "protocol"])
                .maybe("quality_hint", model.get("static_quality_hint").cloned())
                .text("tier", "fallback")
                .flag("has_tee", false)
                .flag("no_log", false)
                .copy(
                    provider,
                    &[
                        "tier",
                        "has_tee",
                        "no_log",
                        "base_url",
                        "aws_region",
                        "auth_env",
                        "auth",
                        "api_kind",
                    ],
                )
                .text("discovery", "static");
            candidates.push(candidate.build());
        }
    }
    candidates
}
