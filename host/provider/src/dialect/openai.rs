//! `openai_compatible`: POST {base_url}/chat/completions
//!
//! <https://platform.openai.com/docs/api-reference/chat>

mod answer;
mod body;
mod embeddings;

use super::Dialect;
use crate::{
    CallError,
    collect::Partial,
    json::Object,
    request::{Request, parameters::Api},
};

pub(crate) use embeddings::Embeddings;

#[derive(Debug)]
pub(crate) struct OpenAi;

impl Dialect for OpenAi {
    fn api(&self) -> Api {
        Api::OpenAi
    }

    fn path(&self, _: &str, _: bool) -> (String, Option<&'static str>) {
        (self.endpoint().to_owned(), None)
    }

    fn endpoint(&self) -> &'static str {
        "/chat/completions"
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
