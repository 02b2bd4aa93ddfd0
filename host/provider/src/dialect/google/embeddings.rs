//! `google`: POST {base_url}/models/{model}:batchEmbedContents
//!
//! <https://ai.google.dev/api/embeddings#method:-models.batchembedcontents>

use serde_json::value::RawValue;

use super::{Google, NAME, escape};
use crate::{
    CallError,
    collect::{Counts, Partial},
    config::Credential,
    dialect::{Dialect, in_one_piece},
    error::malformed,
    json::{Object, Writer, array, quote},
    limits::EMBEDDINGS_BYTES,
    request::{Inputs, Request, parameters::Api},
};

#[derive(Debug)]
pub(crate) struct Embeddings;

impl Dialect for Embeddings {
    fn api(&self) -> Api {
        Api::Google
    }

    fn path(&self, model: &str, _: bool) -> (String, Option<&'static str>) {
        (format!("/models/{}{}", escape(model), self.endpoint()), None)
    }

    fn endpoint(&self) -> &'static str {
        ":batchEmbedContents"
    }

    fn headers(
        &self,
        request: &Request<'_>,
        credential: Option<&Credential>,
    ) -> Vec<(&'static str, String)> {
        Google.headers(request, credential)
    }

    fn longest(&self) -> usize {
        EMBEDDINGS_BYTES
    }

    fn body(&self, request: &Request<'_>, _: bool) -> Result<String, CallError> {
        let inputs = Inputs::read(request)?;
        let model = quote(&format!("models/{}", request.model));
        let dimensions = request.parameter("dimensions").map(RawValue::get);
        let one = |text: &&RawValue| {
            let part = format!(r#"[{{"text":{}}}]"#, text.get());
            let mut one = Writer::default().with("model", model.as_str());
            one.set("content.parts", part);
            one.set_some("outputDimensionality", dimensions);
            one.to_string()
        };
        let requests = array(inputs.texts(NAME)?.iter().map(one));
        Ok(Writer::default().with("requests", requests).to_string())
    }

    fn whole(&self, body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
        let input = body.object("usageMetadata").count("promptTokenCount");
        partial.counts.update(Counts { input, output: Some(0), ..Counts::default() });
        for (at, item) in (0..).zip(body.objects("embeddings")) {
            let vector = item.get("values");
            let vector =
                vector.ok_or_else(|| malformed(format!("expected embeddings[{at}].values")))?;
            partial.add_embedding(at, vector)?;
        }
        Ok(())
    }

    fn event(&self, _: &Object<'_>, _: &mut Partial) -> Result<(), CallError> {
        Err(in_one_piece())
    }
}
