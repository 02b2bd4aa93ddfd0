//! Running a module before and after lowering.
#![allow(missing_docs, dead_code, reason = "not every test file uses everything")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

pub mod library;
mod soft;

pub use soft::soft;
use wasmi::{Engine, ExternType, Instance, Linker, Module, Store, Val, ValType};

/// Values that find mistakes: zeros, subnormals, the ends of ranges and of integer types, infinities,
/// and NaNs of either sign, quiet, signalling and with a payload.
pub const F64: &[u64] = &[
    0x0000_0000_0000_0000,
    0x8000_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x8000_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3fb9_9999_9999_999a, // 0.1
    0x3fe0_0000_0000_0000, // 0.5
    0xbfe0_0000_0000_0000,
    0x3fef_ffff_ffff_ffff, // just below 1
    0x3ff0_0000_0000_0000, // 1
    0xbff0_0000_0000_0000,
    0xbff8_0000_0000_0000, // -1.5
    0x4005_bf0a_8b14_5769, // e
    0x41df_ffff_ffc0_0000, // 2^31 - 1
    0x41e0_0000_0000_0000, // 2^31
    0xc1e0_0000_0000_0000,
    0xc1e0_0000_0020_0000, // -2^31 - 1
    0x41ef_ffff_fff0_0000, // 2^32 - 0.5
    0x41f0_0000_0000_0000, // 2^32
    0x4340_0000_0000_0001, // 2^53 + 2
    0x43df_ffff_ffff_ffff, // just below 2^63
    0x43e0_0000_0000_0000, // 2^63
    0xc3e0_0000_0000_0000,
    0x43ef_ffff_ffff_ffff, // just below 2^64
    0x43f0_0000_0000_0000, // 2^64
    0x47ef_ffff_e000_0000, // the largest f32
    0x47ef_ffff_f000_0000, // rounds to the infinite f32
    0x36a0_0000_0000_0000, // the smallest f32
    0x7fef_ffff_ffff_ffff,
    0xffef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0xfff8_1234_5678_9abc,
];

/// The same for the narrow float.
pub const F32: &[u64] = &[
    0x0000_0000,
    0x8000_0000,
    0x0000_0001,
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x3dcc_cccd, // 0.1
    0x3f00_0000, // 0.5
    0x3f7f_ffff, // just below 1
    0x3f80_0000, // 1
    0xbf80_0000,
    0xbfc0_0000, // -1.5
    0x4eff_ffff, // just below 2^31
    0x4f00_0000, // 2^31
    0xcf00_0000,
    0x4f7f_ffff, // just below 2^32
    0x4f80_0000, // 2^32
    0x5eff_ffff, // just below 2^63
    0x5f00_0000, // 2^63
    0xdf00_0000,
    0x5f7f_ffff, // just below 2^64
    0x5f80_0000, // 2^64
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7f80_0001,
    0xffc1_2345,
];

pub const I32: &[u64] = &[0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0100_0001, 0xff80_0001];

pub const I64: &[u64] = &[
    0,
    1,
    0x7fff_ffff,
    0xffff_ffff,
    0x0020_0000_0000_0001, // 2^53 + 1, a tie
    0x0020_0000_0000_0003,
    0x7fff_ffff_ffff_fc00,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0400,
    0xffff_ffff_ffff_fbff,
    0xffff_ffff_ffff_ffff,
];

/// A module that runs. Values go in and out as bits.
pub struct Running {
    store: Store<()>,
    instance: Instance,
}

impl Running {
    /// Starts a module; its imports are the soft-float routines of [`soft`].
    pub fn new(wasm: &[u8]) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm).unwrap();
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let ExternType::Func(ty) = import.ty() else { panic!("not a function") };
            let name = import.name().to_owned();
            let result = ty.results()[0];
            linker
                .func_new(import.module(), import.name(), ty.clone(), move |_, args, out| {
                    let args: Vec<u64> = args.iter().map(bits).collect();
                    out[0] = value(result, soft(&name, &args));
                    Ok(())
                })
                .unwrap();
        }
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        Self { store, instance }
    }

    /// The types that an exported function takes.
    pub fn params(&self, name: &str) -> Vec<ValType> {
        self.instance.get_func(&self.store, name).unwrap().ty(&self.store).params().to_vec()
    }

    /// The type that an exported function returns.
    pub fn result(&self, name: &str) -> ValType {
        self.instance.get_func(&self.store, name).unwrap().ty(&self.store).results()[0]
    }

    /// The names of all exported functions.
    pub fn functions(&self) -> Vec<String> {
        let exports = self.instance.exports(&self.store);
        exports
            .filter(|e| e.ty(&self.store).func().is_some())
            .map(|e| e.name().to_owned())
            .collect()
    }

    /// Calls a function of one result.
    pub fn call(&mut self, name: &str, args: &[u64]) -> u64 {
        self.ends(name, args).unwrap()
    }

    /// The same; nothing where it traps.
    pub fn ends(&mut self, name: &str, args: &[u64]) -> Option<u64> {
        let function = self.instance.get_func(&self.store, name).unwrap();
        let ty = function.ty(&self.store);
        let args: Vec<Val> = ty.params().iter().zip(args).map(|(ty, b)| value(*ty, *b)).collect();
        let mut out = [Val::I32(0)];
        match function.call(&mut self.store, &args, &mut out) {
            Ok(()) => Some(bits(&out[0])),
            Err(error) if error.as_trap_code().is_some() => None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Calls every exported function of `original` with every combination of the values above, in
/// it and in `lowered`, and compares the bits; two NaNs are equal when `name` computes. Returns the
/// number of calls. Where one traps the other has to.
pub fn compare(original: &[u8], lowered: &[u8]) -> usize {
    let (mut float, mut integer) = (Running::new(original), Running::new(lowered));
    let mut calls = 0;
    for name in float.functions() {
        let result = float.result(&name);
        let moves = ["abs", "neg", "copysign", "reinterpret", "load", "const", "select", "global"];
        let exact = moves.iter().any(|part| name.contains(part));
        for args in combinations(&float.params(&name)) {
            let (want, got) = (float.ends(&name, &args), integer.ends(&name, &args));
            let nan = |bits: Option<u64>| bits.is_some_and(|bits| is_nan(result, bits));
            let same = want == got || !exact && nan(want) && nan(got);
            assert!(same, "{name} {args:x?}: {got:#x?}, expected {want:#x?}");
            calls += 1;
        }
    }
    calls
}

fn combinations(types: &[ValType]) -> Vec<Vec<u64>> {
    types.iter().fold(vec![Vec::new()], |done, ty| {
        let values = match ty {
            ValType::I32 => I32,
            ValType::I64 => I64,
            ValType::F32 => F32,
            ValType::F64 => F64,
            other => panic!("{other:?}"),
        };
        let extend = |args: &Vec<u64>| {
            let args = args.clone();
            values.iter().map(move |value| [args.as_slice(), &[*value]].concat())
        };
        done.iter().flat_map(extend).collect()
    })
}

fn is_nan(ty: ValType, bits: u64) -> bool {
    match ty {
        ValType::F32 => f32::from_bits(bits as u32).is_nan(),
        ValType::F64 => f64::from_bits(bits).is_nan(),
        _ => false,
    }
}

fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(v) => u64::from(v.cast_unsigned()),
        Val::I64(v) => v.cast_unsigned(),
        Val::F32(v) => u64::from(v.to_bits()),
        Val::F64(v) => v.to_bits(),
        other => panic!("{other:?}"),
    }
}

fn value(ty: ValType, bits: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits.cast_signed()),
        ValType::F32 => Val::F32(wasmi::F32::from_bits(bits as u32)),
        ValType::F64 => Val::F64(wasmi::F64::from_bits(bits)),
        other => panic!("{other:?}"),
    }
}
