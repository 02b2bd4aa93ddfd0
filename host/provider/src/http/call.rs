//! A call, once it is known where it goes.

use std::time::SystemTime;

use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use tokio::time::{Instant, timeout, timeout_at};

use super::watch::Watch;
use crate::{
    Answer, CallError, Delta, ErrorKind, OnDelta,
    collect::Wanted,
    config::{Credential, Settings},
    dialect::Dialect,
    failure::{Reader, retry_after},
    limits::{DRAIN, FAILURE_BYTES, GRACE},
    reading::Reading,
};

pub(super) struct Call<'a> {
    pub(super) settings: &'a Settings,
    pub(super) dialect: &'static dyn Dialect,
    pub(super) credential: Option<Credential>,
    /// What the dialect has to say in headers.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) reader: &'a Reader<'a>,
    pub(super) watch: Watch,
    pub(super) wanted: Wanted,
}

impl Call<'_> {
    /// Sends the request and reads the response.
    pub(super) async fn send(
        &mut self,
        client: &Client,
        url: &str,
        body: String,
        on_delta: Option<OnDelta<'_>>,
    ) -> Result<Answer, CallError> {
        let headers = self.headers()?;
        let sent = client.post(url).headers(headers).body(body).send();
        let response = self.watch.wait(sent).await?.map_err(network)?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            return Err(self.failure(response).await);
        }
        let read = self.read(response, on_delta).await;
        read.map_err(|error| CallError { http_status: Some(status), ..error })
    }

    fn headers(&self) -> Result<HeaderMap, CallError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| {
                let message = "the credential has characters that no header can carry";
                CallError::new(ErrorKind::AuthError, message)
            })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }

    async fn failure(&self, response: Response) -> CallError {
        let status = response.status().as_u16();
        if let (401, Some(credential)) = (status, &self.credential) {
            self.settings.auth.forget(credential).await;
        }
        let retry_after_ms = retry_after::of_headers(response.headers(), SystemTime::now());
        let body = self.start(response).await;
        let failure = self.reader.of_status(status, &body);
        CallError { retry_after_ms: retry_after_ms.or(failure.retry_after_ms), ..failure }
    }

    /// The start of the body of a failure. That it breaks off is no matter: the status is known.
    async fn start(&self, mut response: Response) -> String {
        let mut body = Vec::new();
        let until = Instant::now() + GRACE;
        while let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await {
            body.extend_from_slice(&chunk);
            if body.len() >= FAILURE_BYTES || Instant::now() >= until {
                // at the cut may be a part of the credential
                body.truncate(FAILURE_BYTES.saturating_sub(self.reader.scrub.longest()));
                break;
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    /// Reads an answer. Once something of it is passed on, every failure is an interruption: whoever
    /// has that has to know that it is not all.
    async fn read(
        &mut self,
        response: Response,
        on_delta: Option<OnDelta<'_>>,
    ) -> Result<Answer, CallError> {
        let stream = on_delta.is_some();
        let mut nobody = |_: Delta<'_>| {};
        let on_delta = on_delta.unwrap_or(&mut nobody);
        let mut passed = false;
        let mut pass = |delta: Delta<'_>| {
            passed = stream;
            on_delta(delta);
        };
        let mut reading = Reading::new(self.dialect, self.reader, self.wanted, stream);
        let read = self.chunks(response, &mut reading, &mut pass).await;
        let result = match read {
            Ok(()) => reading.end(&mut pass),
            // what comes after the end does not matter
            Err(_) if reading.is_finished() => reading.answer(&mut pass),
            Err(error) => Err(error),
        };
        match result {
            Err(error) if passed => Err(CallError { kind: ErrorKind::StreamInterrupted, ..error }),
            result => result,
        }
    }

    async fn chunks(
        &mut self,
        mut response: Response,
        reading: &mut Reading<'_>,
        on_delta: OnDelta<'_>,
    ) -> Result<(), CallError> {
        while let Some(chunk) = self.watch.wait(response.chunk()).await?.map_err(network)? {
            let (pieces, finished) = (reading.pieces(), reading.is_finished());
            reading.take(&chunk, &mut |delta| on_delta(delta))?;
            if reading.is_over() {
                let _ = timeout(DRAIN, response.chunk()).await;
                break;
            }
            match (finished, reading.is_finished()) {
                (false, true) => self.watch.finished(),
                (false, false) if reading.pieces() > pieces => self.watch.progress(),
                _ => {}
            }
            // a server that always has more to say leaves no time for others, and no time passes
            self.watch.check()?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// What reqwest says, with its causes and without the address.
fn network(error: reqwest::Error) -> CallError {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::NetworkError };
    let error = error.without_url();
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    CallError::new(kind, message)
}
