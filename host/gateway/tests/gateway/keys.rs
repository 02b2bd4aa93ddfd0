//! Who may call: keys of consumers, what they are for, and the admin's verbs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use sigmapol_gateway::{
    Access, AdminToken, Allowed, AllowedRoute, Edit, FileStore, Key, KeyDigest, Server, Status,
    Store,
};
use tempfile::TempDir;

use crate::{
    client::{Reply, request, send},
    fixture::{Gateway, chat},
};

/// The token of the admin.
const ADMIN: &str = "adm-0123456789abcdef";

/// The keys of the cases, in a file.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    folder: TempDir,
}

fn path_of(folder: &TempDir) -> PathBuf {
    folder.path().join("keys.json")
}

/// Looks at the file with each request.
fn store(path: &Path) -> Arc<FileStore> {
    Arc::new(FileStore::open_or_new(path).unwrap().look_every(Duration::ZERO))
}

fn add(key: &str, expires: Option<SystemTime>) -> Edit {
    let key = Key::new(KeyDigest::of(key), SystemTime::now(), expires);
    Edit::Add { key, allowed: None }
}

fn only(routes: &[&str]) -> Option<Allowed> {
    let routes = routes.iter().map(|route| AllowedRoute::new(route).unwrap());
    Some(Allowed::only(routes.collect()).unwrap())
}

async fn fill(store: &dyn Store) {
    // what was refused long ago is forgotten with the next key
    let before = SystemTime::now() - Duration::from_secs(3600);
    let revoke = |key: &str| {
        let prefix = KeyDigest::of(key).prefix().to_owned();
        Edit::Revoke { prefix, keep: Some(before) }
    };
    let set = |status, allowed| Edit::Set { status, allowed };
    for (consumer, edit) in [
        ("app", add("sk-a", None)),
        ("app", add("sk-old", Some(before))),
        ("app", add("sk-rev", None)),
        ("app", revoke("sk-rev")),
        ("other", add("sk-b", Some(SystemTime::now() + Duration::from_secs(3600)))),
        ("off", add("sk-off", None)),
        ("off", set(Some(Status::Inactive), None)),
        ("route", add("sk-route", None)),
        ("route", set(None, only(&["profile:private"]))),
        ("wide", add("sk-wide", None)),
        ("wide", set(None, only(&["family:*", "pin:gamma/*", "policy"]))),
    ] {
        store.edit(consumer, edit).await.unwrap();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&path_of(&folder));
        fill(&*store).await;
        let access = Access::default().store(store).admin(AdminToken::new(ADMIN).unwrap());
        Self { gateway: Gateway::with_access(&Value::Null, access).await, folder }
    }

    async fn chat(&self, key: &str, more: Value) -> Reply {
        self.gateway.ask(key, "/v1/chat/completions", Some(&chat(more))).await
    }

    async fn admin(&self, path: &str, body: Value) -> Reply {
        self.gateway.ask(ADMIN, path, Some(&body)).await
    }

    fn text(&self) -> String {
        fs::read_to_string(path_of(&self.folder)).unwrap()
    }
}

/// Status and code of an error of authentication.
fn refused(reply: &Reply) -> (u16, String) {
    let (status, kind, _, code, _) = reply.error();
    assert_eq!(kind, "auth_error", "{}", reply.body);
    (status, code)
}

fn expect(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// G04, G05
#[tokio::test]
async fn who_is_not_known_is_told_how_to_be() {
    let world = World::new().await;
    let paths = ["/v1/models", "/v1/models/family:small", "/private/v1/models", "/v1/nothing", "/"];
    for path in paths {
        let reply = world.gateway.get(path).await;
        assert_eq!(refused(&reply), expect(401, "caller_auth"), "{path}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{path}");
        let message = "expected a key, in Authorization: Bearer or in x-api-key";
        assert_eq!(reply.error().4, message);
    }
    for headers in [
        "authorization: Bearer nonsense\r\n",
        "x-api-key: nonsense\r\n",
        "authorization: Basic sk-a\r\n",
        "authorization: Bearer sk-a\r\nauthorization: Bearer sk-a\r\n",
        "authorization: Basic nonsense\r\nx-api-key: sk-a\r\n",
    ] {
        let reply = world.gateway.ask_with(headers, "/v1/models", None).await;
        assert_eq!(refused(&reply), expect(401, "caller_auth"), "{headers}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(reply.error().4, "the key is not known here");
        assert!(!reply.body.contains("nonsense") && !reply.body.contains("sk-a"));
    }
    // the digest of a key is none, nor is the token of the admin
    for key in [KeyDigest::of("sk-a").as_str(), KeyDigest::of("sk-a").prefix(), ADMIN] {
        assert_eq!(refused(&world.chat(key, json!({})).await), expect(401, "caller_auth"));
    }
    assert!(world.gateway.calls().is_empty());
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.gateway.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_key_comes_in_either_header() {
    let world = World::new().await;
    for headers in [
        "authorization: Bearer sk-a\r\n",
        "Authorization: bearer sk-b\r\n",
        "x-api-key: sk-a\r\n",
        "x-api-key: other\r\nauthorization: Bearer sk-a\r\n",
    ] {
        let body = chat(json!({}));
        let reply = world.gateway.ask_with(headers, "/v1/chat/completions", Some(&body)).await;
        assert_eq!(reply.status, 200, "{headers}: {}", reply.body);
    }
    // nothing of it goes to a provider
    for call in world.gateway.calls() {
        assert!(!call.headers.values().any(|value| value.contains("sk-a")), "{:?}", call.headers);
    }
}

/// G70: before a body is read, and so before it is looked at.
#[tokio::test]
async fn keys_that_are_not_taken() {
    let world = World::new().await;
    for (key, status, code, message) in [
        ("sk-off", 403, "caller_inactive", "the consumer of this key is inactive"),
        ("sk-rev", 403, "caller_key_revoked", "this key was taken back"),
        ("sk-old", 403, "caller_key_expired", "this key has expired"),
        ("sk-none", 401, "caller_auth", "the key is not known here"),
    ] {
        let reply = world.chat(key, json!({"messages": "no messages"})).await;
        assert_eq!(refused(&reply), expect(status, code), "{key}");
        assert_eq!(reply.error().4, message);
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
        // a body that is announced, and never comes
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {key}\r\ncontent-length: 1000\r\n\r\n"
        );
        let reply = send(world.gateway.address, head.as_bytes()).await;
        assert_eq!(refused(&reply), expect(status, code), "{key}");
    }
    assert!(world.gateway.calls().is_empty());
}

/// G71
#[tokio::test]
async fn a_key_is_for_its_routes() {
    let world = World::new().await;
    let policy = json!(["policy", ["top"], ["neg", ["field", "price_in"]], ["argmax"], ["id"],
        ["always", {"action": "next_candidate"}]]);
    let code = "caller_route_not_allowed";
    for (key, more, expected) in [
        ("sk-route", json!({"model": "profile:private"}), 200),
        ("sk-route", json!({"model": "family:small"}), 403),
        ("sk-route", json!({"model": "pin:gamma/small"}), 403),
        ("sk-route", json!({}), 403),
        ("sk-route", json!({"model": "gpt-5.5"}), 403),
        // whether there is such a profile is nothing to it
        ("sk-route", json!({"model": "profile:nope"}), 403),
        ("sk-route", json!({"model": "profile:private", "policy_ir": policy}), 403),
        ("sk-wide", json!({"model": "family:small"}), 200),
        ("sk-wide", json!({"model": "pin:gamma/small"}), 200),
        ("sk-wide", json!({"model": "pin:alpha/small"}), 403),
        ("sk-wide", json!({"model": "profile:private"}), 403),
        ("sk-wide", json!({"policy_ir": policy}), 200),
        ("sk-a", json!({"policy_ir": policy}), 200),
    ] {
        let before = world.gateway.calls().len();
        let reply = world.chat(key, more.clone()).await;
        assert_eq!(reply.status, expected, "{key} {more} {}", reply.body);
        if expected == 403 {
            let (_, kind, param, own, message) = reply.error();
            assert_eq!((kind.as_str(), own.as_str()), ("auth_error", code));
            let (name, told) = match more.get("policy_ir") {
                Some(_) => ("policy_ir", "this key is not for policies of the caller's own"),
                None => (
                    "model",
                    "this key is not for this route: GET /v1/models lists those it is for",
                ),
            };
            assert_eq!((param.as_deref(), message.as_str()), (Some(name), told));
            assert_eq!(world.gateway.calls().len(), before);
        }
    }
    // the nodes of a flow bring policies, too
    let before = world.gateway.calls().len();
    let flow = json!({"model": "profile:private", "flow_ir": ["flow", {}]});
    let (status, _, param, own, _) = world.chat("sk-route", flow).await.error();
    assert_eq!((status, own.as_str(), param.as_deref()), (403, code, Some("flow_ir")));
    assert_eq!(world.gateway.calls().len(), before);
    for (path, expected) in
        [("/private/v1/chat/completions", 200), ("/default/v1/chat/completions", 403)]
    {
        let body = chat(json!({"model": "pin:alpha/small"}));
        let reply = world.gateway.ask("sk-route", path, Some(&body)).await;
        assert_eq!(reply.status, expected, "{path}");
    }
}

#[tokio::test]
async fn a_caller_sees_what_it_may_name() {
    let world = World::new().await;
    for (key, ids) in [
        ("sk-a", &["profile:default", "profile:private", "family:large", "family:small"][..]),
        ("sk-route", &["profile:private"]),
        ("sk-wide", &["family:large", "family:small"]),
    ] {
        let list = world.gateway.ask(key, "/v1/models", None).await.json();
        let listed: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
        assert_eq!(listed, ids, "{key}");
    }
    let one = async |key: &str| world.gateway.ask(key, "/v1/models/family:small", None).await;
    assert_eq!(one("sk-wide").await.status, 200);
    let hidden = one("sk-route").await.error();
    assert_eq!((hidden.0, hidden.3.as_str()), (404, "model_not_found"));
}

/// G76
#[tokio::test]
async fn an_admin_makes_keys() {
    let world = World::new().await;
    for (headers, status, code) in [
        ("authorization: Bearer sk-a\r\n", 403, "admin_required"),
        ("authorization: Bearer sk-off\r\n", 403, "caller_inactive"),
        ("authorization: Bearer adm-0123456789abcdeg\r\n", 401, "caller_auth"),
        ("", 401, "caller_auth"),
    ] {
        for path in ["/x/keys", "/x/keys/revoke", "/x/consumers/app"] {
            let body = json!({"consumer": "new"});
            let reply = world.gateway.ask_with(headers, path, Some(&body)).await;
            assert_eq!(refused(&reply), expect(status, code), "{headers} {path}");
        }
    }
    let body = json!({"consumer": "new", "allowed_routes": ["family:small"],
        "expires": "2999-01-01T00:00:00Z"});
    let reply = world.admin("/x/keys", body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let made = reply.json();
    let key = made["api_key"].as_str().unwrap();
    let prefix = KeyDigest::of(key).prefix().to_owned();
    assert_eq!(
        made,
        json!({"consumer": "new", "api_key": key, "sha256_prefix": prefix,
            "expires": "2999-01-01T00:00:00.000Z"})
    );
    assert!(key.starts_with("sk-sp-") && key.len() == 70, "{key}");
    assert!(world.text().contains(&prefix) && !world.text().contains(&key[6..]));
    assert_eq!(world.chat(key, json!({"model": "family:small"})).await.status, 200);
    assert_eq!(world.chat(key, json!({})).await.status, 403);
    // what the admin sees of it later
    let list = world.gateway.ask(ADMIN, "/x/keys", None).await;
    assert!(!list.body.contains(&key[6..]), "{}", list.body);
    let list = list.json();
    let names: Vec<_> =
        list["consumers"].as_array().unwrap().iter().map(|c| c["consumer"].clone()).collect();
    assert_eq!(names, ["app", "new", "off", "other", "route", "wide"]);
    let own = &list["consumers"][1];
    assert_eq!(
        (&own["status"], &own["allowed_routes"]),
        (&json!("active"), &json!(["family:small"]))
    );
    assert_eq!(own["keys"][0]["sha256_prefix"], json!(prefix));
    assert!(list.to_string().find(KeyDigest::of("sk-a").as_str()).is_none());
}

/// G77
#[tokio::test]
async fn keys_are_replaced_and_taken_back() {
    let world = World::new().await;
    let made = world.admin("/x/keys", json!({"consumer": "new"})).await.json();
    let old = made["api_key"].as_str().unwrap().to_owned();
    let body = json!({"consumer": "new", "rotate": true, "grace_period_s": 1});
    let made = world.admin("/x/keys", body).await.json();
    let new = made["api_key"].as_str().unwrap().to_owned();
    let made_at = std::time::Instant::now();
    assert_eq!(world.chat(&new, json!({})).await.status, 200);
    // still, and at once no more after a second
    let first = world.chat(&old, json!({})).await;
    assert!(first.status == 200 || made_at.elapsed() > Duration::from_millis(900));
    tokio::time::sleep(Duration::from_millis(1100).saturating_sub(made_at.elapsed())).await;
    assert_eq!(refused(&world.chat(&old, json!({})).await), expect(403, "caller_key_expired"));
    assert_eq!(world.chat(&new, json!({})).await.status, 200);
    // without grace
    let made = world.admin("/x/keys", json!({"consumer": "new", "rotate": true})).await.json();
    let newest = made["api_key"].as_str().unwrap();
    assert_eq!(refused(&world.chat(&new, json!({})).await), expect(403, "caller_key_expired"));

    let prefix = &made["sha256_prefix"];
    let revoke = json!({"consumer": "new", "sha256_prefix": prefix});
    let reply = world.admin("/x/keys/revoke", revoke.clone()).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"removed": 1})));
    assert_eq!(refused(&world.chat(newest, json!({})).await), expect(401, "caller_auth"));
    let (status, _, _, code, message) = world.admin("/x/keys/revoke", revoke).await.error();
    assert_eq!((status, code.as_str()), (404, "key_not_found"));
    let prefix = prefix.as_str().unwrap();
    assert_eq!(message, format!("consumer 'new' has no key {prefix}"));
    // kept, so that its holder is told
    let prefix = KeyDigest::of("sk-b").prefix().to_owned();
    let keep = json!({"consumer": "other", "sha256_prefix": prefix, "keep": true});
    let reply = world.admin("/x/keys/revoke", keep).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"revoked": 1})));
    assert_eq!(refused(&world.chat("sk-b", json!({})).await), expect(403, "caller_key_revoked"));
}

/// G79
#[tokio::test]
async fn a_consumer_is_changed_without_a_restart() {
    let world = World::new().await;
    let reply = world.admin("/x/consumers/app", json!({"status": "inactive"})).await;
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("inactive")));
    assert_eq!(refused(&world.chat("sk-a", json!({})).await), expect(403, "caller_inactive"));
    let body = json!({"status": "active", "allowed_routes": ["family:large"]});
    assert_eq!(world.admin("/x/consumers/app", body).await.status, 200);
    assert_eq!(world.chat("sk-a", json!({})).await.status, 403);
    assert_eq!(world.chat("sk-a", json!({"model": "family:large"})).await.status, 200);
}

#[tokio::test]
async fn verbs_of_the_admin_that_are_wrong() {
    let world = World::new().await;
    let before = world.text();
    let routes =
        "expected profile:NAME, family:NAME, pin:PROVIDER/FAMILY or policy, of at most 256 bytes";
    for (path, body, status, code, message) in [
        (
            "/x/consumers/app",
            json!({"status": "x"}),
            400,
            "invalid_status",
            "status: expected active or inactive",
        ),
        ("/x/consumers/app", json!({}), 400, "invalid_body", "expected status or allowed_routes"),
        (
            "/x/consumers/none",
            json!({"status": "active"}),
            404,
            "consumer_not_found",
            "there is no consumer 'none'",
        ),
        (
            "/x/keys",
            json!({"consumer": "none", "rotate": true}),
            404,
            "consumer_not_found",
            "there is no consumer 'none'",
        ),
        ("/x/keys", json!([]), 400, "invalid_body", "expected an object"),
        ("/x/keys", json!({}), 400, "invalid_type", "consumer: expected a string"),
        (
            "/x/keys",
            json!({"consumer": "a/b"}),
            400,
            "invalid_consumer",
            "consumer: expected a name of 1 to 64 letters, digits and -._@",
        ),
        (
            "/x/keys",
            json!({"consumer": "a", "budget": 1}),
            400,
            "invalid_type",
            "budget: unknown key, expected one of consumer, rotate, grace_period_s, expires, allowed_routes",
        ),
        (
            "/x/keys",
            json!({"consumer": "app", "rotate": true, "grace_period_s": 2_592_001}),
            400,
            "invalid_type",
            "grace_period_s: expected an integer from 0 to 2592000",
        ),
        (
            "/x/keys",
            json!({"consumer": "app", "grace_period_s": 1}),
            400,
            "invalid_type",
            "grace_period_s: expected none without rotate",
        ),
        (
            "/x/keys",
            json!({"consumer": "app", "expires": "soon"}),
            400,
            "invalid_type",
            "expires: expected a time such as 2026-11-27T14:25:48Z",
        ),
        (
            "/x/keys",
            json!({"consumer": "app", "allowed_routes": ["everything"]}),
            400,
            "invalid_type",
            &format!("allowed_routes[0]: {routes}"),
        ),
    ] {
        let error = world.admin(path, body.clone()).await.error();
        assert_eq!(
            (error.0, error.3.as_str(), error.4.as_str()),
            (status, code, message),
            "{body}"
        );
    }
    assert_eq!(world.text(), before);
    let method = request("PUT", "/x/keys", &format!("authorization: Bearer {ADMIN}\r\n"), "");
    let reply = send(world.gateway.address, method.as_bytes()).await;
    assert_eq!(reply.error().0, 405);
}

/// G81
#[tokio::test]
async fn what_a_client_says_of_itself_is_nothing() {
    let world = World::new().await;
    let said = "x-llm-router-caller: other\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-user: app\r\n\
                x-forwarded-host: localhost\r\nforwarded: for=127.0.0.1\r\n";
    let body = chat(json!({}));
    let path = "/v1/chat/completions";
    let reply = world.gateway.ask_with(said, path, Some(&body)).await;
    assert_eq!(refused(&reply), expect(401, "caller_auth"));
    let headers = format!("authorization: Bearer sk-route\r\n{said}");
    let reply = world.gateway.ask_with(&headers, path, Some(&body)).await;
    assert_eq!(refused(&reply), expect(403, "caller_route_not_allowed"));
    // what it spends is its own
    let headers = format!("authorization: Bearer sk-a\r\n{said}");
    let reply = world.gateway.ask_with(&headers, path, Some(&body)).await;
    assert_eq!(reply.status, 200);
    let calls = world.gateway.ask(ADMIN, "/x/calls", None).await.json();
    let callers: Vec<_> =
        calls["calls"].as_array().unwrap().iter().map(|call| &call["caller"]).collect();
    assert_eq!(callers, ["app"]);
}

/// What shows how others are served is for those that may use it.
#[tokio::test]
async fn verbs_over_policies_are_for_callers_and_the_admin() {
    let world = World::new().await;
    let gateway = &world.gateway;
    let normalize = json!({"flow_ir": []});
    for (path, body) in [
        ("/x/fields", None),
        ("/x/policy/templates", None),
        ("/x/rank", None),
        ("/skill", None),
        ("/x/flow/normalize", Some(&normalize)),
    ] {
        let reply = gateway.ask_with("", path, body).await;
        assert_eq!(refused(&reply), expect(401, "caller_auth"), "{path}");
        for key in ["sk-a", ADMIN] {
            let reply = gateway.ask(key, path, body).await;
            let expected = if body.is_some() { 400 } else { 200 };
            assert_eq!(reply.status, expected, "{key} {path} {}", reply.body);
        }
    }
    let policy = json!({"policy_ir": ["policy", ["top"], ["zero"], ["argmax"], ["id"],
        ["always", {"action": "abort"}]]});
    let refused_route = expect(403, "caller_route_not_allowed");
    for (key, path, body, expected) in [
        ("sk-route", "/x/rank?profile=private", None, None),
        ("sk-route", "/x/rank", None, Some(&refused_route)),
        ("sk-route", "/x/rank?profile=nope", None, Some(&refused_route)),
        ("sk-route", "/x/rank", Some(&policy), Some(&refused_route)),
        ("sk-wide", "/x/rank", Some(&policy), None),
        ("sk-route", "/x/policy/templates/default", Some(&json!({})), Some(&refused_route)),
        ("sk-a", "/x/policy/templates/default", Some(&json!({})), None),
    ] {
        let reply = gateway.ask(key, path, body).await;
        match expected {
            None => assert_eq!(reply.status, 200, "{key} {path} {}", reply.body),
            Some(expected) => assert_eq!(&refused(&reply), expected, "{key} {path}"),
        }
    }
    let skill = gateway.ask("sk-route", "/skill", None).await.body;
    assert!(skill.contains("Profiles: `private`.\n"), "{skill}");
    assert!(skill.contains("`family_eq`: none.\n"), "{skill}");
    let skill = gateway.ask("sk-wide", "/skill", None).await.body;
    assert!(skill.contains("Profiles: none.\n"), "{skill}");
    assert!(gateway.calls().is_empty());
}

/// G86
#[tokio::test]
async fn what_operates_the_gateway_is_not_there_for_others() {
    let world = World::new().await;
    let none = world.gateway.ask("sk-a", "/v1/nothing", None).await;
    for headers in ["authorization: Bearer sk-a\r\n", "authorization: Bearer no\r\n", ""] {
        for path in ["/metrics", "/x/runtime", "/x/calls"] {
            let reply = world.gateway.ask_with(headers, path, None).await;
            assert_eq!((reply.status, reply.json()), (404, none.json()), "{headers} {path}");
        }
    }
    assert_eq!(world.chat("sk-b", json!({})).await.status, 200);
    assert_eq!(world.gateway.ask(ADMIN, "/x/runtime", None).await.status, 200);
    let calls = world.gateway.ask(ADMIN, "/x/calls", None).await.json();
    assert_eq!(calls["calls"][0]["caller"], "other");
    let metrics = world.gateway.ask(ADMIN, "/metrics", None).await;
    assert_eq!(metrics.status, 200);
    assert!(!metrics.body.contains("sk-a") && !metrics.body.contains("app"), "{}", metrics.body);
}

#[tokio::test]
async fn an_admin_alone_keeps_no_keys() {
    let access = Access::default().admin(AdminToken::new(ADMIN).unwrap());
    let gateway = Gateway::with_access(&Value::Null, access).await;
    assert_eq!(gateway.chat(json!({})).await.status, 200);
    assert_eq!(gateway.get("/metrics").await.status, 404);
    assert_eq!(gateway.ask(ADMIN, "/metrics", None).await.status, 200);
    let body = json!({"consumer": "new"});
    let error = gateway.ask(ADMIN, "/x/keys", Some(&body)).await.error();
    assert_eq!((error.0, error.3.as_str()), (404, "no_keys"));
    assert_eq!(
        refused(&gateway.ask("x", "/x/keys", Some(&body)).await),
        expect(401, "caller_auth")
    );

    let open = Gateway::with(&Value::Null).await;
    assert_eq!(open.get("/metrics").await.status, 200);
    let reply = open.post("/x/keys", &body.to_string()).await;
    assert_eq!(refused(&reply), expect(403, "admin_required"));
    let message = "expected the token of the admin, and this gateway has none";
    assert_eq!(reply.error().4, message);
}

#[tokio::test]
async fn beyond_this_machine_it_needs_keys_and_an_admin() {
    let folder = tempfile::tempdir().unwrap();
    let keys = || Access::default().store(store(&path_of(&folder)));
    let token = || AdminToken::new(ADMIN).unwrap();
    for (access, missing) in [
        (Access::default(), "keys and an admin token"),
        (Access::default().admin(token()), "keys"),
        (keys(), "an admin token"),
    ] {
        let error = Server::bind_with("0.0.0.0:0".parse().unwrap(), access).await.unwrap_err();
        let expected = format!(
            "0.0.0.0: expected {missing}, or a loopback address such as 127.0.0.1: whoever reached \
             it could spend money"
        );
        assert_eq!(error.to_string(), expected);
    }
    let server = Server::bind_with("0.0.0.0:0".parse().unwrap(), keys().admin(token())).await;
    assert!(server.unwrap().address().ip().is_unspecified());
}

/// A page in a browser has no key that nobody gave it, so its origin is of no matter; what it may read is.
#[tokio::test]
async fn pages_may_read_answers_where_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&path_of(&folder));
    fill(&*store).await;
    let access = Access::default().store(store);
    let access = access.allow_origins(&["https://play.example:8443".to_owned()]).unwrap();
    let gateway = Gateway::with_access(&Value::Null, access).await;
    let body = chat(json!({}));
    let chats =
        async |headers: &str| gateway.ask_with(headers, "/v1/chat/completions", Some(&body)).await;
    let allowed = "origin: https://play.example:8443\r\n";
    let allow = "access-control-allow-origin";
    // the question of a browser comes without a key
    let asks = |origin: &str| {
        let headers = format!(
            "{origin}access-control-request-method: POST\r\n\
             access-control-request-headers: authorization, content-type\r\n"
        );
        request("OPTIONS", "/v1/chat/completions", &headers, "")
    };
    let reply = send(gateway.address, asks(allowed).as_bytes()).await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    for (name, value) in [
        (allow, "https://play.example:8443"),
        ("access-control-allow-headers", "authorization, *"),
        ("access-control-allow-methods", "GET, POST"),
        ("access-control-max-age", "600"),
        ("vary", "origin"),
    ] {
        assert_eq!(reply.header(name), Some(value));
    }
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    let reply = chats(&format!("{allowed}authorization: Bearer sk-a\r\n")).await;
    assert_eq!((reply.status, reply.header(allow)), (200, Some("https://play.example:8443")));
    // an error can be read, too
    let reply = chats(allowed).await;
    assert_eq!(refused(&reply), expect(401, "caller_auth"));
    assert_eq!(reply.header(allow), Some("https://play.example:8443"));
    for origin in ["https://play.example", "http://play.example:8443", "https://x.example", "null"]
    {
        let headers = format!("origin: {origin}\r\n");
        let reply = send(gateway.address, asks(&headers).as_bytes()).await;
        assert_eq!((reply.status, reply.header(allow)), (401, None), "{origin}");
        let reply = chats(&format!("{headers}authorization: Bearer sk-a\r\n")).await;
        assert_eq!((reply.status, reply.header(allow)), (200, None), "{origin}");
    }
}
