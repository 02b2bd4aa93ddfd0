//! Which engine runs a command, and under which limits.

use std::time::Duration;

use clap::ValueEnum;
use sigmapol::{CoreSandbox, Limits, PreparedEngine, Sandbox, limits::MEMORY_BYTES};
use sigmapol_core::{Engine, Error, Native};

use crate::Failure;

/// The engine of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The component, in a sandbox
    #[default]
    Component,
    /// The bare core module, in a sandbox, by hand-made canonical ABI calls
    Core,
    /// The same code without WebAssembly, without limits of fuel, memory and time
    Native,
    /// The component, each decision over a catalog that is loaded for it
    Prepared,
}

impl Kind {
    /// The name of the option's value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Core => "core",
            Self::Native => "native",
            Self::Prepared => "prepared",
        }
    }

    /// The engine, ready to run.
    pub(crate) fn open(self, limits: Limits) -> Result<Box<dyn Engine>, Error> {
        Ok(match self {
            Self::Component => Box::new(Sandbox::new()?.with_limits(limits)?),
            Self::Core => Box::new(CoreSandbox::new()?.with_limits(limits)?),
            Self::Native => Box::new(Native),
            Self::Prepared => Box::new(PreparedEngine::new(Sandbox::new()?.with_limits(limits)?)),
        })
    }
}

/// Limits that a command lets its user set.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct LimitArgs {
    /// Fuel of the call, in wasmtime's units
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Linear memory of the call, in MiB, at most 256
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(MEMORY_MB)))]
    memory_mb: Option<u32>,
    /// Wall-clock time of the call, in milliseconds
    #[arg(long, value_name = "N")]
    deadline_ms: Option<u64>,
}

#[expect(clippy::cast_possible_truncation, reason = "a constant of 256")]
const MEMORY_MB: u32 = (MEMORY_BYTES >> 20) as u32;

impl LimitArgs {
    /// An engine under these limits.
    pub(crate) fn open(&self, kind: Kind) -> Result<Box<dyn Engine>, Failure> {
        let any = self.fuel.is_some() || self.memory_mb.is_some() || self.deadline_ms.is_some();
        if kind == Kind::Native && any {
            return Err(Failure::Usage(
                "--fuel, --memory-mb and --deadline-ms bound a sandbox, and the native engine has none"
                    .to_owned(),
            ));
        }
        Ok(kind.open(self.limits())?)
    }

    pub(crate) fn limits(&self) -> Limits {
        let default = Limits::default();
        let memory = self.memory_mb.and_then(|mb| usize::try_from(mb).ok());
        Limits {
            fuel: self.fuel.unwrap_or(default.fuel),
            memory_bytes: memory.map_or(default.memory_bytes, |mb| mb << 20),
            deadline: self.deadline_ms.map(Duration::from_millis),
            ..default
        }
    }
}
