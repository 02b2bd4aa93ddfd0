//! The same decision with the crate `sigmapol`: `cargo run -p sigmapol-embed-examples --bin library`.

use std::{error::Error, fs, path::Path};

use serde_json::Value;
use sigmapol::Sandbox;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let read = |name: &str| fs::read_to_string(root.join(name));
    let text = read("catalog.json")?;

    let catalog = Sandbox::new()?.catalog(text.as_str())?;
    let choice = catalog.decide(&read("support.json")?, &read("request.json")?)?.value;

    let winner = choice.ordered.first().ok_or("no candidate is left")?;
    let text: Value = serde_json::from_str(&text)?;
    for name in ["provider_id", "model_family"] {
        let value = text.pointer(&format!("/candidates/{winner}/{name}"));
        println!("{name:<13} {}", value.and_then(Value::as_str).unwrap_or_default());
    }
    println!("identity      {}", choice.identity);
    Ok(())
}
