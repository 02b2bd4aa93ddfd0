//! The engine called by hand, and the package with as much of a machine as it needs.

use wasmtime::{
    Caller, Engine, Extern, Instance, Linker, Memory, Module, Result, Store, Trap, bail,
    error::Context as _,
};

const DECIDE: &str = "sigmapol:policy/engine@0.1.0#decide";

/// Two strings, flat: what a decision takes.
type Strings = (u32, u32, u32, u32);

pub struct Machine {
    core: Module,
    shim: Module,
    linker: Linker<Host>,
}

#[derive(Default)]
struct Host {
    message: Vec<u8>,
    read: usize,
    /// What the package asked its machine for.
    call: Option<Vec<u8>>,
}

impl Machine {
    pub fn new(engine: &Engine, core: &[u8], shim: &[u8]) -> Result<Self> {
        let mut linker = Linker::new(engine);
        linker.func_wrap("wasi_snapshot_preview1", "fd_read", fd_read)?;
        linker.func_wrap("wasi_snapshot_preview1", "proc_exit", |_: i32| -> Result<()> {
            Err(Trap::UnreachableCodeReached.into())
        })?;
        linker.func_wrap("genlayer_sdk", "gl_call", gl_call)?;
        Ok(Self { core: Module::new(engine, core)?, shim: Module::new(engine, shim)?, linker })
    }

    /// Decides with the core module alone; BLAKE3 of the memory it leaves.
    pub fn decide(&self, policy: &str, ctx: &str) -> Result<String> {
        let mut store = Store::new(self.core.engine(), Host::default());
        let instance = Instance::new(&mut store, &self.core, &[])?;
        let memory = memory(&instance, &mut store)?;
        let realloc = instance.get_typed_func::<Strings, u32>(&mut store, "cabi_realloc")?;
        let mut place = |text: &str| -> Result<(u32, u32)> {
            let length = u32::try_from(text.len())?;
            let pointer = realloc.call(&mut store, (0, 0, 1, length))?;
            memory.write(&mut store, usize::try_from(pointer)?, text.as_bytes())?;
            Ok((pointer, length))
        };
        let (policy, policy_length) = place(policy)?;
        let (ctx, ctx_length) = place(ctx)?;
        let decide = instance.get_typed_func::<Strings, u32>(&mut store, DECIDE)?;
        let free = format!("cabi_post_{DECIDE}");
        let free = instance.get_typed_func::<u32, ()>(&mut store, &free)?;
        let result = decide.call(&mut store, (policy, policy_length, ctx, ctx_length))?;
        free.call(&mut store, result)?;
        Ok(blake3::hash(memory.data(&store)).to_hex().to_string())
    }

    /// Starts the package; its result, a code and calldata, and BLAKE3 of the memory it leaves.
    pub fn start(&self, message: Vec<u8>) -> Result<(Vec<u8>, String)> {
        let mut store = Store::new(self.core.engine(), Host { message, ..Host::default() });
        let mut linker = self.linker.clone();
        let core = linker.instantiate(&mut store, &self.core)?;
        linker.instance(&mut store, "sigmapol", core)?;
        let shim = linker.instantiate(&mut store, &self.shim)?;
        let start = shim.get_typed_func::<(), ()>(&mut store, "_start")?;
        let ended = start.call(&mut store, ());
        let memory = blake3::hash(memory(&shim, &mut store)?.data(&store)).to_hex().to_string();
        let call = store.into_data().call.with_context(|| format!("no result: {ended:?}"))?;
        for (code, name) in [(0, b"\x0e\x06Return".as_slice()), (1, b"\x0e\x09UserError")] {
            if let Some(value) = call.strip_prefix(name) {
                return Ok(([&[code], value].concat(), memory));
            }
        }
        bail!("a call that does not end the run")
    }
}

fn memory(instance: &Instance, store: &mut Store<Host>) -> Result<Memory> {
    instance.get_memory(store, "memory").context("no memory is exported")
}

/// Reads the message into one buffer.
fn fd_read(mut caller: Caller<'_, Host>, _: i32, rooms: u32, _: u32, got: u32) -> Result<i32> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Ok(8); // EBADF
    };
    let mut room = [0; 8];
    memory.read(&caller, usize::try_from(rooms)?, &mut room)?;
    let [a, b, c, d, e, f, g, h] = room;
    let pointer = usize::try_from(u32::from_le_bytes([a, b, c, d]))?;
    let length = usize::try_from(u32::from_le_bytes([e, f, g, h]))?;
    let host = caller.data_mut();
    let rest = host.message.get(host.read..).unwrap_or_default();
    let part = rest.get(..rest.len().min(length)).unwrap_or_default().to_vec();
    host.read += part.len();
    memory.write(&mut caller, pointer, &part)?;
    memory.write(&mut caller, usize::try_from(got)?, &u32::try_from(part.len())?.to_le_bytes())?;
    Ok(0)
}

/// Keeps what is asked for, and ends the run.
fn gl_call(mut caller: Caller<'_, Host>, request: u32, length: u32, _: u32) -> Result<i32> {
    if let Some(Extern::Memory(memory)) = caller.get_export("memory") {
        let mut call = vec![0; usize::try_from(length)?];
        memory.read(&caller, usize::try_from(request)?, &mut call)?;
        caller.data_mut().call = Some(call);
    }
    Err(Trap::Interrupt.into())
}
