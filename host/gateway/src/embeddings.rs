//! `POST /v1/embeddings`: models of the protocol `embeddings`, chosen as those of chats are.

use axum::{
    Extension,
    extract::{self, Request},
    http::StatusCode,
    response::Response,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use sigmapol_core::json::{Members, Object, quote};
use sigmapol_router::Outcome;

use crate::{
    app::unserved,
    body,
    caller::Caller,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Asked, Call, OfPath, Sort},
    reply::json_text_response,
    report::{model, set_headers},
    state::State,
};

/// Members of a request, beside those of the gateway.
const SORTS: [(&str, Sort); 2] = [("dimensions", Sort::Number), ("encoding_format", Sort::String)];

const INPUT: &str = "expected a string, or an array of strings or of tokens";

/// How a client wants numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Encoding {
    Float,
    Base64,
}

/// `POST /v1/embeddings`, and under the name of a profile.
pub(crate) async fn embeddings(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    path: OfPath,
    request: Request,
) -> Result<Response, ApiError> {
    if !state.names().embeddings {
        return Err(unserved().await);
    }
    let profile = ingress::profile(path)?;
    let body = body::text(request).await?;
    let members = ingress::members(&body)?;
    let encoding = check(&members)?;
    let asked = Asked::of_embeddings(&members, profile.as_deref(), &state, &caller)?;
    drop(body);
    let (call, run) = Call::begin(state, id, asked).await?;
    let (outcome, report) = call.answer(run).await?;
    let body = list(&outcome, &report, encoding)?;
    let mut response = json_text_response(StatusCode::OK, body);
    set_headers(response.headers_mut(), &report);
    Ok(response)
}

/// Refuses what is no request for embeddings.
fn check(members: &Members<'_>) -> Result<Encoding, ApiError> {
    Sort::check(&SORTS, members)?;
    let given = |name: &str| members.get(name).filter(|text| *text != "null");
    let input = given("input").filter(|text| *text != "[]");
    let input = input.ok_or_else(|| ApiError::of_param("missing_parameter", "input", INPUT))?;
    if !input.starts_with(['"', '[']) {
        return Err(ApiError::of_param("invalid_type", "input", INPUT));
    }
    match given("encoding_format") {
        None | Some(r#""float""#) => Ok(Encoding::Float),
        Some(r#""base64""#) => Ok(Encoding::Base64),
        Some(_) => {
            Err(ApiError::of_param("invalid_type", "encoding_format", "expected float or base64"))
        }
    }
}

/// The object `list`, as text: numbers have the shortest digits that are theirs among 32-bit floats.
fn list(outcome: &Outcome, report: &Value, encoding: Encoding) -> Result<String, ApiError> {
    let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
    let vectors = answer.get("embeddings").and_then(Value::as_array).into_iter().flatten();
    let mut data = Vec::new();
    for (index, vector) in vectors.enumerate() {
        let vector = vector.as_str().unwrap_or_default();
        let told = match encoding {
            Encoding::Base64 => quote(vector),
            Encoding::Float => numbers(vector).ok_or_else(ApiError::internal)?,
        };
        let item = Object::new()
            .with("object", &quote("embedding"))
            .with("index", &index.to_string())
            .with("embedding", &told);
        data.push(item.finish());
    }
    let usage = answer.get("usage").and_then(|usage| usage.get("input_tokens"));
    let usage = usage.map(|tokens| json!({"prompt_tokens": tokens, "total_tokens": tokens}));
    let list = Object::new()
        .with("object", &quote("list"))
        .with("data", &format!("[{}]", data.join(",")))
        .with("model", &quote(&model(outcome).unwrap_or_default()))
        .with("usage", &usage.unwrap_or_default().to_string())
        .with("x_router", &report.to_string());
    Ok(list.finish())
}

/// The numbers of a vector as JSON.
fn numbers(base64: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let (numbers, rest) = bytes.as_chunks::<{ size_of::<f32>() }>();
    let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    // JSON has no word for what is not finite
    let told = rest.is_empty() && numbers.iter().all(|number| number.is_finite());
    told.then(|| serde_json::to_string(&numbers).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.1 is 0x3DCCCCCD, and a longer number as a double.
    #[test]
    fn numbers_are_short() {
        let text = |number: f32| BASE64_STANDARD.encode(number.to_le_bytes());
        assert_eq!(text(0.1), "zczMPQ==");
        assert_eq!(numbers("zczMPQ=="), Some("[0.1]".to_owned()));
        assert_eq!(numbers(&text(f32::NAN)), None);
        assert_eq!(numbers("AAA="), None);
        assert_eq!(numbers("?"), None);
    }
}
