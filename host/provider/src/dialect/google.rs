//! `google`: POST {base_url}/models/{model}:generateContent
//!
//! <https://ai.google.dev/api/generate-content>

mod answer;
mod body;
mod contents;
mod embeddings;

use std::fmt::Write as _;

use super::{Dialect, bearer};
use crate::{
    CallError,
    collect::Partial,
    config::Credential,
    json::Object,
    request::{Request, parameters::Api},
};

pub(crate) use embeddings::Embeddings;

const NAME: &str = Api::Google.name();

#[derive(Debug)]
pub(crate) struct Google;

impl Dialect for Google {
    fn api(&self) -> Api {
        Api::Google
    }

    fn path(&self, model: &str, stream: bool) -> (String, Option<&'static str>) {
        let (method, query) = if stream {
            ("streamGenerateContent", Some("alt=sse"))
        } else {
            ("generateContent", None)
        };
        (format!("/models/{}:{method}", escape(model)), query)
    }

    fn endpoint(&self) -> &'static str {
        ":generateContent"
    }

    fn headers(
        &self,
        _: &Request<'_>,
        credential: Option<&Credential>,
    ) -> Vec<(&'static str, String)> {
        let header = credential.map(|credential| match credential {
            Credential::Key(key) => ("x-goog-api-key", key.expose().to_owned()),
            Credential::Token(_) => bearer(credential),
        });
        header.into_iter().collect()
    }

    fn body(&self, request: &Request<'_>, _: bool) -> Result<String, CallError> {
        body::body(request)
    }

    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        answer::whole(body, partial)
    }

    fn event(&self, event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        answer::event(event, partial)
    }
}

/// The name of a model is one segment of the path, whatever is in it.
fn escape(model: &str) -> String {
    let mut escaped = String::new();
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}"); // a string takes everything
        }
    }
    escaped
}
