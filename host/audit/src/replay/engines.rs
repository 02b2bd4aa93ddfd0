//! The engines that records are replayed in: the very component that decided, whatever runs it.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use sigmapol::{Cache, CoreSandbox, Limits, Sandbox, artifact};
use sigmapol_core::{Engine, Error, Native, digest};

use crate::EngineIdentity;

/// What runs a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// As a component.
    Component,
    /// The core module inside of it, by hand.
    Core,
    /// The sources, as ordinary code: of the embedded component alone.
    Native,
}

impl EngineKind {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Core => "core",
            Self::Native => "native",
        }
    }

    /// What a record says of this engine and the embedded component.
    pub fn engine(self) -> EngineIdentity {
        EngineIdentity {
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

/// Components by digest, or their core modules: the embedded one, and those of a folder,
/// `<sha256>.wasm` each.
pub struct Engines {
    runs: EngineKind,
    folder: Option<PathBuf>,
    embedded: EngineIdentity,
    /// By digest and limit of fuel; nothing for what is not here.
    open: Mutex<HashMap<(String, u64), Found>>,
}

type Found = Option<Arc<dyn Engine>>;

impl Engines {
    /// Engines that run components in this way.
    pub fn new(runs: EngineKind, folder: Option<PathBuf>) -> Self {
        Self { runs, folder, embedded: runs.engine(), open: Mutex::default() }
    }

    /// The engine of a record under the record's limit of fuel, if its component is here.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where WebAssembly cannot be compiled or run.
    pub fn find(
        &self,
        recorded: &EngineIdentity,
        fuel: u64,
    ) -> Result<Option<Arc<dyn Engine>>, Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self.wanted(recorded).to_owned(), fuel);
        if let Some(known) = open.get(&key) {
            return Ok(known.clone());
        }
        let found = self.load(recorded, fuel)?;
        open.insert(key, found.clone());
        Ok(found)
    }

    /// Whether fuel can be compared: the same runtime runs the same component in the same way.
    pub(super) fn same_fuel(&self, recorded: &EngineIdentity) -> bool {
        recorded.path == self.embedded.path && recorded.runtime == self.embedded.runtime
    }

    /// The digest of the file that is run for a record.
    fn wanted<'r>(&self, recorded: &'r EngineIdentity) -> &'r str {
        match self.runs {
            EngineKind::Core => &recorded.core,
            EngineKind::Component | EngineKind::Native => &recorded.component,
        }
    }

    fn load(&self, recorded: &EngineIdentity, fuel: u64) -> Result<Found, Error> {
        let limits = match fuel {
            0 => Limits::default(), // a decision of native code had no limit
            fuel => Limits { fuel, ..Limits::default() },
        };
        let wanted = self.wanted(recorded);
        let is_embedded = wanted == self.wanted(&self.embedded);
        if self.runs == EngineKind::Native {
            return Ok(is_embedded.then(|| Arc::new(Native) as Arc<dyn Engine>));
        }
        let embedded = match self.runs {
            EngineKind::Core => artifact::CORE_MODULE,
            EngineKind::Component | EngineKind::Native => artifact::COMPONENT,
        };
        let read;
        let wasm = match is_embedded {
            true => embedded,
            false => {
                let Some(wasm) = self.read(wanted) else { return Ok(None) };
                read = wasm;
                &read
            }
        };
        let cache = Cache::of_user();
        Ok(Some(match self.runs {
            EngineKind::Core => Arc::new(CoreSandbox::load(wasm, &cache)?.with_limits(limits)?),
            _ => Arc::new(Sandbox::load(wasm, &cache)?.with_limits(limits)?),
        }))
    }

    /// A file of the folder, if it is what its name says.
    fn read(&self, wanted: &str) -> Option<Vec<u8>> {
        let hexadecimal = wanted.len() == 64 && wanted.bytes().all(|b| b.is_ascii_hexdigit());
        let folder = self.folder.as_ref().filter(|_| hexadecimal)?;
        let wasm = fs::read(folder.join(format!("{wanted}.wasm"))).ok()?;
        (digest(&wasm) == wanted).then_some(wasm)
    }
}
