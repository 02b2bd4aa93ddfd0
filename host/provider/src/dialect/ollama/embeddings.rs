//! `ollama`: POST {base_url}/api/embed
//!
//! <https://docs.ollama.com/api/embed>

use serde_json::value::RawValue;

use super::NAME;
use crate::{
    CallError,
    collect::{Counts, Partial},
    dialect::{Dialect, in_one_piece},
    json::{Object, Writer, array, quote},
    limits::EMBEDDINGS_BYTES,
    request::{Inputs, Request, parameters::Api},
};

#[derive(Debug)]
pub(crate) struct Embeddings;

impl Dialect for Embeddings {
    fn api(&self) -> Api {
        Api::Ollama
    }

    fn path(&self, _: &str, _: bool) -> (String, Option<&'static str>) {
        (self.endpoint().to_owned(), None)
    }

    fn endpoint(&self) -> &'static str {
        "/api/embed"
    }

    fn longest(&self) -> usize {
        EMBEDDINGS_BYTES
    }

    fn body(&self, request: &Request<'_>, _: bool) -> Result<String, CallError> {
        let inputs = Inputs::read(request)?;
        let texts = inputs.texts(NAME)?.iter().map(|text| text.get());
        let mut body = Writer::default().with("model", quote(&request.model));
        body.set("input", array(texts));
        // a text that is too long fails, as everywhere else, and is not cut in silence
        body.set("truncate", "false");
        body.set_some("dimensions", request.parameter("dimensions").map(RawValue::get));
        Ok(body.to_string())
    }

    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        partial.model = body.word("model");
        let input = body.count("prompt_eval_count");
        partial.counts.update(Counts { input, output: Some(0), ..Counts::default() });
        (0..)
            .zip(body.items("embeddings"))
            .try_for_each(|(at, vector)| partial.add_embedding(at, vector))
    }

    fn event(&self, _: &Object<'_>, _: &mut Partial) -> Result<(), CallError> {
        Err(in_one_piece())
    }
}
