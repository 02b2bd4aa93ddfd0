//! The paths of the gateway, each with who may ask for it and what it is: the routes and the document
//! that describes them are made of this one table.

use axum::routing::{MethodRouter, get, post};

use crate::{
    chat::chat,
    embeddings::embeddings,
    health::{healthz, readyz},
    keys,
    messages::{count_tokens, messages},
    metrics::metrics,
    models::{list, one},
    openapi::openapi,
    operate,
    responses::responses,
    state::Live,
    verbs,
};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Whoever gets here.
    Anyone,
    /// Who has a key, where the gateway has consumers.
    Callers,
    /// The same, and the admin: nothing is spent, and nobody is called.
    Authors,
    /// Who may see how the gateway does: the admin, and everybody where nobody is asked for anything.
    Observers,
    /// Who may change how it does: the admin, and everybody on this machine where nobody is asked for
    /// anything.
    Operators,
    /// The admin alone.
    Admin,
}

/// A path.
pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    pub(crate) whose: Whose,
    /// Methods in lower case, and in one sentence what they do.
    pub(crate) methods: &'static [(&'static str, &'static str)],
    pub(crate) handler: MethodRouter<Live>,
}

fn endpoint(
    whose: Whose,
    path: &'static str,
    methods: &'static [(&'static str, &'static str)],
    handler: MethodRouter<Live>,
) -> Endpoint {
    Endpoint { path, whose, methods, handler }
}

/// All of them.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    use Whose::{Admin, Anyone, Authors, Callers, Observers, Operators};
    vec![
        endpoint(Anyone, "/healthz", &[("get", "whether the process serves")], get(healthz)),
        endpoint(Anyone, "/readyz", &[("get", "whether it takes requests")], get(readyz)),
        endpoint(Anyone, "/openapi.json", &[("get", "this document")], get(openapi)),
        endpoint(Callers, "/v1/models", &[("get", "what model may say")], get(list)),
        endpoint(Callers, "/v1/models/{*id}", &[("get", "one of them")], get(one)),
        endpoint(
            Callers,
            "/v1/chat/completions",
            &[("post", "a chat completion, whole or streamed")],
            post(chat),
        ),
        endpoint(Callers, "/v1/embeddings", &[("post", "embeddings of texts")], post(embeddings)),
        endpoint(
            Callers,
            "/{profile}/v1/embeddings",
            &[("post", "embeddings under this profile")],
            post(embeddings),
        ),
        endpoint(
            Callers,
            "/v1/responses",
            &[("post", "a response, whole or streamed")],
            post(responses),
        ),
        endpoint(
            Callers,
            "/{profile}/v1/responses",
            &[("post", "a response under this profile")],
            post(responses),
        ),
        endpoint(
            Callers,
            "/v1/messages",
            &[("post", "a message of Anthropic's API, whole or streamed")],
            post(messages),
        ),
        endpoint(
            Callers,
            "/{profile}/v1/messages",
            &[("post", "a message under this profile")],
            post(messages),
        ),
        endpoint(
            Callers,
            "/v1/messages/count_tokens",
            &[("post", "an estimate of the tokens of a message")],
            post(count_tokens),
        ),
        endpoint(
            Callers,
            "/{profile}/v1/messages/count_tokens",
            &[("post", "an estimate of the tokens of a message")],
            post(count_tokens),
        ),
        endpoint(Callers, "/{profile}/v1/models", &[("get", "what model may say")], get(list)),
        endpoint(
            Callers,
            "/{profile}/v1/chat/completions",
            &[("post", "a chat completion under this profile")],
            post(chat),
        ),
        endpoint(
            Authors,
            "/skill",
            &[("get", "how to write policies for this gateway, for a model that reads it")],
            get(verbs::skill),
        ),
        endpoint(Authors, "/x/fields", &[("get", "what policies may look at")], get(verbs::fields)),
        endpoint(
            Authors,
            "/x/flow/normalize",
            &[("post", "what a flow is: its names and its canonical form")],
            post(verbs::normalize_flow),
        ),
        endpoint(
            Authors,
            "/x/policy/build",
            &[("post", "a policy of the parts that a profile may have")],
            post(verbs::build),
        ),
        endpoint(
            Authors,
            "/x/policy/normalize",
            &[("post", "what a policy is: its names and its canonical form")],
            post(verbs::normalize),
        ),
        endpoint(
            Authors,
            "/x/policy/templates",
            &[("get", "policies that are made of a few options")],
            get(verbs::templates),
        ),
        endpoint(
            Authors,
            "/x/policy/templates/{name}",
            &[("post", "one of them, made of its options")],
            post(verbs::template),
        ),
        endpoint(
            Authors,
            "/x/rank",
            &[
                ("get", "who would be asked under a profile, without a call"),
                ("post", "who would be asked for a contract, without a call"),
            ],
            get(verbs::rank_of_profile).post(verbs::rank),
        ),
        endpoint(Observers, "/metrics", &[("get", "counts, for Prometheus")], get(metrics)),
        endpoint(
            Observers,
            "/x/calls",
            &[("get", "the last calls, the newest first")],
            get(verbs::calls),
        ),
        endpoint(
            Observers,
            "/x/runtime",
            &[("get", "versions, breakers, disabled providers")],
            get(verbs::runtime),
        ),
        endpoint(
            Operators,
            "/x/config/reload",
            &[("post", "reads the configuration again, all of it or nothing")],
            post(operate::reload),
        ),
        endpoint(
            Operators,
            "/x/providers/{name}",
            &[("post", "disables a provider, or enables it")],
            post(operate::provider),
        ),
        endpoint(
            Admin,
            "/x/keys",
            &[("get", "consumers and their keys"), ("post", "a new key, or a rotation")],
            get(keys::list).post(keys::add),
        ),
        endpoint(Admin, "/x/keys/revoke", &[("post", "revokes a key")], post(keys::revoke)),
        endpoint(
            Admin,
            "/x/consumers/{name}",
            &[("post", "the status and routes of a consumer")],
            post(keys::set),
        ),
    ]
}
