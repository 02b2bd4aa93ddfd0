//! The providers of a configuration, called over HTTP.

mod call;
mod tls;
mod watch;

use std::{collections::BTreeMap, fmt, sync::Arc};

use reqwest::Client;
use serde_json::Value;

use crate::{
    Answer, CallError, Calling, MissingCredential, OnDelta, Provider, SetupError,
    config::{Env, Settings, address},
    error::bad,
    failure::{Reader, Scrub},
    registry,
    request::{Request, parameters::Api},
};
use call::Call;
use watch::Watch;

/// The providers of a configuration, called over HTTP.
///
/// Addresses, dialects and credentials are those of the configuration. A request names a provider
/// of it, and whatever else it says of them is not used.
pub struct Http {
    client: Client,
    providers: BTreeMap<String, Settings>,
    env: Env,
}

impl Http {
    /// The providers of a router's configuration, an object with `providers`.
    ///
    /// # Errors
    ///
    /// A provider that is not described as it has to be. A credential that is missing is none:
    /// [`missing_credentials`](Self::missing_credentials) tells of it.
    pub fn new(config: &Value) -> Result<Self, SetupError> {
        let env: Env = Arc::new(|name| std::env::var(name).ok());
        let providers = Settings::read_all(config)?;
        for (id, settings) in &providers {
            registry::check_base(id, settings)?;
        }
        Ok(Self { client: tls::client()?, providers, env })
    }

    /// Looks up `auth_env` elsewhere than in the environment of the process.
    #[must_use]
    pub fn with_env(self, env: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { env: Arc::new(env), ..self }
    }

    /// The providers whose key is in no variable, by id. Who routes can leave them out before the
    /// first call. Tokens of commands and files are not looked at.
    #[must_use]
    pub fn missing_credentials(&self) -> Vec<MissingCredential> {
        let missing = |(id, settings): (&String, &Settings)| {
            let variable = settings.auth.missing_variable(&self.env)?.to_owned();
            Some(MissingCredential { provider: id.clone(), variable })
        };
        self.providers.iter().filter_map(missing).collect()
    }

    /// The `api_kind`s that this host has an adapter for; calls of any other are
    /// `model_unavailable`.
    pub fn adapters() -> impl Iterator<Item = &'static str> {
        Api::ALL.into_iter().map(Api::name)
    }

    /// Everything that [`new`](Self::new) refuses of a configuration, one for a provider, by id.
    pub fn problems(config: &Value) -> Vec<(String, SetupError)> {
        let providers = config.get("providers").and_then(Value::as_object);
        let problem = |(id, provider): (&String, &Value)| {
            let settings = Settings::read_one(id, provider);
            let checked = settings.and_then(|settings| registry::check_base(id, &settings));
            Some((id.clone(), checked.err()?))
        };
        providers.into_iter().flatten().filter_map(problem).collect()
    }

    async fn run(&self, text: &str, on_delta: Option<OnDelta<'_>>) -> Result<Answer, CallError> {
        let mut request = Request::parse(text)?;
        let id = request.provider_id.clone();
        let settings = self.providers.get(&id).ok_or_else(|| {
            bad(format!("request.provider_id: expected a configured provider, got {id}"))
        })?;
        let dialect = registry::adapter(&settings.api_kind, request.protocol)?;
        let own = settings.base_url.as_deref();
        let asked = request.base_url.as_deref();
        let address = address(&id, own, settings.marketplace, asked)?;
        let stream = on_delta.is_some();
        let (path, query) = dialect.path(&request.model, stream);
        let url = address.url(&path, query);
        request.base_url = Some(address.base_url);
        let body = dialect.body(&request, stream)?;
        let wanted = request.wanted()?;

        let watch = Watch::new(request.times, stream);
        let credential = if address.trusted {
            watch.wait(settings.auth.credential(&self.env)).await??
        } else {
            None
        };
        let scrub = Scrub::new(credential.as_ref().map(crate::config::Credential::secret));
        let reader = Reader { api: dialect.api(), error_map: &settings.error_map, scrub };
        let headers = dialect.headers(&request, credential.as_ref());
        let reader = &reader;
        let mut call = Call { settings, dialect, credential, headers, reader, watch, wanted };
        let sent = call.send(&self.client, &url, body, on_delta).await;
        // whatever it is that failed
        sent.map_err(|error| CallError { message: reader.message(&error.message), ..error })
    }
}

impl Provider for Http {
    fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(self.run(request, on_delta))
    }

    fn missing_credentials(&self) -> Vec<MissingCredential> {
        self.missing_credentials()
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("providers", &self.providers).finish_non_exhaustive()
    }
}
