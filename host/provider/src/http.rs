//! The providers of a configuration, called over HTTP.

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use futures_util::StreamExt as _;
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::{
    Answer, CallError, Calling, ErrorKind, OnText, Provider, SetupError,
    address::address,
    auth::{Credential, Env},
    dialect::{Dialect, Framing, Partial, dialect, malformed},
    request::{Request, bad},
    settings::Settings,
    status,
    stream::{self, RESPONSE_BYTES},
    tls,
    watch::Watch,
};

/// The most bytes that are read of a response which is a failure.
const FAILURE_BYTES: usize = 64 << 10;

/// The providers of a configuration, called over HTTP.
///
/// Addresses, dialects and credentials are those of the configuration. A request names a provider
/// of it, and whatever else it says of them is not used.
pub struct Http {
    client: Client,
    providers: BTreeMap<String, Settings>,
    env: Env,
}

/// A call, once it is known where it goes.
struct Call<'a> {
    settings: &'a Settings,
    dialect: &'static dyn Dialect,
    credential: Option<Credential>,
    watch: Watch,
}

impl Http {
    /// The providers of a router's configuration, an object with `providers`.
    ///
    /// # Errors
    ///
    /// A provider that is not described as it has to be. A credential that is missing fails the
    /// calls that need it.
    pub fn new(config: &Value) -> Result<Self, SetupError> {
        let env: Env = Arc::new(|name| std::env::var(name).ok());
        Ok(Self { client: tls::client()?, providers: Settings::read_all(config)?, env })
    }

    /// Looks up `auth_env` elsewhere than in the environment of the process.
    #[must_use]
    pub fn with_env(self, env: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { env: Arc::new(env), ..self }
    }

    async fn run(&self, text: &str, on_text: Option<OnText<'_>>) -> Result<Answer, CallError> {
        let mut request = Request::parse(text)?;
        let id = request.provider_id.clone();
        let settings = self.providers.get(&id).ok_or_else(|| {
            bad(format!("request.provider_id: expected a configured provider, got {id}"))
        })?;
        let dialect = dialect(&settings.api_kind).ok_or_else(|| {
            let message = format!("this host has no adapter for api_kind {}", settings.api_kind);
            CallError::new(ErrorKind::ModelUnavailable, message)
        })?;
        let address = address(&id, settings, request.base_url.as_deref())?;
        let stream = on_text.is_some();
        let url = format!("{}{}", address.base_url, dialect.path(&request.model, stream));
        request.base_url = Some(address.base_url);
        let body = dialect.body(&request, stream)?.to_string();

        let watch = Watch::new(&request, stream);
        let credential = if address.trusted {
            watch.wait(settings.auth.credential(&self.env)).await??
        } else {
            None
        };
        let mut call = Call { settings, dialect, credential, watch };
        let headers = call.headers()?;
        let sent = self.client.post(url).headers(headers).body(body).send();
        let result = match call.watch.wait(sent).await {
            Ok(Ok(response)) => call.read(response, on_text).await,
            Ok(Err(error)) => Err(stream::network(error)),
            Err(error) => Err(error),
        };
        result.map_err(|error| CallError { message: call.scrub(&error.message), ..error })
    }
}

impl Call<'_> {
    fn headers(&self) -> Result<HeaderMap, CallError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.dialect.headers(self.credential.as_ref()) {
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                let message = "the credential has characters that no header can carry";
                CallError::new(ErrorKind::AuthError, message)
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }

    fn scrub(&self, text: &str) -> String {
        let secret = self.credential.as_ref().map(Credential::secret);
        secret.map_or_else(|| text.to_owned(), |secret| secret.scrub(text))
    }

    /// Reads a response of any status.
    async fn read(
        &mut self,
        response: Response,
        on_text: Option<OnText<'_>>,
    ) -> Result<Answer, CallError> {
        let status = response.status();
        if !status.is_success() {
            return Err(self.failure(response).await);
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
        let read = match on_text {
            // a provider that does not stream answers in one piece
            Some(on_text) if is_json && self.dialect.framing() != Framing::Lines => {
                let whole = self.whole(response).await;
                whole.inspect(|answer| on_text(&answer.text))
            }
            Some(on_text) => self.events(response, on_text).await,
            None => self.whole(response).await,
        };
        read.map_err(|error| CallError { http_status: Some(status.as_u16()), ..error })
    }

    async fn failure(&self, response: Response) -> CallError {
        let status = response.status().as_u16();
        if let (401, Some(credential)) = (status, &self.credential) {
            self.settings.auth.forget(credential).await;
        }
        let retry_after_ms = status::retry_after_ms(response.headers(), SystemTime::now());
        // the status is known; a body that does not come adds nothing
        let body = self.watch.wait(stream::start(response, FAILURE_BYTES)).await;
        let body = self.scrub(&String::from_utf8_lossy(&body.unwrap_or_default()));
        let failure = status::failure(status, &body, &self.settings.error_map);
        CallError { retry_after_ms, ..failure }
    }

    async fn whole(&self, response: Response) -> Result<Answer, CallError> {
        let body = self.watch.wait(stream::body(response, RESPONSE_BYTES)).await??;
        self.dialect.answer(&self.json(&body)?)
    }

    /// The JSON of an answer or of an event, if it is not a failure.
    fn json(&self, text: &[u8]) -> Result<Value, CallError> {
        let value = serde_json::from_slice(text).map_err(|_| {
            let text = self.scrub(&String::from_utf8_lossy(text));
            malformed(format!("expected JSON, got: {}", status::excerpt(&text, 200)))
        })?;
        match status::in_body(&value, &self.settings.error_map) {
            Some(error) => Err(error),
            None => Ok(value),
        }
    }

    /// Reads a stream. Once text is passed on, every failure is an interruption: whoever has the
    /// text has to know that it is not all.
    async fn events(
        &mut self,
        response: Response,
        on_text: OnText<'_>,
    ) -> Result<Answer, CallError> {
        let mut partial = Partial::default();
        let mut passed = 0;
        let read = self.read_events(response, &mut partial, &mut passed, on_text).await;
        let result = match read {
            Ok(()) if !partial.finished => {
                let message = "the stream ended before the answer did";
                Err(CallError::new(ErrorKind::NetworkError, message))
            }
            // what comes after the end does not matter
            Err(error) if !partial.finished => Err(error),
            _ => partial.finish(),
        };
        result.map_err(|error| match passed {
            0 => error,
            _ => CallError { kind: ErrorKind::StreamInterrupted, ..error },
        })
    }

    async fn read_events(
        &mut self,
        response: Response,
        partial: &mut Partial,
        passed: &mut usize,
        on_text: OnText<'_>,
    ) -> Result<(), CallError> {
        let mut events = stream::events(response, self.dialect.framing());
        while let Some(event) = self.watch.wait(events.next()).await? {
            let event = event?;
            if event == "[DONE]" {
                partial.finished = true;
                return Ok(());
            }
            self.dialect.event(&self.json(event.as_bytes())?, partial)?;
            if partial.has_begun() {
                self.watch.begun();
            }
            if let Some(text) = partial.answer.text.get(*passed..).filter(|text| !text.is_empty()) {
                on_text(text);
                *passed = partial.answer.text.len();
            }
        }
        Ok(())
    }
}

impl Provider for Http {
    fn call<'a>(&'a self, request: &'a str, on_text: Option<OnText<'a>>) -> Calling<'a> {
        Box::pin(self.run(request, on_text))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("providers", &self.providers).finish_non_exhaustive()
    }
}
