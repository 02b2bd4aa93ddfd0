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
        (
            "c.yaml",
            "a: &x {b: 1}\nc: {<<: *x}",
            "c.yaml: line 2 column 5: merge key not allowed here",
        ),
        ("c.yaml", "a: .inf", "c.yaml: line 1 column 4: value `.inf` is not a finite number"),
    ] {
        assert_eq!(refused(name, text), message);
    }
    let error = Config::read("/nowhere/c.json").unwrap_err().to_string();
    assert_eq!(error, "/nowhere/c.json: No such file or directory (os error 2)");
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

#[test]
fn a_byte_order_mark_is_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let json = r#"{"providers": {}, "models": {}}"#;
    for (name, text) in [("c.json", json), ("c.yaml", YAML), ("c.toml", TOML)] {
        let with = write(folder.path(), name, &format!("\u{feff}{text}"));
        let without = write(folder.path(), &format!("w-{name}"), text);
        let [with, without] = [with, without].map(|path| Config::read(path).unwrap());
        assert_eq!(with.text(), without.text());
    }
    let [json, yaml] = ["\u{feff} {\"models\": {}}", "\u{feff}models: {}"].map(Config::from_text);
    assert_eq!(json.unwrap().value(), yaml.unwrap().value());
}

/// A number in groups of digits is one, as in TOML; JSON has no such thing.
#[test]
fn numbers_with_underscores() {
    let prices =
        ["{providers: {}, models: {m: {x: 1_000}}}", "{providers: {}, models: {m: {x: 1000}}}"];
    let [grouped, plain] = prices.map(|text| Config::from_yaml(text).unwrap());
    assert_eq!(grouped.value(), plain.value());
}

/// What another reader would smooth over is refused, with the place in the file and not in the
/// event that is made of it. The object of the first ends at column 28.
#[test]
fn what_the_engine_refuses_of_any_json() {
    for (text, expected) in [
        (
            r#"{"models": {}, "models": {}}"#,
            "c.json: line 1 column 29: expected each key once, got 'models' twice in the object \
             before",
        ),
        ("{\n  \"b\": 1e999}", "c.json: expected JSON: number out of range at line 2 column 12"),
        ("{\n  \"models\": null}", "c.json: line 2 column 13: "),
    ] {
        let said = refused("c.json", text);
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn names_of_models_are_text() {
    for (name, text, got) in [
        ("c.yaml", "models: {m: {served_by: [{provider: a, provider_model_id: 4.10}]}}", "4.1"),
        (
            "c.json",
            r#"{"models":{"m":{"served_by":[{"provider":"a","provider_model_id":5}]}}}"#,
            "5",
        ),
        ("c.toml", "models.m.served_by = [{ provider = \"a\", provider_model_id = true }]", "true"),
    ] {
        let expected = format!(
            "{name}: models.m.served_by.0.provider_model_id: expected a string, got {got}: put it in quotes"
        );
        assert_eq!(refused(name, text), expected);
    }
}

/// What is for a server in front of the router is checked here, and the engine does not see it.
#[test]
fn what_is_of_a_gateway() {
    let own = "[gateway.model_names]\n\"claude-*\" = \"profile:default\"\n";
    for (name, text) in [
        ("c.toml", format!("{TOML}\n{own}")),
        ("c.yaml", format!("{YAML}gateway:\n  model_names: {{claude-*: \"profile:default\"}}\n")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::read(write(folder.path(), name, &text)).unwrap();
        assert_eq!(config.route_of("claude-x"), Some("profile:default"));
        assert_eq!(config.route_of("gpt-x"), None);
        let router = Router::builder(config).engine(Arc::new(Native)).build();
        assert!(router.is_ok(), "{name}: {:?}", router.err());
    }
    assert_eq!(
        refused("c.json", r#"{"gateway": {"model_name": {}}}"#),
        "c.json: gateway.model_name: expected one of model_names"
    );
}
