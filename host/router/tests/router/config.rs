//! One configuration, three ways to write it.

use std::{fs, path::Path, sync::Arc};

use serde_json::json;
use sigmapol_core::Native;
use sigmapol_router::{Config, Router};

const TOML: &str = r#"
# a provider
[providers.a]
discovery = "static"
api_kind = "ollama"
base_url = "http://127.0.0.1:1"
no_log = true

[models.m]
capabilities = { context = 8_000 }
served_by = [{ provider = "a", fields = { price_in = 0.25 } }]

[profiles.default]
scorer = ["neg", ["field", "price_in"]]
"#;

const YAML: &str = r#"
# a provider
providers:
  a: {discovery: static, api_kind: ollama, base_url: "http://127.0.0.1:1", no_log: true}
models:
  m:
    capabilities: {context: 8000}
    served_by:
      - provider: a
        fields: {price_in: 0.25}
profiles:
  default:
    scorer: [neg, [field, price_in]]
"#;

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// The message about a file, without the folder.
fn refused(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = Config::read(write(folder.path(), name, text)).unwrap_err();
    assert_eq!(error.code(), "config");
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn json_toml_and_yaml_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let json = json!({
        "providers": {"a": {"discovery": "static", "api_kind": "ollama",
            "base_url": "http://127.0.0.1:1", "no_log": true}},
        "models": {"m": {"capabilities": {"context": 8000},
            "served_by": [{"provider": "a", "fields": {"price_in": 0.25}}]}},
        "profiles": {"default": {"scorer": ["neg", ["field", "price_in"]]}},
    });
    for (name, text) in
        [("c.json", json.to_string().as_str()), ("c.toml", TOML), ("c.yaml", YAML), ("c.YML", YAML)]
    {
        let config = Config::read(write(folder.path(), name, text)).unwrap();
        assert_eq!(*config.value(), json, "{name}");
        let router = Router::builder(config).engine(Arc::new(Native)).build().unwrap();
        assert_eq!(router.rank("{}").unwrap()["ordered"][0]["score"], 0.75);
    }
}

#[test]
fn where_a_file_is_wrong() {
    for (name, text, message) in [
        ("c.ini", "", "c.ini: expected a name that ends in .json, .toml, .yaml or .yml"),
        ("c.json", "{\n  \"a\": }", "c.json: expected JSON: expected value at line 2 column 8"),
        ("c.toml", "a = 1\na = 2", "c.toml: line 2 column 1: duplicate key"),
        ("c.toml", "[x]\nb = = 1", "c.toml: line 2 column 5: extra `=`, expected nothing"),
        (
            "c.toml",
            "[x]\nday = [2026-01-02]",
            "c.toml: x.day.0: expected a value that JSON has, got the date 2026-01-02",
        ),
        ("c.toml", "[x]\np = inf", "c.toml: x.p: expected a finite number, got inf"),
        (
            "c.yaml",
            "a: 1\na: 2",
            "c.yaml: line 2 column 1: duplicate mapping key: a not allowed here",
        ),
        ("c.yaml", "a: [1", "c.yaml: line 1 column 4: unclosed bracket '['"),
        ("c.yaml", "a:\n  b:\n", "c.yaml: a.b: expected a value, got null: leave the key out"),
        ("c.yaml", "a: .inf", "c.yaml: line 1 column 4: value `.inf` is not a finite number"),
    ] {
        assert_eq!(refused(name, text), message);
    }
    let error = Config::read("/nowhere/c.json").unwrap_err().to_string();
    assert_eq!(error, "/nowhere/c.json: No such file or directory (os error 2)");
}

/// The engine reads the very text: what another reader would smooth over is refused.
#[test]
fn a_key_twice_in_json() {
    let text = "{\"providers\": {},\n \"providers\": {}}";
    let router = Router::builder(Config::from_json(text).unwrap()).engine(Arc::new(Native));
    let error = router.build().unwrap_err();
    assert_eq!(error.code(), "refused json-duplicate-key");
    assert_eq!(
        error.to_string(),
        "refused json-duplicate-key: event: line 2 column 18: expected each key once, \
         got 'providers' twice in the object before"
    );
}

#[test]
fn a_configuration_that_is_not_in_order_fails_at_once() {
    let build = |text: &str| {
        let router = Router::builder(Config::from_json(text).unwrap()).engine(Arc::new(Native));
        let error = router.build().unwrap_err();
        (error.code(), error.to_string())
    };
    let refused =
        |message: &str| ("refused config".to_owned(), format!("refused config: {message}"));
    assert_eq!(build("{}"), refused("config.providers required"));
    assert_eq!(
        build(r#"{"providers": {"a": {"base_ulr": "x"}}, "models": {}, "profiles": {}}"#),
        refused("providers.a: unknown key 'base_ulr', the nearest known one is 'base_url'")
    );
}

/// The configuration that the documentation runs.
#[test]
fn the_example_is_in_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router.json");
    let router = Router::builder(Config::read(path).unwrap()).engine(Arc::new(Native));
    let router = router.build().unwrap();
    let order = |contract: &str| -> Vec<String> {
        let ranking = router.rank(contract).unwrap();
        let ordered = ranking["ordered"].as_array().unwrap().iter();
        ordered
            .map(|ranked| format!("{} {}", ranked["provider_id"], ranked["model_family"]))
            .map(|text| text.replace('"', ""))
            .collect()
    };
    assert_eq!(order("{}"), ["alpha small", "alpha large", "gamma small"]);
    assert_eq!(order(r#"{"profile":"private"}"#), ["gamma small", "beta large"]);
}
