//! `openai_compatible`: POST {base_url}/embeddings
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use serde_json::value::RawValue;

use crate::{
    CallError,
    collect::{Counts, Partial},
    dialect::{Dialect, in_one_piece},
    error::malformed,
    json::{Object, Writer, quote},
    limits::EMBEDDINGS_BYTES,
    request::{Request, parameters::Api},
};

/// What goes on as the client has it.
const SAME: [&str; 4] = ["input", "dimensions", "encoding_format", "user"];

#[derive(Debug)]
pub(crate) struct Embeddings;

impl Dialect for Embeddings {
    fn api(&self) -> Api {
        Api::OpenAi
    }

    fn path(&self, _: &str, _: bool) -> (String, Option<&'static str>) {
        (self.endpoint().to_owned(), None)
    }

    fn endpoint(&self) -> &'static str {
        "/embeddings"
    }

    fn longest(&self) -> usize {
        EMBEDDINGS_BYTES
    }

    fn body(&self, request: &Request<'_>, _: bool) -> Result<String, CallError> {
        let mut body = Writer::default().with("model", quote(&request.model));
        for name in SAME {
            body.set_some(name, request.parameter(name).map(RawValue::get));
        }
        Ok(body.to_string())
    }

    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        partial.model = body.word("model");
        let usage = body.object("usage");
        let input = usage.count("prompt_tokens").or_else(|| usage.count("total_tokens"));
        partial.counts.update(Counts { input, output: Some(0), ..Counts::default() });
        for (place, item) in (0..).zip(body.objects("data")) {
            let vector = item.get("embedding");
            let vector =
                vector.ok_or_else(|| malformed(format!("expected data[{place}].embedding")))?;
            partial.add_embedding(item.count("index").unwrap_or(place), vector)?;
        }
        Ok(())
    }

    fn event(&self, _: &Object<'_>, _: &mut Partial) -> Result<(), CallError> {
        Err(in_one_piece())
    }
}
