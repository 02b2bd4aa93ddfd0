//! What the request asks of a candidate.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Member, Value};
use crate::reader::{ObjectReader, Place};
use crate::refusal::Refusal;
use crate::vocabulary::Profile;

/// A need of a request and the capability that answers it, in byte order of needs.
pub const NEEDS: [(&str, &str); 4] = [
    ("json_mode", "supports_json_mode"),
    ("seed", "supports_seed"),
    ("tools", "supports_tools"),
    ("vision", "supports_vision"),
];

/// How private the provider has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    #[default]
    Any,
    NoLog,
    TeeRequired,
}

/// The part of a request that predicates look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    pub scope: Option<String>,
    /// Whether each of [`NEEDS`] is asked for.
    pub needs: [bool; 4],
    pub min_context: Option<f64>,
    pub model_family: Option<String>,
    pub tier: Option<String>,
    pub privacy: Privacy,
    pub min_quality: Option<f64>,
    pub min_tok_s: Option<f64>,
}

const REQUIREMENTS: [&str; 7] =
    ["min_context", "min_quality", "min_tok_s", "model_family", "needs", "privacy", "tier"];

impl Request {
    /// Reads `ctx.request`; keys other than those below are the caller's own.
    pub fn read(value: &Value, profile: Profile) -> Result<Self, Refusal> {
        let request = ObjectReader::new(value, "ctx.request")?;
        let [images, requirements, format, scope, tools] =
            request.pick(&["images", "requirements", "response_format", "scope", "tools"]);
        let nonempty = |items: Place| {
            items.value.and_then(Value::as_array).is_some_and(|items| !items.is_empty())
        };
        let format = format.value.and_then(|format| format.get("type"));
        let mut read = Self { scope: scope.text()?, ..Self::default() };
        read.needs = [
            format.and_then(Value::as_str) == Some("json_object"),
            false,
            nonempty(tools),
            nonempty(images),
        ];
        let Some(requirements) = requirements.value else {
            return Ok(read);
        };
        let truthy = without_false(requirements);
        let requirements = ObjectReader::new(&truthy, "ctx.request.requirements")?;
        if profile == Profile::Strict {
            requirements.only(&REQUIREMENTS)?;
        }
        let [min_context, min_quality, min_tok_s, model_family, needs, privacy, tier] =
            requirements.pick(&REQUIREMENTS);
        read.min_context = min_context.number()?;
        read.model_family = model_family.text()?;
        read.tier = tier.text()?;
        read.min_quality = min_quality.number()?;
        read.min_tok_s = min_tok_s.number()?;
        for need in needs.texts()? {
            match read.needs.iter_mut().zip(NEEDS).find(|(_, (name, _))| *name == need) {
                Some((asked, _)) => *asked = true,
                None if profile == Profile::Strict => {
                    let known: Vec<&str> = NEEDS.iter().map(|(name, _)| *name).collect();
                    return Err(Refusal::ctx(format!(
                        "ctx.request.requirements.needs: unknown need '{need}', expected one of {}",
                        known.join(", ")
                    )));
                }
                None => {}
            }
        }
        read.privacy = match privacy.text()?.as_deref() {
            None | Some("standard") => Privacy::Any,
            Some("no_log") => Privacy::NoLog,
            Some("tee_required") => Privacy::TeeRequired,
            Some(other) if profile == Profile::Strict => {
                return Err(Refusal::ctx(format!(
                    "ctx.request.requirements.privacy: unknown privacy '{other}', \
                     expected no_log, standard or tee_required"
                )));
            }
            Some(_) => Privacy::Any,
        };
        Ok(read)
    }
}

/// A requirement that is `false` is not asked for.
fn without_false<'a>(requirements: &'a Value<'a>) -> Cow<'a, Value<'a>> {
    let truthy = |(_, value): &&Member| value.is_truthy();
    match requirements {
        Value::Object(members) if !members.iter().all(|member| truthy(&member)) => {
            Cow::Owned(Value::Object(members.iter().filter(truthy).cloned().collect()))
        }
        other => Cow::Borrowed(other),
    }
}
