//! `ollama`: POST {base_url}/api/chat
//!
//! <https://docs.ollama.com/api/chat>

mod answer;
mod body;
mod embeddings;

use super::{Dialect, Framing};
use crate::{
    CallError,
    collect::Partial,
    json::Object,
    request::{Request, parameters::Api},
};

pub(crate) use embeddings::Embeddings;

const NAME: &str = Api::Ollama.name();

#[derive(Debug)]
pub(crate) struct Ollama;

impl Dialect for Ollama {
    fn api(&self) -> Api {
        Api::Ollama
    }

    fn path(&self, _: &str, _: bool) -> (String, Option<&'static str>) {
        (self.endpoint().to_owned(), None)
    }

    fn endpoint(&self) -> &'static str {
        "/api/chat"
    }

    fn body(&self, request: &Request<'_>, stream: bool) -> Result<String, CallError> {
        body::body(request, stream)
    }

    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        answer::whole(body, partial)
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn event(&self, event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        answer::event(event, partial)
    }
}
