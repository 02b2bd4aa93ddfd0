//! `GET /openapi.json`: the paths of the gateway, for programs.
//!
//! <https://spec.openapis.org/oas/v3.1.0>. Bodies are described where they are ours; those of the chat
//! API are OpenAI's.

use axum::{http::StatusCode, response::Response};
use serde_json::{Map, Value, json};

use crate::{
    endpoints::{Endpoint, Whose, endpoints},
    reply::json_response,
};

/// The document.
pub(crate) async fn openapi() -> Response {
    json_response(StatusCode::OK, &document())
}

fn document() -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let mut item = Map::new();
        for (method, summary) in endpoint.methods {
            item.insert((*method).to_owned(), operation(&endpoint, method, summary));
        }
        paths.insert(endpoint.path.replace("{*", "{"), Value::Object(item));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "sigmapol gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "caller": {"type": "http", "scheme": "bearer", "description": "a key of a consumer"},
                "admin": {"type": "http", "scheme": "bearer", "description": "the admin's token"},
            },
            "schemas": {"Error": error_schema(), "Object": {"type": "object"}},
        },
    })
}

fn operation(endpoint: &Endpoint, method: &str, summary: &str) -> Value {
    let mut operation = json!({
        "operationId": operation_id(endpoint.path, method),
        "summary": summary,
        "security": match endpoint.whose {
            Whose::Anyone => json!([]),
            // without consumers nobody is asked for a key
            Whose::Callers => json!([{"caller": []}, {}]),
            Whose::Authors => json!([{"caller": []}, {"admin": []}, {}]),
            Whose::Observers | Whose::Operators => json!([{"admin": []}, {}]),
            Whose::Admin => json!([{"admin": []}]),
        },
        "responses": {
            "200": {"description": "the answer", "content": content(endpoint.path)},
            "default": {
                "description": "an error",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    });
    let parameters = parameters(endpoint.path, method);
    let Some(members) = operation.as_object_mut() else { return operation };
    if !parameters.is_empty() {
        members.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if method == "post" {
        let schema = body_schema(endpoint.path);
        let body = json!({"content": {"application/json": {"schema": schema}}});
        members.insert("requestBody".to_owned(), body);
    }
    operation
}

/// `post_x_policy_templates_name`
fn operation_id(path: &str, method: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn content(path: &str) -> Value {
    let object = json!({"schema": {"$ref": "#/components/schemas/Object"}});
    match path {
        "/metrics" => json!({"text/plain": {"schema": {"type": "string"}}}),
        "/skill" => json!({"text/markdown": {"schema": {"type": "string"}}}),
        path if ["/completions", "/v1/responses", "/v1/messages"]
            .iter()
            .any(|streamed| path.ends_with(streamed)) =>
        {
            json!({"application/json": object, "text/event-stream": {"schema": {"type": "string"}}})
        }
        _ => json!({"application/json": object}),
    }
}

fn parameters(path: &str, method: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| {
        let name = name.trim_start_matches('*');
        json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
    });
    let query: &[(&str, &str)] = match (path, method) {
        ("/x/rank", "get") => &[("profile", "string")],
        ("/x/calls", _) => &[("limit", "integer"), ("before", "integer")],
        _ => &[],
    };
    let in_query = query
        .iter()
        .map(|(name, kind)| json!({"name": name, "in": "query", "schema": {"type": kind}}));
    in_path.chain(in_query).collect()
}

/// What a request may say, where it is ours to say so.
fn body_schema(path: &str) -> Value {
    let object = |needed: &[&str], members: Value| {
        json!({"type": "object", "additionalProperties": false, "required": needed,
            "properties": members})
    };
    let term = || json!({"type": "array", "description": "a term: [operation, argument…]"});
    match path {
        "/x/policy/normalize" => object(&["policy_ir"], json!({"policy_ir": term()})),
        "/x/flow/normalize" => object(&["flow_ir"], json!({"flow_ir": term()})),
        "/x/policy/build" => object(
            &[],
            json!({"filter": {}, "scorer": term(), "selector": {"type": "string"},
                "selector_opts": {"type": "object"}, "chain": {"type": "array"}, "mutate": {},
                "retry_policy": {"type": "string"}}),
        ),
        "/x/providers/{name}" => object(&["disabled"], json!({"disabled": {"type": "boolean"}})),
        path if path.ends_with("/chat/completions") => json!({
            "type": "object",
            "description": "a request of OpenAI's chat API, and members of the gateway's own",
            "required": ["messages"],
            "properties": {"messages": {"type": "array", "minItems": 1},
                "model": {"type": "string"}, "stream": {"type": "boolean"}, "policy_ir": term()},
        }),
        _ => json!({"$ref": "#/components/schemas/Object"}),
    }
}

fn error_schema() -> Value {
    let nullable = json!({"type": ["string", "null"]});
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "type", "param", "code"],
                "properties": {"message": {"type": "string"}, "type": {"type": "string"},
                    "param": nullable, "code": {"type": "string"}},
            },
            "x_router": {"type": "object", "description": "where a run was planned: its trace"},
        },
    })
}
