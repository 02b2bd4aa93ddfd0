//! Keeps a component: `golden/components/` gets it and its core module, each under its digest, and
//! `golden/ledgers/` a ledger of what it decides of the golden vectors. Both stay for ever: a test
//! replays every ledger in its own component.
//!
//! usage: keep COMPONENT CORE_MODULE

use std::{fs, path::Path, sync::Arc, time::SystemTime};

use anyhow::{Context, Result, bail};
use sigmapol::{Cache, Sandbox, limits::FUEL};
use sigmapol_audit::{EngineIdentity, Recorder, Recording, replay::EngineKind};
use sigmapol_conformance as conformance;
use sigmapol_conformance::Schemas;
use sigmapol_core::digest;
use sigmapol_ledger::{Ledger, Options};

/// What decides, and what is decided through steps.
const FAMILIES: [&str; 3] = ["decide", "failplan", "steps"];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, core] = arguments.as_slice() else {
        bail!("usage: keep COMPONENT CORE_MODULE")
    };
    let (component, core) = (fs::read(component)?, fs::read(core)?);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    fs::create_dir_all(golden.join("components"))?;
    for wasm in [&component, &core] {
        fs::write(golden.join("components").join(format!("{}.wasm", digest(wasm))), wasm)?;
    }

    let engine = EngineIdentity {
        component: digest(&component),
        core: digest(&core),
        ..EngineKind::Component.engine()
    };
    let short = engine.component.get(..12).context("a digest is longer")?.to_owned();
    let folder = golden.join("ledgers").join(short);
    if folder.exists() {
        bail!("{}: kept already", folder.display());
    }
    // one time for all records: the ledger is the same whenever it is made
    let options = Options::default().clock(|| SystemTime::UNIX_EPOCH);
    let ledger = Arc::new(Ledger::open(&folder, options)?);
    let verbs = Sandbox::load(&component, &Cache::disabled())?;
    let recording = Recording { engine, fuel_limit: FUEL, cost_limit: None, bodies: true };
    let recorder = Recorder::new(verbs, Arc::clone(&ledger), recording);
    let schemas = Schemas::read(&fs::read_to_string(golden.join("schemas.json"))?)?;
    for family in FAMILIES {
        let text = fs::read_to_string(golden.join(family).with_extension("jsonl"))?;
        // what it answers is what is kept, whether or not it is what is expected today
        conformance::replay(&conformance::records(&text)?, &schemas, &recorder, &|| ())?;
    }
    drop(recorder);
    let head = ledger.head().context("nothing was recorded")?;
    println!("kept {} with a ledger up to {head}", folder.display());
    Ok(())
}
