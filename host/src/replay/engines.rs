//! The engines that records are replayed in: the very component that decided, whatever runs it.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    Cache, CoreSandbox, Error, Limits, Native, Sandbox, Verbs,
    artifact::{self, digest},
    receipt::Engine,
};

/// What runs a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// As a component.
    Component,
    /// The core module inside of it, by hand.
    Core,
    /// The sources, as ordinary code: of the embedded component alone.
    Native,
}

impl Runs {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Core => "core",
            Self::Native => "native",
        }
    }

    /// What a record says of this engine and the embedded component.
    pub fn engine(self) -> Engine {
        Engine {
            path: self.name().to_owned(),
            component: digest(artifact::COMPONENT),
            core: digest(artifact::CORE_MODULE),
            runtime: self.runtime(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The runtime and its version.
    fn runtime(self) -> String {
        match self {
            Self::Native => "native".to_owned(),
            Self::Component | Self::Core => format!("wasmtime {}", artifact::wasmtime_version()),
        }
    }
}

/// Components by digest: the embedded one, and those of a folder, `<sha256>.wasm` each.
pub struct Engines {
    runs: Runs,
    folder: Option<PathBuf>,
    embedded: Engine,
    /// By component and limit of fuel; nothing for a component that is not here.
    open: Mutex<HashMap<(String, u64), Option<Arc<dyn Verbs>>>>,
}

impl Engines {
    /// Engines that run components in this way.
    pub fn new(runs: Runs, folder: Option<PathBuf>) -> Self {
        Self { runs, folder, embedded: runs.engine(), open: Mutex::default() }
    }

    /// The engine of a record under the record's limit of fuel, if its component is here.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where WebAssembly cannot be compiled or run.
    pub fn find(&self, recorded: &Engine, fuel: u64) -> Result<Option<Arc<dyn Verbs>>, Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (recorded.component.clone(), fuel);
        if let Some(known) = open.get(&key) {
            return Ok(known.clone());
        }
        let found = self.load(&recorded.component, fuel)?;
        open.insert(key, found.clone());
        Ok(found)
    }

    /// Whether fuel can be compared: the same runtime runs the same component in the same way.
    pub(super) fn same_fuel(&self, recorded: &Engine) -> bool {
        recorded.path == self.embedded.path && recorded.runtime == self.embedded.runtime
    }

    fn load(&self, component: &str, fuel: u64) -> Result<Option<Arc<dyn Verbs>>, Error> {
        let limits = match fuel {
            0 => Limits::default(), // a decision of native code had no limit
            fuel => Limits { fuel, ..Limits::default() },
        };
        let is_embedded = component == self.embedded.component;
        if self.runs == Runs::Native {
            return Ok(is_embedded.then(|| Arc::new(Native) as Arc<dyn Verbs>));
        }
        let wasm = if is_embedded {
            artifact::COMPONENT.to_vec()
        } else {
            let Some(wasm) = self.read(component) else { return Ok(None) };
            wasm
        };
        let cache = Cache::of_user();
        Ok(Some(match self.runs {
            Runs::Core => {
                let core = defloat::core_module(&wasm)
                    .map_err(|error| Error::Load(format!("component {component}: {error}")))?;
                Arc::new(CoreSandbox::load(&core, &cache)?.with_limits(limits)?)
            }
            _ => Arc::new(Sandbox::load(&wasm, &cache)?.with_limits(limits)?),
        }))
    }

    /// A component of the folder, if it is what its name says.
    fn read(&self, component: &str) -> Option<Vec<u8>> {
        let hexadecimal = component.len() == 64 && component.bytes().all(|b| b.is_ascii_hexdigit());
        let folder = self.folder.as_ref().filter(|_| hexadecimal)?;
        let wasm = fs::read(folder.join(format!("{component}.wasm"))).ok()?;
        (digest(&wasm) == component).then_some(wasm)
    }
}
