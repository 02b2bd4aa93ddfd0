//! `anthropic`: POST {base_url}/messages
//!
//! <https://platform.claude.com/docs/en/api/messages>

mod answer;
mod body;
mod messages;
mod original;

use super::{Dialect, bearer};
use crate::{
    CallError,
    collect::Partial,
    config::Credential,
    json::Object,
    request::{Request, parameters::Api},
};

const NAME: &str = Api::Anthropic.name();

/// <https://platform.claude.com/docs/en/api/versioning>
const VERSION: &str = "2023-06-01";

#[derive(Debug)]
pub(crate) struct Anthropic;

impl Dialect for Anthropic {
    fn api(&self) -> Api {
        Api::Anthropic
    }

    fn path(&self, _: &str, _: bool) -> (String, Option<&'static str>) {
        (self.endpoint().to_owned(), None)
    }

    fn endpoint(&self) -> &'static str {
        "/messages"
    }

    /// The version and the betas of a client that speaks the dialect are its own.
    fn headers(
        &self,
        request: &Request<'_>,
        credential: Option<&Credential>,
    ) -> Vec<(&'static str, String)> {
        let original = request.original.as_ref();
        let version = original.and_then(|original| original.version.clone());
        let version = version.unwrap_or_else(|| VERSION.to_owned());
        let mut headers = vec![("anthropic-version", version)];
        let beta = original.and_then(|original| original.beta.clone());
        headers.extend(beta.map(|beta| ("anthropic-beta", beta)));
        headers.extend(credential.map(|credential| match credential {
            Credential::Key(key) => ("x-api-key", key.expose().to_owned()),
            Credential::Token(_) => bearer(credential),
        }));
        headers
    }

    fn body(&self, request: &Request<'_>, stream: bool) -> Result<String, CallError> {
        body::body(request, stream)
    }

    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        answer::whole(body, partial)
    }

    fn event(&self, event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        answer::event(event, partial)
    }
}
