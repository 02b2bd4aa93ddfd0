//! `anthropic`: POST {base_url}/messages
//!
//! <https://platform.claude.com/docs/en/api/messages>

mod answer;
mod body;
mod messages;

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

    fn headers(&self, credential: Option<&Credential>) -> Vec<(&'static str, String)> {
        let mut headers = vec![("anthropic-version", VERSION.to_owned())];
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
