//! The engines that records are replayed in: the very component that decided, whatever runs it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};

use sigmapol::{Cache, CoreSandbox, Limits, Sandbox, artifact, file, limits::FUEL};
use sigmapol_core::{Engine, Error, Native, digest};

use super::{foreign, walk::lock};
use crate::EngineIdentity;

/// What runs a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

/// The most bytes that are read of a component, to say how many it has more than are taken.
const READ_BYTES: usize = 64 << 20;

/// Fuel of the call that asks a component of a folder whether it can be called at all.
const PROBE_FUEL: u64 = 1_000_000;

/// Components that are kept ready: a ledger has decisions of a few.
const OPEN: usize = 16;

/// Components by digest, or their core modules: the embedded one, and those of a folder,
/// `<sha256>.wasm` each.
pub struct Engines {
    kind: EngineKind,
    folder: Option<PathBuf>,
    fuel: u64,
    embedded: EngineIdentity,
    /// By digest; a component is compiled by who asks for it first, and others wait for that one
    /// alone.
    open: Mutex<HashMap<String, Arc<Slot>>>,
}

type Slot = OnceLock<Result<Open, Error>>;

/// A component that is ready, if it is here. Limits are those of a record.
#[derive(Clone)]
enum Open {
    Component(Sandbox),
    Core(CoreSandbox),
    Native,
    /// Why there is none.
    Missing(String),
}

/// What [`Engines::find`] found.
pub enum Found {
    /// The engine, under the limit of fuel.
    Engine(Box<dyn Engine>),
    /// Why there is none: the component `is not here`, or `cannot be used`.
    Missing(String),
}

impl Engines {
    /// Engines that run components in this way.
    pub fn new(kind: EngineKind, folder: Option<PathBuf>) -> Self {
        Self { kind, folder, fuel: FUEL, embedded: kind.engine(), open: Mutex::default() }
    }

    /// The most fuel of a call, whatever its record says that it had; without this, that of
    /// [`Limits`]. A ledger from somebody else may say that a call had no end.
    #[must_use]
    pub const fn with_fuel(mut self, most: u64) -> Self {
        self.fuel = most;
        self
    }

    /// The most fuel of a call.
    pub(super) const fn fuel(&self) -> u64 {
        self.fuel
    }

    /// The engine of a record under the record's limit of fuel, if its component is here and can be
    /// used.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where WebAssembly cannot be compiled or run: of the embedded component alone.
    pub fn find(&self, recorded: &EngineIdentity, fuel: u64) -> Result<Found, Error> {
        let limits = match fuel {
            0 => Limits::default(), // a decision of native code had no limit
            fuel => Limits { fuel: fuel.min(self.fuel), ..Limits::default() },
        };
        let wanted = self.wanted(recorded);
        let slot = {
            let mut open = lock(&self.open);
            if open.len() >= OPEN && !open.contains_key(wanted) {
                open.clear();
            }
            Arc::clone(open.entry(wanted.to_owned()).or_default())
        };
        Ok(match slot.get_or_init(|| self.load(wanted)).clone()? {
            Open::Component(sandbox) => Found::Engine(Box::new(sandbox.with_limits(limits)?)),
            Open::Core(sandbox) => Found::Engine(Box::new(sandbox.with_limits(limits)?)),
            Open::Native => Found::Engine(Box::new(Native)),
            Open::Missing(why) => Found::Missing(why),
        })
    }

    /// The engine of the embedded component, under the default limits.
    pub(super) fn embedded(&self) -> Result<Box<dyn Engine>, Error> {
        match self.find(&self.embedded, 0)? {
            Found::Engine(engine) => Ok(engine),
            Found::Missing(why) => Err(Error::Load(why)),
        }
    }

    /// Whether fuel can be compared: the same runtime runs the same component in the same way.
    pub(super) fn same_fuel(&self, recorded: &EngineIdentity) -> bool {
        recorded.path == self.embedded.path && recorded.runtime == self.embedded.runtime
    }

    /// The core module of the embedded component, where a record says another one of it.
    pub(super) fn other_core(&self, recorded: &EngineIdentity) -> Option<&str> {
        let EngineIdentity { component, core, .. } = &self.embedded;
        (recorded.component == *component && recorded.core != *core).then_some(core)
    }

    /// The digest of the file that is run for a record.
    fn wanted<'r>(&self, recorded: &'r EngineIdentity) -> &'r str {
        match self.kind {
            EngineKind::Core => &recorded.core,
            EngineKind::Component | EngineKind::Native => &recorded.component,
        }
    }

    fn load(&self, wanted: &str) -> Result<Open, Error> {
        let embedded = match self.kind {
            EngineKind::Core => artifact::CORE_MODULE,
            EngineKind::Component | EngineKind::Native => artifact::COMPONENT,
        };
        let is_embedded = wanted == self.wanted(&self.embedded);
        match (is_embedded, self.kind) {
            (true, EngineKind::Native) => Ok(Open::Native),
            (true, _) => self.compile(embedded),
            (false, EngineKind::Native) => Ok(Open::Missing("is not here".to_owned())),
            (false, _) => Ok(match self.read(wanted) {
                None => Open::Missing("is not here".to_owned()),
                Some(wasm) => self
                    .foreign(&wasm)
                    .unwrap_or_else(|why| Open::Missing(format!("cannot be used: {why}"))),
            }),
        }
    }

    fn compile(&self, wasm: &[u8]) -> Result<Open, Error> {
        let cache = Cache::of_user();
        Ok(match self.kind {
            EngineKind::Core => Open::Core(CoreSandbox::load(wasm, &cache)?),
            _ => Open::Component(Sandbox::load(wasm, &cache)?),
        })
    }

    /// A component that somebody else made: one that can be compiled in little time, and that has the
    /// contract. Whether its functions are of the types that they should be is known when the first of
    /// them is asked.
    fn foreign(&self, wasm: &[u8]) -> Result<Open, String> {
        foreign::check(wasm)?;
        let reason = |error: Error| match error {
            Error::Load(why) => why,
            other => other.to_string(),
        };
        let open = self.compile(wasm).map_err(reason)?;
        let limits = Limits { fuel: PROBE_FUEL, ..Limits::default() };
        let probe: Box<dyn Engine> = match &open {
            Open::Component(sandbox) => Box::new(sandbox.with_limits(limits).map_err(reason)?),
            Open::Core(sandbox) => Box::new(sandbox.with_limits(limits).map_err(reason)?),
            Open::Native | Open::Missing(_) => return Ok(open),
        };
        match probe.hash("", "") {
            Err(Error::Load(why)) => Err(why),
            _ => Ok(open),
        }
    }

    /// A file of the folder, if it is what its name says.
    fn read(&self, wanted: &str) -> Option<Vec<u8>> {
        let hexadecimal = wanted.len() == 64 && wanted.bytes().all(|b| b.is_ascii_hexdigit());
        let folder = self.folder.as_ref().filter(|_| hexadecimal)?;
        let wasm = file::read(&folder.join(format!("{wanted}.wasm")), READ_BYTES).ok()?;
        (digest(&wasm) == wanted).then_some(wasm)
    }
}
