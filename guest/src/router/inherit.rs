//! Inheritance of profiles: a child over a copy of its parent.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Member, Members, Value, lookup, set};
use crate::limits::INHERITANCE;
use crate::vocabulary::Profile;

/// Every profile with what it inherits.
pub fn resolve<'a>(profiles: &'a Members<'a>, profile: Profile) -> Result<Vec<Member<'a>>, String> {
    let resolved = profiles.iter().map(|(name, _)| {
        let members = inherited(name, profiles, profile, &mut Vec::new())?;
        Ok((name.clone(), Value::Object(members)))
    });
    resolved.collect()
}

fn inherited<'a>(
    name: &'a str,
    profiles: &'a Members<'a>,
    profile: Profile,
    seen: &mut Vec<&'a str>,
) -> Result<Vec<Member<'a>>, String> {
    if seen.contains(&name) {
        return Err(format!("profile inheritance cycle through: {name}"));
    }
    if seen.len() == INHERITANCE {
        return Err(format!("profile inheritance exceeds {INHERITANCE} profiles at: {name}"));
    }
    seen.push(name);
    let own = lookup(profiles, name).and_then(Value::as_object).unwrap_or(&[]);
    let Some(parent) = lookup(own, "extends").and_then(Value::as_str) else {
        return Ok(own.to_vec());
    };
    let mut merged = inherited(parent, profiles, profile, seen)?;
    for (key, value) in own {
        let value = match lookup(&merged, key) {
            Some(parent) => merge(parent, value, profile),
            None => value.clone(),
        };
        set(&mut merged, key, Some(value));
    }
    Ok(merged)
}

/// Maps merge one level deep. Lists and terms replace; in the `reference` profile they merge too,
/// element by element.
fn merge<'a>(parent: &Value<'a>, child: &Value<'a>, profile: Profile) -> Value<'a> {
    match (parent, child) {
        (Value::Object(parent), Value::Object(child)) => {
            let mut merged = parent.clone();
            for (key, value) in child {
                set(&mut merged, key, Some(value.clone()));
            }
            Value::Object(merged)
        }
        (Value::Array(parent), Value::Array(child)) if profile == Profile::Reference => {
            let rest = parent.iter().skip(child.len());
            Value::Array(child.iter().chain(rest).cloned().collect())
        }
        (table @ (Value::Array(_) | Value::Object(_)), Value::Array(child))
            if child.is_empty() && profile == Profile::Reference =>
        {
            table.clone()
        }
        _ => child.clone(),
    }
}
