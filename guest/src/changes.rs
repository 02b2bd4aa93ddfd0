//! Changes of an object, one after another.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::json::{Member, Value, by_key, lookup, set};
use crate::names::{NONE, Names};

/// Up to so many changes are made one by one. Each moves the members behind it, so that the work of
/// many would be a product of two sizes; they are put together at the end.
const FEW: usize = 8;

/// An object under change.
pub struct Changes<'t> {
    members: Vec<Member<'t>>,
    /// Unless they are few: what is changed, and the values in the order of the numbers.
    later: Option<(Names, Vec<Option<Value<'t>>>)>,
}

impl<'t> Changes<'t> {
    /// Of so many changes at most.
    pub fn new(members: Vec<Member<'t>>, count: usize) -> Self {
        Self { members, later: (count > FEW).then(Default::default) }
    }

    #[inline(never)] // as `set`
    pub fn get(&self, key: &str) -> Option<&Value<'t>> {
        match self.later.as_ref().and_then(|(names, values)| values.get(names.find(key) as usize)) {
            Some(changed) => changed.as_ref(),
            None => lookup(&self.members, key),
        }
    }

    /// What stands under a key, to be put back.
    #[inline(never)]
    pub fn take(&mut self, key: &str) -> Option<Value<'t>> {
        let later = self.later.as_mut();
        match later.and_then(|(names, values)| values.get_mut(names.find(key) as usize)) {
            Some(changed) => changed.take(),
            None => {
                let at = self.members.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
                let (_, value) = self.members.get_mut(at)?;
                Some(core::mem::replace(value, Value::Bool(false)))
            }
        }
    }

    /// Sets, or with `None` removes, a member.
    #[inline(never)] // there are many calls
    pub fn set(&mut self, key: &str, value: Option<Value<'t>>) {
        let Some((names, values)) = &mut self.later else {
            return set(&mut self.members, key, value);
        };
        match values.get_mut(names.intern(key) as usize) {
            Some(changed) => *changed = value,
            None => values.push(value),
        }
    }

    /// The object with all changes.
    pub fn into_members(self) -> Vec<Member<'t>> {
        let mut members = self.members;
        let Some((names, values)) = self.later else { return members };
        members.retain(|(key, _)| names.find(key) == NONE);
        for ((name, _), value) in names.iter().zip(values) {
            members.extend(value.map(|value| (Cow::Owned(name.into()), value)));
        }
        by_key(members)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::String;

    use super::*;

    /// Few and many, against the map of the standard library.
    #[test]
    fn one_after_another() {
        let mut state = 1_u64;
        for count in [0, 1, FEW, FEW + 1, 300] {
            for kinds in [1, 5, 60, 1_000] {
                let members: BTreeMap<String, f64> =
                    (0..50).map(|at| (format!("{}", at * 3), f64::from(at))).collect();
                let of = |map: &BTreeMap<String, f64>| -> Vec<Member<'static>> {
                    let member = |(key, value): (&String, &f64)| {
                        (Cow::Owned(key.clone()), Value::Number(*value))
                    };
                    map.iter().map(member).collect()
                };
                let mut changes = Changes::new(of(&members), count);
                let mut expected = members;
                for at in 0..count {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let key = format!("{}", (state >> 33) % kinds);
                    let known = expected.get(&key).map(|value| Value::Number(*value));
                    assert_eq!(changes.get(&key), known.as_ref());
                    match (state >> 50) % 3 {
                        0 => {
                            changes.set(&key, None);
                            expected.remove(&key);
                        }
                        1 => {
                            let taken = changes.take(&key);
                            assert_eq!(taken, known);
                            changes.set(&key, taken);
                        }
                        _ => {
                            changes.set(&key, Some(Value::Number(at as f64)));
                            expected.insert(key, at as f64);
                        }
                    }
                }
                assert_eq!(changes.into_members(), of(&expected));
            }
        }
    }
}
