//! What a router reads: configurations in each form, states, contracts.

pub const JSON: &str = include_str!("../../examples/router.json");

pub const TOML: &str = r#"# a provider
[providers.a]
discovery = "static"
api_kind = "ollama"
base_url = "http://127.0.0.1:1"
auth = { kind = "none" }
no_log = true

[providers.b]
discovery = "marketplace"
discovery_id = 'd'
api_kind = "anthropic"

[models."m.1"]
capabilities = { context = 8_000, supports_tools = true }
static_quality_hint = 0.5e0
served_by = [{ provider = "a", fields = { price_in = 0.25 } }, { provider = "b" }]

[profiles.default]
scorer = ["neg", ["field", "price_in"]]
filter.all_of = ["requirements", """not_disabled"""]
"#;

pub const YAML: &str = r#"# a provider
%YAML 1.2
---
providers:
  a: &a {discovery: static, api_kind: ollama, base_url: "http://127.0.0.1:1", no_log: true}
  b:
    <<: *a
    tier: !!str partner
models:
  ? m
  : capabilities: {context: 8000, supports_tools: yes}
    served_by:
      - provider: a
        fields: {price_in: 0.25, price_out: .5, at: 2001-12-14}
      - {provider: 'b'}
profiles:
  default:
    scorer: [neg, [field, price_in]]
    note: |
      text
    other: >-
      folded
..."#;

/// A state after some failures.
pub const STATE: &str = r#"{"breakers":{"alpha|large":{"failures":2,"open_until_ms":1700000030000}},"disabled":{"beta":{"reason":"auth_error","until_ms":1700000300000}},"ema_metrics":{"alpha|large":{"price_in":2.5,"price_out":1}},"offer_cache":{"d":{"at_ms":1700000000000,"offers":[]}}}"#;

pub const CONTRACTS: &[&str] = &[
    r#"{"prompt":"hi","profile":"private","requirements":{"min_context":1000,"privacy":"no_log"},"timeout_ms":20000,"seed":7}"#,
    r#"{"messages":[{"role":"user","content":[{"type":"text","text":"t"},{"type":"text","text":"\u00e9"}]}],"model":"m","tools":[{"type":"function","function":{"name":"f","parameters":{"default":null}}}],"max_completion_tokens":1000.5,"temperature":1.50,"stream":true}"#,
    r#"{"messages":[],"policy_ir":["policy",["meets_req"],["zero"],["argmax"],["set_param","temperature",0.5],["always",{"action":"retry_same","attempts":2,"backoff_ms":1}]],"chain":[{"provider":"gamma","model":"small"}],"scope":"large"}"#,
    r#"{"prompt":"hi","extra_candidates":[{"provider_id":"alpha","model_family":"other","price_in":1}],"response_format":{"type":"text"},"user":"u"}"#,
];
