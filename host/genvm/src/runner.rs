//! Runs a package, as far as this one needs a machine: it reads its message, hands over its answer,
//! and ends.

use std::fmt;

use sigmapol::{
    Cache,
    internal::{Ticker, module as compile},
};
use sigmapol_core::Error;
use wasmtime::{Caller, Engine, Extern, Linker, Module as Code, Store, bail, format_err};

use super::{
    harness::{Execution, LoadError},
    machine::{Ceiling, Left, Setting, not_started, on_large_stack, stopped},
    message,
    package::Package,
    profile::Invalid,
    rules::Rules,
    vm_result::VmResult,
};

/// What loading a package counts for, in bytes, with its size.
const LOAD_BYTES: u64 = 4_096;

/// `errno` of WASI: no such descriptor, and a bad argument.
const BADF: i32 = 8;
const INVAL: i32 = 28;

/// A package, compiled in every way.
pub struct Runner {
    rules: Rules,
    machines: Vec<Machine>,
}

struct Machine {
    setting: Setting,
    ticker: Ticker,
    /// With the names of those that others import from; the last is started.
    modules: Vec<(String, Code)>,
}

/// What a run of a package has.
struct Host {
    ceiling: Ceiling,
    message: Vec<u8>,
    read: usize,
}

/// A call of the machine that ends the run, on its way out of it.
#[derive(Debug)]
struct End(VmResult);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for End {}

impl Runner {
    /// Compiles a package for some settings, once its modules keep the rules.
    ///
    /// # Errors
    ///
    /// [`LoadError::Invalid`] if one does not, or if it is no package.
    pub fn load(
        archive: &[u8],
        settings: &[Setting],
        rules: Rules,
        cache: &Cache,
    ) -> Result<Self, LoadError> {
        let Package { linked, started } = Package::read(archive)?;
        let size = u64::try_from(archive.len()).unwrap_or(u64::MAX).saturating_add(LOAD_BYTES);
        let rules = Rules { memory_bytes: rules.memory_bytes.saturating_sub(size), ..rules };
        let machine = |setting: &Setting| -> Result<Machine, LoadError> {
            let engine = setting.engine()?;
            let compile = |module: super::package::Module| {
                Ok((module.name, compile(&engine, &module.wasm, cache)?))
            };
            let modules = linked.iter().chain([&started]).cloned().map(compile);
            let modules = modules.collect::<Result<_, Error>>()?;
            let machine = Machine { setting: *setting, ticker: Ticker::new(), modules };
            machine.try_link(rules)?;
            Ok(machine)
        };
        Ok(Self { rules, machines: settings.iter().map(machine).collect::<Result<_, _>>()? })
    }

    /// Gives the package a message, in every way.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where there is no thread to run in.
    pub fn run(&self, message: &[u8]) -> Result<Vec<Execution>, Error> {
        let run = |machine: &Machine| machine.run(message, &self.rules);
        on_large_stack(|| self.machines.iter().map(run).collect())
    }
}

impl Machine {
    fn store(&self, engine: &Engine, message: &[u8], rules: &Rules) -> Store<Host> {
        let ceiling = Ceiling::new(rules.memory_bytes);
        let mut store = Store::new(engine, Host { ceiling, message: message.to_vec(), read: 0 });
        store.limiter(|host| &mut host.ceiling);
        store.set_epoch_deadline(self.ticker.ticks(engine, rules.deadline));
        store
    }

    /// Whether modules find what they import, by type, and there is a start.
    fn try_link(&self, rules: Rules) -> Result<(), LoadError> {
        let Some((_, start)) = self.modules.last() else { return Ok(()) };
        let mut store = self.store(start.engine(), &[], &rules);
        let linker = linker(start.engine()).map_err(Invalid::linking)?;
        match self.instances(linker, &mut store) {
            Err(error) if !error.is::<wasmtime::Trap>() && !store.data().ceiling.has_refused() => {
                Err(Invalid::linking(format!("{error:#}")).into())
            }
            Ok(instance) => match instance.get_typed_func::<(), ()>(&mut store, "_start") {
                Ok(_) => Ok(()),
                Err(_) => {
                    Err(Invalid::entrypoint("no function `_start` without parameters").into())
                }
            },
            Err(_) => Ok(()), // a run will say so
        }
    }

    fn run(&self, message: &[u8], rules: &Rules) -> Execution {
        let run = Execution {
            setting: self.setting,
            counted: None,
            outcome: VmResult::vm_error("malformed_entry"),
            memory: None,
        };
        let Some((_, start)) = self.modules.last() else { return run };
        let mut store = self.store(start.engine(), message, rules);
        let instance = linker(start.engine()).and_then(|linker| self.instances(linker, &mut store));
        let instance = match instance {
            Ok(instance) => instance,
            Err(error) => {
                return Execution { outcome: not_started(&error, &store.data().ceiling), ..run };
            }
        };
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
        let outcome = match start.and_then(|start| start.call(&mut store, ())) {
            Ok(()) => VmResult::Return(super::calldata::Value::Null),
            Err(error) => match error.downcast::<End>() {
                Ok(End(outcome)) => outcome,
                Err(error) => stopped(&error),
            },
        };
        Execution { outcome, memory: Left::by(&instance, &mut store), ..run }
    }

    /// An instance of each module, the last of which is the one to start.
    fn instances(
        &self,
        mut linker: Linker<Host>,
        store: &mut Store<Host>,
    ) -> wasmtime::Result<wasmtime::Instance> {
        let mut last = None;
        for (name, module) in &self.modules {
            let instance = linker.instantiate(&mut *store, module)?;
            linker.instance(&mut *store, name, instance)?;
            last = Some(instance);
        }
        last.ok_or_else(|| format_err!("no module"))
    }
}

/// What a machine offers, as far as it is here.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("wasi_snapshot_preview1", "fd_read", fd_read)?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        |code: i32| -> wasmtime::Result<()> {
            Err(End(match code {
                0 => VmResult::Return(super::calldata::Value::Null),
                code => VmResult::VmError(format!("exit_code {code}")),
            })
            .into())
        },
    )?;
    linker.func_wrap(
        "genlayer_sdk",
        "gl_call",
        |mut caller: Caller<'_, Host>, request: u32, length: u32, _: u32| {
            let request = slice(memory(&mut caller)?.0, request, length)?;
            match message::end(request) {
                Some(outcome) => Err(End(outcome).into()),
                None => Ok(INVAL),
            }
        },
    )?;
    Ok(linker)
}

/// Reads the message, on descriptor 0.
fn fd_read(
    mut caller: Caller<'_, Host>,
    descriptor: i32,
    rooms: u32,
    count: u32,
    got: u32,
) -> wasmtime::Result<i32> {
    if descriptor != 0 {
        return Ok(BADF);
    }
    let (memory, host) = memory(&mut caller)?;
    let mut total = 0;
    for at in 0..count {
        let room = slice(memory, rooms.saturating_add(at.saturating_mul(8)), 8)?;
        let (pointer, length) = room.split_at_checked(4).ok_or_else(out_of_bounds)?;
        let [pointer, length] = [pointer, length]
            .map(|word| word.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)));
        let rest = host.message.get(host.read..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(usize::try_from(length)?)).unwrap_or_default();
        write(memory, pointer, rest)?;
        host.read += rest.len();
        total += u32::try_from(rest.len())?;
    }
    write(memory, got, &total.to_le_bytes())?;
    Ok(0)
}

fn memory<'c>(caller: &'c mut Caller<'_, Host>) -> wasmtime::Result<(&'c mut [u8], &'c mut Host)> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory.data_and_store_mut(caller)),
        _ => bail!("no memory is exported"),
    }
}

fn slice(memory: &[u8], at: u32, length: u32) -> wasmtime::Result<&[u8]> {
    let (at, length) = (usize::try_from(at)?, usize::try_from(length)?);
    at.checked_add(length).and_then(|end| memory.get(at..end)).ok_or_else(out_of_bounds)
}

fn write(memory: &mut [u8], at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    let at = usize::try_from(at)?;
    let room = at.checked_add(bytes.len()).and_then(|end| memory.get_mut(at..end));
    room.ok_or_else(out_of_bounds)?.copy_from_slice(bytes);
    Ok(())
}

fn out_of_bounds() -> wasmtime::Error {
    wasmtime::Trap::MemoryOutOfBounds.into()
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("rules", &self.rules).finish_non_exhaustive()
    }
}
