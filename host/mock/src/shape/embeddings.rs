use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::{Embeddings, INPUT_TOKENS, Said};

pub(super) fn answer(dialect: Embeddings, said: &Said<'_>) -> Value {
    let vectors = said.embeddings.iter().cycle().take(inputs(said.request));
    match dialect {
        Embeddings::Google => {
            let embeddings: Vec<_> = vectors.map(|vector| json!({"values": vector})).collect();
            json!({"embeddings": embeddings, "usageMetadata": {"promptTokenCount": INPUT_TOKENS}})
        }
        Embeddings::Ollama => {
            json!({"model": said.model, "embeddings": vectors.collect::<Vec<_>>(),
                "prompt_eval_count": INPUT_TOKENS})
        }
        Embeddings::OpenAi => {
            let encoded = said.request.get("encoding_format").is_some_and(|own| own == "base64");
            let embedding = |vector: &Vec<f32>| match encoded {
                true => {
                    let bytes: Vec<u8> =
                        vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                    json!(BASE64_STANDARD.encode(bytes))
                }
                false => json!(vector),
            };
            let item = |(index, vector): (usize, &Vec<f32>)| json!({"object": "embedding", "index": index, "embedding": embedding(vector)});
            let data: Vec<_> = vectors.enumerate().map(item).collect();
            json!({"object": "list", "model": said.model, "data": data,
                "usage": {"prompt_tokens": INPUT_TOKENS, "total_tokens": INPUT_TOKENS}})
        }
    }
}

/// How many inputs a request has.
fn inputs(request: &Value) -> usize {
    let list = |key| request.get(key).and_then(Value::as_array);
    match (list("requests"), list("input")) {
        (Some(requests), _) => requests.len(),
        (None, Some(tokens)) if tokens.iter().all(Value::is_number) => 1,
        (None, Some(inputs)) => inputs.len(),
        (None, None) => 1,
    }
}
