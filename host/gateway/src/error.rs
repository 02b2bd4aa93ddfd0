//! Errors, in the shape of OpenAI's: `{"error": {message, type, param, code}}`.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::reply::json_response;

/// Whose fault it is, in the words of the shape.
pub(crate) const INVALID_REQUEST: &str = "invalid_request_error";
pub(crate) const ROUTER: &str = "router_error";
/// Of who calls.
pub(crate) const AUTH: &str = "auth_error";

/// What a client is told in place of an answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// `type` of the shape.
    pub(crate) kind: &'static str,
    /// For programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
    /// The member that is wrong.
    pub(crate) param: Option<String>,
    pub(crate) retry_after_s: Option<u32>,
    /// `x_router`, where a run has ended.
    pub(crate) report: Option<Box<Value>>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { status, kind, code, message, param: None, retry_after_s: None, report: None }
    }

    /// A request that is wrong.
    pub(crate) fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, code, message)
    }

    /// A member of the body that is wrong; the message is put after its name.
    pub(crate) fn of_param(code: &str, param: &str, expected: &str) -> Self {
        let invalid = Self::invalid(code, format!("{param}: {expected}"));
        Self { param: Some(param.to_owned()), ..invalid }
    }

    /// A failure of the gateway itself. What it was is for the log, and not for a client.
    pub(crate) fn internal() -> Self {
        let message = "the gateway failed; its log has the reason under the id of this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ROUTER, "internal", message)
    }

    /// The member `error` of the body.
    pub(crate) fn error(&self) -> Value {
        json!({"message": self.message, "type": self.kind, "param": self.param, "code": self.code})
    }
}

/// The response has the error among its extensions, too: clients of another API are told of it in
/// another shape.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.error()});
        if let (Some(members), Some(report)) = (body.as_object_mut(), &self.report) {
            members.insert("x_router".to_owned(), Value::clone(report));
        }
        let mut response = json_response(self.status, &body);
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == AUTH && self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
