//! What a lowered module computes, with the routines of the compiler's own library, compared with
//! the floats of this machine: every operator that the library has a routine for or that takes none,
//! on values that find mistakes and on random ones.
//!
//! Needs the target `wasm32-wasip2`; says so and passes where it is missing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests panic")]

mod support;

use support::library::library;
use support::{F32, F64, I32, I64, Running};
use wasmi::ValType;

/// An operator as Rust has it, on bits.
type Hardware = fn(&[u64]) -> u64;

fn wide(bits: u64) -> f64 {
    f64::from_bits(bits)
}

fn narrow(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

const OPERATORS: &[(&str, Hardware)] = &[
    ("f64.add", |x| (wide(x[0]) + wide(x[1])).to_bits()),
    ("f64.sub", |x| (wide(x[0]) - wide(x[1])).to_bits()),
    ("f64.mul", |x| (wide(x[0]) * wide(x[1])).to_bits()),
    ("f64.div", |x| (wide(x[0]) / wide(x[1])).to_bits()),
    ("f64.eq", |x| (wide(x[0]) == wide(x[1])).into()),
    ("f64.ne", |x| (wide(x[0]) != wide(x[1])).into()),
    ("f64.lt", |x| (wide(x[0]) < wide(x[1])).into()),
    ("f64.le", |x| (wide(x[0]) <= wide(x[1])).into()),
    ("f64.gt", |x| (wide(x[0]) > wide(x[1])).into()),
    ("f64.ge", |x| (wide(x[0]) >= wide(x[1])).into()),
    ("f64.abs", |x| wide(x[0]).abs().to_bits()),
    ("f64.neg", |x| (-wide(x[0])).to_bits()),
    ("f64.copysign", |x| wide(x[0]).copysign(wide(x[1])).to_bits()),
    ("f64.convert_i32_s", |x| f64::from(x[0] as i32).to_bits()),
    ("f64.convert_i32_u", |x| f64::from(x[0] as u32).to_bits()),
    ("f64.convert_i64_s", |x| (x[0].cast_signed() as f64).to_bits()),
    ("f64.convert_i64_u", |x| (x[0] as f64).to_bits()),
    ("i32.trunc_sat_f64_s", |x| u64::from((wide(x[0]) as i32).cast_unsigned())),
    ("i32.trunc_sat_f64_u", |x| u64::from(wide(x[0]) as u32)),
    ("i64.trunc_sat_f64_s", |x| (wide(x[0]) as i64).cast_unsigned()),
    ("i64.trunc_sat_f64_u", |x| wide(x[0]) as u64),
    ("f64.promote_f32", |x| f64::from(narrow(x[0])).to_bits()),
    ("f32.demote_f64", |x| (wide(x[0]) as f32).to_bits().into()),
    ("f32.add", |x| (narrow(x[0]) + narrow(x[1])).to_bits().into()),
    ("f32.sub", |x| (narrow(x[0]) - narrow(x[1])).to_bits().into()),
    ("f32.mul", |x| (narrow(x[0]) * narrow(x[1])).to_bits().into()),
    ("f32.div", |x| (narrow(x[0]) / narrow(x[1])).to_bits().into()),
    ("f32.eq", |x| (narrow(x[0]) == narrow(x[1])).into()),
    ("f32.ne", |x| (narrow(x[0]) != narrow(x[1])).into()),
    ("f32.lt", |x| (narrow(x[0]) < narrow(x[1])).into()),
    ("f32.le", |x| (narrow(x[0]) <= narrow(x[1])).into()),
    ("f32.gt", |x| (narrow(x[0]) > narrow(x[1])).into()),
    ("f32.ge", |x| (narrow(x[0]) >= narrow(x[1])).into()),
    ("f32.convert_i32_s", |x| (x[0] as i32 as f32).to_bits().into()),
    ("f32.convert_i32_u", |x| (x[0] as u32 as f32).to_bits().into()),
    ("f32.convert_i64_s", |x| (x[0].cast_signed() as f32).to_bits().into()),
    ("f32.convert_i64_u", |x| (x[0] as f32).to_bits().into()),
    ("i32.trunc_sat_f32_s", |x| u64::from((narrow(x[0]) as i32).cast_unsigned())),
    ("i32.trunc_sat_f32_u", |x| u64::from(narrow(x[0]) as u32)),
    ("i64.trunc_sat_f32_s", |x| (narrow(x[0]) as i64).cast_unsigned()),
    ("i64.trunc_sat_f32_u", |x| narrow(x[0]) as u64),
];

/// A conversion that traps as Rust has it; nothing where the integer has no room.
type Conversion = fn(u64) -> Option<u64>;

/// The bounds are floats; a NaN is within none.
fn within(value: f64, least: f64, above: f64) -> Option<f64> {
    let whole = value.trunc();
    (whole >= least && whole < above).then_some(whole)
}

const TWO_31: f64 = 2_147_483_648.0;
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

const TRAPPING: &[(&str, &str, Conversion)] = &[
    ("i32.trunc_f64_s", "__fixdfsi", |x| Some(i32_bits(within(wide(x), -TWO_31, TWO_31)?))),
    ("i32.trunc_f64_u", "__fixunsdfsi", |x| {
        Some((within(wide(x), 0.0, 2.0 * TWO_31)? as u32).into())
    }),
    ("i64.trunc_f64_s", "__fixdfdi", |x| {
        Some((within(wide(x), -TWO_63, TWO_63)? as i64).cast_unsigned())
    }),
    ("i64.trunc_f64_u", "__fixunsdfdi", |x| Some(within(wide(x), 0.0, 2.0 * TWO_63)? as u64)),
    ("i32.trunc_f32_s", "__fixsfsi", |x| {
        Some(i32_bits(within(narrow(x).into(), -TWO_31, TWO_31)?))
    }),
    ("i32.trunc_f32_u", "__fixunssfsi", |x| {
        Some((within(narrow(x).into(), 0.0, 2.0 * TWO_31)? as u32).into())
    }),
    ("i64.trunc_f32_s", "__fixsfdi", |x| {
        Some((within(narrow(x).into(), -TWO_63, TWO_63)? as i64).cast_unsigned())
    }),
    ("i64.trunc_f32_u", "__fixunssfdi", |x| {
        Some(within(narrow(x).into(), 0.0, 2.0 * TWO_63)? as u64)
    }),
];

fn i32_bits(value: f64) -> u64 {
    (value as i32).cast_unsigned().into()
}

/// Random values: any bits, and floats so near to each other that sums cancel.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        // xorshift64*, from a fixed seed
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn of(&mut self, ty: ValType) -> u64 {
        let bits = self.bits();
        let close = self.bits().is_multiple_of(2);
        let special = self.bits().is_multiple_of(8);
        let pick = |values: &[u64]| values[(bits % values.len() as u64) as usize];
        match ty {
            ValType::F64 if special => pick(F64),
            ValType::F64 if close => bits >> 12 | (0x3fd + bits % 4) << 52,
            ValType::F32 if special => pick(F32),
            ValType::F32 if close => bits >> 41 | (0x7d + bits % 4) << 23,
            ValType::I64 if special => pick(I64),
            // of every length
            ValType::I64 => bits >> (bits % 64),
            ValType::I32 if special => pick(I32),
            ValType::I32 | ValType::F32 => bits >> 32,
            _ => bits,
        }
    }
}

fn is_nan(operator: &str, bits: u64) -> bool {
    match operator.as_bytes() {
        [b'f', b'6', b'4', ..] => wide(bits).is_nan(),
        [b'f', b'3', b'2', ..] => narrow(bits).is_nan(),
        _ => false,
    }
}

#[test]
fn lowered_code_computes_what_the_hardware_computes() {
    let Some(library) = library() else { return };
    let mut lowered = Running::new(&defloat::lower(&library).unwrap());
    let original = Running::new(&library);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (operator, hardware) in OPERATORS {
        let types = original.params(operator);
        // a comparison is no float, whatever its name starts with
        let float = matches!(original.result(operator), ValType::F32 | ValType::F64);
        let moves = ["abs", "neg", "copysign"].iter().any(|part| operator.contains(part));
        for case in 0..20_000 {
            let arguments: Vec<u64> = match (case, types.as_slice()) {
                // the same twice is a case that chance does not bring
                (0..200, [ty, _]) => vec![random.of(*ty); 2],
                _ => types.iter().map(|ty| random.of(*ty)).collect(),
            };
            let (want, got) = (hardware(&arguments), lowered.call(operator, &arguments));
            let nan = float && !moves && is_nan(operator, want) && is_nan(operator, got);
            assert!(want == got || nan, "{operator} {arguments:x?}: {got:#x}, expected {want:#x}");
        }
    }
}

/// On random values, and on those within four floats of each bound. The check is what is tested: the
/// routine is that of this machine.
#[test]
fn conversions_trap_where_there_is_no_room() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for (operator, routine, hardware) in TRAPPING {
        let (int, float) = (&operator[..3], &operator[10..13]);
        let module = wat::parse_str(format!(
            r#"(module (import "soft" "{routine}" (func ${routine} (param {float}) (result {int})))
                (func (export "f") (param {float}) (result {int}) ({operator} (local.get 0))))"#
        ));
        let mut lowered = Running::new(&defloat::lower(&module.unwrap()).unwrap());
        let bounds =
            [0.0, 1.0, TWO_31, TWO_31 + 1.0, 2.0 * TWO_31, TWO_63, 2.0 * TWO_63, f64::INFINITY];
        let (ty, sign, bits): (_, u64, fn(f64) -> u64) = match float {
            "f64" => (ValType::F64, 1 << 63, f64::to_bits),
            _ => (ValType::F32, 1 << 31, |bound| (bound as f32).to_bits().into()),
        };
        let near = bounds.iter().flat_map(|bound| {
            let bits = bits(*bound);
            (bits.saturating_sub(4)..=bits + 4).flat_map(|bits| [bits, bits | sign])
        });
        let near: Vec<u64> = near.collect();
        let any: Vec<u64> = (0..20_000).map(|_| random.of(ty)).collect();
        let mut trapped = 0;
        for argument in near.iter().chain(&any) {
            let (want, got) = (hardware(*argument), lowered.ends("f", &[*argument]));
            assert_eq!(want, got, "{operator} {argument:#x}");
            trapped += usize::from(got.is_none());
        }
        assert!((1_000..19_000).contains(&trapped), "{operator} trapped {trapped} times");
    }
}

/// None of the operators of the other test is left out here.
#[test]
fn every_operator_of_the_library_is_compared() {
    let Some(library) = library() else { return };
    let mut names = Running::new(&library).functions();
    let mut compared: Vec<_> = OPERATORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    compared.sort();
    assert_eq!(compared, names);
}
