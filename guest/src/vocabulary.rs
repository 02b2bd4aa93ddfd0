//! The observation vocabulary: which fields a policy may look at, and the order of tiers.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{Member, Value};
use crate::names::Names;
use crate::refusal::{Refusal, RefusalCode};

/// How narrow the door is. Both profiles evaluate and hash an admitted term alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// For policies of callers who are not trusted; the default.
    Strict,
    /// Admits exactly what the reference implementation admits.
    Reference,
}

/// A numeric field: an index into [`Vocabulary::nums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumField(pub usize);

/// A boolean field: an index into [`Vocabulary::bools`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoolField(pub usize);

impl NumField {
    pub const PRICE_IN: Self = Self(0);
    pub const PRICE_OUT: Self = Self(1);
    pub const LATENCY_MS: Self = Self(2);
    pub const TOK_S: Self = Self(3);
    pub const SUCCESS_RATE: Self = Self(4);
    pub const CREDITS: Self = Self(5);
    pub const CONTEXT: Self = Self(6);
}

impl BoolField {
    pub const HAS_TEE: Self = Self(0);
    pub const NO_LOG: Self = Self(1);
    pub const BREAKER_OPEN: Self = Self(2);
    pub const DISABLED: Self = Self(3);
}

/// Name and default of each core field, in the order of the constants above.
const CORE_NUMS: [(&str, f64); 7] = [
    ("price_in", f64::INFINITY),
    ("price_out", f64::INFINITY),
    ("latency_ms", f64::INFINITY),
    ("tok_s", 0.0),
    ("success_rate", 1.0),
    ("credits", 0.0),
    ("context", 0.0),
];
const CORE_BOOLS: [(&str, bool); 4] =
    [("has_tee", false), ("no_log", false), ("breaker_open", false), ("disabled", false)];

/// The sort of a field, and the value of a candidate that does not have it.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldDefault {
    /// A number; infinity is one that is not known, such as a price.
    Num(f64),
    /// True or false.
    Bool(bool),
}

/// The fields that every vocabulary has.
#[cfg(not(target_family = "wasm"))]
pub fn core_fields() -> impl Iterator<Item = (&'static str, FieldDefault)> {
    let nums = CORE_NUMS.into_iter().map(|(name, default)| (name, FieldDefault::Num(default)));
    nums.chain(CORE_BOOLS.into_iter().map(|(name, default)| (name, FieldDefault::Bool(default))))
}

/// Worst to best.
const TIER_ORDER: [&str; 3] = ["fallback", "marketplace", "partner"];

/// A field and the value of a candidate that does not have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared<T> {
    pub name: Cow<'static, str>,
    pub default: T,
}

/// The fields, core first, then the declared extensions in byte order of their names. Whatever is
/// looked up is found in a time that hardly grows with their number, which is not in the cost.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pub profile: Profile,
    pub nums: Vec<Declared<f64>>,
    pub bools: Vec<Declared<bool>>,
    /// Those of the core when there are none.
    tiers: Option<Tiers>,
}

/// An order of tiers.
#[derive(Clone, Debug, Default)]
struct Tiers {
    names: Names,
    /// One a name.
    ranks: Vec<usize>,
}

/// A field of either sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Num(NumField),
    Bool(BoolField),
}

impl Vocabulary {
    /// Reads `{profile?, fields?: {name: {sort: "Num"|"Bool", default}}, tier_order?: [tier…]}`.
    pub fn read(value: &Value) -> Result<Self, Refusal> {
        let members = value.as_object().ok_or_else(|| refuse("vocabulary: expected an object"))?;
        let mut vocabulary = Self {
            profile: Profile::Strict,
            nums: declare(&CORE_NUMS),
            bools: declare(&CORE_BOOLS),
            tiers: None,
        };
        for (key, value) in members {
            match &**key {
                "profile" => vocabulary.profile = read_profile(value)?,
                "fields" => vocabulary.extend(value)?,
                "tier_order" => vocabulary.tiers = Some(read_tiers(value)?),
                _ => {
                    return Err(refuse(format!(
                        "vocabulary: unknown key '{key}', expected fields, profile or tier_order"
                    )));
                }
            }
        }
        Ok(vocabulary)
    }

    fn extend(&mut self, fields: &Value) -> Result<(), Refusal> {
        let fields = fields.as_object().ok_or_else(|| refuse("fields: expected an object"))?;
        for (name, declaration) in fields {
            if self.find(name).is_some() {
                return Err(refuse(format!("fields: cannot override core field '{name}'")));
            }
            let about = format!("fields: extension '{name}'");
            let default = declaration.get("default");
            match declaration.get("sort").and_then(Value::as_str) {
                Some("Num") => match default.and_then(Value::as_number) {
                    Some(default) => {
                        self.nums.push(Declared { name: name.to_string().into(), default })
                    }
                    None => return Err(refuse(format!("{about} needs a numeric default"))),
                },
                Some("Bool") => match default.and_then(Value::as_bool) {
                    Some(default) => {
                        self.bools.push(Declared { name: name.to_string().into(), default })
                    }
                    None => return Err(refuse(format!("{about} needs a boolean default"))),
                },
                _ => return Err(refuse(format!("{about} must declare sort Num or Bool"))),
            }
            let unknown = |(key, _): &&Member| key != "sort" && key != "default";
            if let Some((key, _)) = declaration.as_object().unwrap_or(&[]).iter().find(unknown) {
                let expected = "expected sort and default";
                return Err(refuse(format!("{about}: unknown key '{key}', {expected}")));
            }
        }
        Ok(())
    }

    /// The field of a name.
    pub fn find(&self, name: &str) -> Option<Field> {
        let num = CORE_NUMS.iter().position(|(core, _)| *core == name);
        let bool = || CORE_BOOLS.iter().position(|(core, _)| *core == name);
        num.map(|at| Field::Num(NumField(at)))
            .or_else(|| bool().map(|at| Field::Bool(BoolField(at))))
            .or_else(|| self.extension(name))
    }

    /// The declared field of a name.
    pub fn extension(&self, name: &str) -> Option<Field> {
        let num = declared(&self.nums, CORE_NUMS.len(), name);
        let bool = || declared(&self.bools, CORE_BOOLS.len(), name);
        num.map(|at| Field::Num(NumField(at)))
            .or_else(|| bool().map(|at| Field::Bool(BoolField(at))))
    }

    /// The fields that every vocabulary has.
    pub fn core(&self) -> impl Iterator<Item = Field> {
        let nums = (0..CORE_NUMS.len()).map(|at| Field::Num(NumField(at)));
        nums.chain((0..CORE_BOOLS.len()).map(|at| Field::Bool(BoolField(at))))
    }

    /// The declared fields, with the key that a candidate carries them under.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, Field)> {
        let nums = self.nums.iter().enumerate().skip(CORE_NUMS.len());
        let bools = self.bools.iter().enumerate().skip(CORE_BOOLS.len());
        nums.map(|(at, field)| (&*field.name, Field::Num(NumField(at))))
            .chain(bools.map(|(at, field)| (&*field.name, Field::Bool(BoolField(at)))))
    }

    /// The rank of a tier, from 1 for the worst; 0 for one that the order does not name. A tier
    /// named twice has the better rank.
    pub fn rank(&self, tier: &str) -> usize {
        match &self.tiers {
            None => TIER_ORDER.iter().position(|name| *name == tier).map_or(0, |at| at + 1),
            Some(tiers) => {
                tiers.ranks.get(tiers.names.find(tier) as usize).copied().unwrap_or_default()
            }
        }
    }
}

fn declare<T: Copy>(fields: &[(&'static str, T)]) -> Vec<Declared<T>> {
    fields.iter().map(|&(name, default)| Declared { name: name.into(), default }).collect()
}

/// The place of an extension among all fields of its sort.
fn declared<T>(fields: &[Declared<T>], core: usize, name: &str) -> Option<usize> {
    let declared = fields.get(core..).unwrap_or_default();
    let at = declared.binary_search_by(|field| (*field.name).cmp(name)).ok()?;
    Some(core + at)
}

fn read_profile(value: &Value) -> Result<Profile, Refusal> {
    match value.as_str() {
        Some("strict") => Ok(Profile::Strict),
        Some("reference") => Ok(Profile::Reference),
        _ => Err(refuse("profile: expected \"strict\" or \"reference\"")),
    }
}

fn read_tiers(value: &Value) -> Result<Tiers, Refusal> {
    let expected = || refuse("tier_order: expected an array of strings");
    let mut tiers = Tiers::default();
    for (at, tier) in value.as_array().ok_or_else(expected)?.iter().enumerate() {
        let number = tiers.names.intern(tier.as_str().ok_or_else(expected)?) as usize;
        match tiers.ranks.get_mut(number) {
            Some(rank) => *rank = at + 1,
            None => tiers.ranks.push(at + 1),
        }
    }
    Ok(tiers)
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Vocabulary, message)
}
