//! A module computes the same bits before and after `defloat`.
//!
//! Both run under wasmtime: the original with the floats of this machine, the lowered one in an
//! engine that refuses floats, with the integer routines of the compiler's own library where the
//! target `wasm32-wasip2` is installed and always for square roots and roundings with functions of
//! the host. WebAssembly does not say which NaN an operator leaves, so the modules make one of all
//! of them, after each operator that computes; after that every bit is compared.

use std::process::Command;
use std::sync::LazyLock;

use wasmtime::{
    Config, Engine, Extern, Instance, Linker, Module, OptLevel, Store, Trap, Val, ValType,
    WasmFeatures,
};

use super::{Verdict, require};
use crate::generate::{Draw, Program, program};
use crate::project;

#[path = "../../tools/defloat/tests/support/soft.rs"]
mod soft;

/// A small module and a few calls of it.
pub fn check(bytes: &[u8]) -> Verdict {
    let program = program(&mut Draw::new(bytes));
    same(&program).map_err(|broken| {
        let bytes: String = program.wasm.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{broken}\ncalls {:x?}\nmodule {bytes}", program.calls)
    })
}

fn same(program: &Program) -> Verdict {
    let lowered = defloat::lower(&program.wasm).map_err(|error| error.to_string())?;
    let [mut before, mut after] = [
        Running::new(&FLOATS, &program.wasm, None)?,
        Running::new(&INTEGERS, &lowered, LIBRARY.as_ref())?,
    ];
    let mut returned = false;
    for call in &program.calls {
        let (want, got) = (before.call(call)?, after.call(call)?);
        require(want == got, || format!("{got:#x?}, expected {want:#x?}, for {call:x?}"))?;
        returned |= want.is_some();
    }
    Ok(returned)
}

static FLOATS: LazyLock<Engine> = LazyLock::new(|| engine(true));
static INTEGERS: LazyLock<Engine> = LazyLock::new(|| engine(false));

/// Each module runs for a moment: what takes time is to compile it.
fn engine(floats: bool) -> Engine {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::None).wasm_features(WasmFeatures::FLOATS, floats);
    config.memory_reservation(0).memory_guard_size(0);
    Engine::new(&config).unwrap()
}

/// The library of the compiler, lowered; its exports are routines.
static LIBRARY: LazyLock<Option<Module>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.wasm");
    let exports = ["df", "sf"].into_iter().flat_map(|float| {
        let int = ["si", "di"].into_iter().flat_map(move |int| {
            ["float", "floatun", "fix", "fixuns"].map(|name| match name {
                "float" | "floatun" => format!("__{name}{int}{float}"),
                _ => format!("__{name}{float}{int}"),
            })
        });
        let arithmetic = ["add", "sub", "mul", "div"].map(|name| format!("__{name}{float}3"));
        let comparisons =
            ["eq", "ne", "lt", "le", "gt", "ge"].map(|name| format!("__{name}{float}2"));
        int.chain(arithmetic).chain(comparisons).collect::<Vec<_>>()
    });
    let exports = exports.chain(["__extendsfdf2".to_owned(), "__truncdfsf2".to_owned()]);
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
        // that of the workspace, which has the target: fuzzers are run by another
        .env_remove("RUSTUP_TOOLCHAIN")
        .current_dir(project(""))
        .args(["--edition", "2024", "--target", "wasm32-wasip2", "--crate-type", "cdylib"])
        .args(["-Copt-level=3", "-Cpanic=abort", "-Clink-arg=--skip-wit-component"])
        .args(exports.map(|name| format!("-Clink-arg=--export={name}")))
        .arg("-o")
        .arg(&file)
        .arg(project("tools/defloat/tests/fixtures/arithmetic.rs"))
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let library = defloat::lower(&std::fs::read(file).unwrap()).unwrap();
            Some(Module::new(&INTEGERS, library).unwrap())
        }
        _ => {
            eprintln!("left out: the routines of the compiler, for want of wasm32-wasip2");
            None
        }
    }
});

/// An instance of a module, values going in and out as bits.
struct Running {
    store: Store<()>,
    instance: Instance,
}

impl Running {
    fn new(engine: &Engine, wasm: &[u8], library: Option<&Module>) -> Result<Self, String> {
        let wrong = |error: wasmtime::Error| format!("{error:?}");
        let module = Module::new(engine, wasm).map_err(wrong)?;
        let mut store = Store::new(engine, ());
        let mut linker = Linker::new(engine);
        let library = match library {
            Some(library) => Some(Instance::new(&mut store, library, &[]).map_err(wrong)?),
            None => None,
        };
        for import in module.imports() {
            let name = import.name().to_owned();
            let export = library.and_then(|library| library.get_func(&mut store, &name));
            if let Some(routine) = export {
                linker.define(&store, "soft", &name, Extern::Func(routine)).map_err(wrong)?;
                continue;
            }
            let ty = import.ty().func().cloned().ok_or("not a function")?;
            let result = ty.results().next().ok_or("no result")?;
            linker
                .func_new("soft", import.name(), ty, move |_, arguments, out| {
                    let arguments: Vec<u64> = arguments.iter().map(bits).collect();
                    out[0] = value(&result, soft::soft(&name, &arguments));
                    Ok(())
                })
                .map_err(wrong)?;
        }
        let instance = linker.instantiate(&mut store, &module).map_err(wrong)?;
        Ok(Self { store, instance })
    }

    /// What is returned; nothing where a conversion traps.
    fn call(&mut self, arguments: &[u64]) -> Result<Option<u64>, String> {
        let function = self.instance.get_func(&mut self.store, "f").ok_or("no function f")?;
        let params = function.ty(&self.store);
        let arguments: Vec<Val> =
            params.params().zip(arguments).map(|(ty, bits)| value(&ty, *bits)).collect();
        let mut out = [Val::I32(0)];
        match function.call(&mut self.store, &arguments, &mut out) {
            Ok(()) => Ok(Some(bits(&out[0]))),
            Err(error) => match error.downcast_ref() {
                Some(
                    Trap::BadConversionToInteger
                    | Trap::IntegerOverflow
                    | Trap::UnreachableCodeReached,
                ) => Ok(None),
                _ => Err(format!("{error:?}")),
            },
        }
    }
}

fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => value.cast_unsigned().into(),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        other => panic!("{other:?}"),
    }
}

fn value(ty: &ValType, bits: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits.cast_signed()),
        ValType::F32 => Val::F32(bits as u32),
        ValType::F64 => Val::F64(bits),
        other => panic!("{other}"),
    }
}
