//! Events: what a host tells the engine, typed as far as every kind shares.

use alloc::format;

use crate::json::{Members, Object, Value};
use crate::refusal::Refusal;
use crate::router::{Config, Supplies, only};
use crate::vocabulary::Profile;

/// The keys of events of any kind.
const KEYS: [&str; 26] = [
    "admission",
    "at_once",
    "config",
    "contract",
    "data",
    "delta",
    "discovery_id",
    "error",
    "flow",
    "input",
    "kind",
    "metrics",
    "model",
    "multipliers",
    "node",
    "now_ms",
    "offers",
    "profile",
    "provider",
    "reason",
    "response",
    "retry_table",
    "snapshot",
    "state",
    "text",
    "vocabulary",
];

const RESPONSE: [&str; 6] =
    ["error_kind", "error_message", "http_status", "ok", "response", "retry_after_ms"];

/// The members of a router, `{admission?, config, multipliers?, state?}`, that events of a kind take;
/// the state is for events of any kind.
pub fn router_members(kind: &str) -> &'static [&'static str] {
    match kind {
        "rank" | "start" => &["admission", "config", "multipliers"],
        "init" | "status" => &["admission", "config"],
        _ => &["admission"],
    }
}

/// An event, or another text of a host in the shape of one, and how strict the host is.
pub struct Event<'a> {
    /// What messages start with.
    position: &'static str,
    value: &'a Value<'a>,
    /// Of the router that the event is put to, where that was read before.
    multipliers: Option<&'a Members<'a>>,
    pub profile: Profile,
}

impl<'a> Event<'a> {
    pub fn new(value: &'a Value<'a>) -> Result<Self, Refusal> {
        Self::of("event", value, &KEYS)
    }

    /// Another text, with some of the keys of events.
    #[inline(never)]
    pub fn of(
        position: &'static str,
        value: &'a Value<'a>,
        keys: &[&str],
    ) -> Result<Self, Refusal> {
        value
            .as_object()
            .ok_or_else(|| Refusal::event(format!("{position}: expected an object")))?;
        only(position, value, keys).map_err(Refusal::event)?;
        let profile = match value.get("admission").map(Value::as_str) {
            None | Some(Some("strict")) => Profile::Strict,
            Some(Some("reference")) => Profile::Reference,
            Some(_) => {
                let expected = "expected strict or reference";
                return Err(Refusal::event(format!("{position}.admission: {expected}")));
            }
        };
        Ok(Self { position, value, multipliers: None, profile })
    }

    /// The same event, put to a router that was read before: what it has of these goes in.
    pub fn put_to(self, profile: Option<Profile>, multipliers: Option<&'a Members<'a>>) -> Self {
        Self { profile: profile.unwrap_or(self.profile), multipliers, ..self }
    }

    fn wrong(&self, key: &str, expected: &str) -> Refusal {
        Refusal::event(format!("{}.{key}: expected {expected}", self.position))
    }

    pub fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        self.value.get(key)
    }

    /// Those members that it has.
    pub fn copy(&self, keys: &[&str]) -> Object<'a> {
        Object::new().copy(self.value, keys)
    }

    pub fn need(&self, key: &str) -> Result<&'a Value<'a>, Refusal> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    #[inline(never)]
    pub fn missing(&self, key: &str) -> Refusal {
        self.wrong(key, "a value")
    }

    /// Whether events of this kind are over a configuration.
    pub fn is_configured(&self) -> bool {
        let kind = self.get("kind").and_then(Value::as_str).unwrap_or_default();
        router_members(kind).contains(&"config")
    }

    #[inline(never)]
    pub fn text(&self, key: &str) -> Result<&'a str, Refusal> {
        let text = self.need(key)?.as_str();
        text.ok_or_else(|| self.wrong(key, "a string"))
    }

    #[inline(never)]
    pub fn now_ms(&self) -> Result<f64, Refusal> {
        let now = self.need("now_ms")?.as_number();
        now.ok_or_else(|| self.wrong("now_ms", "a number"))
    }

    /// An object that may be left out.
    #[inline(never)]
    pub fn object(&self, key: &str) -> Result<&'a Members<'a>, Refusal> {
        let Some(value) = self.get(key) else { return Ok(&[]) };
        value.as_object().ok_or_else(|| self.wrong(key, "an object"))
    }

    /// What is asked for; an object.
    #[inline(never)]
    pub fn contract(&self) -> Result<&'a Value<'a>, Refusal> {
        self.object("contract")?;
        self.need("contract")
    }

    /// What a provider answered; nothing at all is a failure of unknown kind.
    #[inline(never)]
    pub fn response(&self) -> Result<&'a Value<'a>, Refusal> {
        const NOTHING: &Value = &Value::Bool(false);
        let Some(response) = self.get("response") else { return Ok(NOTHING) };
        self.object("response")?;
        if self.profile == Profile::Strict {
            only("event.response", response, &RESPONSE).map_err(Refusal::event)?;
        }
        Ok(response)
    }

    #[inline(never)]
    pub fn supplies(&self) -> Result<Supplies<'a>, Refusal> {
        let offers = self.object("offers")?;
        let multipliers = match self.multipliers {
            Some(multipliers) => multipliers,
            None => self.object("multipliers")?,
        };
        Ok(Supplies { offers, multipliers, now_ms: self.now_ms()? })
    }

    pub fn config(&self) -> Result<Config<'a>, Refusal> {
        Config::read(self.need("config")?, self.profile)
    }

    /// The vocabulary of the event, in the profile of the event.
    pub fn vocabulary(&self) -> Result<Value<'a>, Refusal> {
        let profile = match self.profile {
            Profile::Strict => "strict",
            Profile::Reference => "reference",
        };
        Ok(Object::from(self.object("vocabulary")?).text("profile", profile).build())
    }
}
