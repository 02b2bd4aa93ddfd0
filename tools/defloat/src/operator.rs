//! What becomes of each operator.

use wasmparser::Operator;

use crate::routine::{self, Routine};

const SIGN32: i32 = i32::MIN;
const SIGN64: i64 = i64::MIN;

/// What replaces one operator. Floats on the stack are already the integers of their bits.
#[derive(Debug)]
pub(crate) enum Lowered<'a> {
    /// This operator; an operator without floats is its own replacement.
    One(Operator<'a>),
    /// Nothing: the bits on the stack are the result.
    Nothing,
    /// Two operators in turn.
    Two(Operator<'a>, Operator<'a>),
    /// The second operand's sign on the first; needs a scratch local.
    CopySign(Width),
    /// A call.
    Call(&'static Routine),
    /// A call for a value within the range, and a trap for any other; needs a scratch local.
    Checked(&'static Routine, Range),
    /// A call, and the comparison of its result with 0.
    Compare(&'static Routine, Operator<'a>),
    /// Not possible, and why.
    Unsupported(&'static str),
}

/// The width of a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    W32,
    W64,
}

/// What an integer has room for, as the bits of floats: those of the least float from 0 upwards
/// that is too large, and of the least magnitude below 0 that is. Floats of one sign have the order
/// of their bits, and a NaN is beyond the infinities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub width: Width,
    pub above: u64,
    pub below: u64,
}

impl Range {
    const fn wide(above: f64, below: u64) -> Self {
        Self { width: Width::W64, above: above.to_bits(), below }
    }

    const fn narrow(above: f32, below: u32) -> Self {
        Self { width: Width::W32, above: above.to_bits() as u64, below: below as u64 }
    }
}

const TWO_31: f64 = 2_147_483_648.0;
const TWO_32: f64 = 4_294_967_296.0;
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;
const ONE_64: u64 = 1_f64.to_bits();
const ONE_32: u32 = 1_f32.to_bits();
/// The least negative integer is a float, and the next float below it is too small. Only to an `i32`
/// are there wide floats between it and the integer before.
const PAST_31: u64 = (TWO_31 + 1.0).to_bits();
const PAST_63: u64 = TWO_63.to_bits() + 1;
const PAST_31_NARROW: u32 = (TWO_31 as f32).to_bits() + 1;
const PAST_63_NARROW: u32 = (TWO_63 as f32).to_bits() + 1;

impl Lowered<'_> {
    /// The function called, if any.
    pub(crate) fn routine(&self) -> Option<&'static Routine> {
        match self {
            Self::Call(routine) | Self::Compare(routine, _) | Self::Checked(routine, _) => {
                Some(routine)
            }
            _ => None,
        }
    }
}

const VECTOR: &str = "has no integer form: build without SIMD";

/// The replacement of `operator`.
pub(crate) fn lower(operator: Operator<'_>) -> Lowered<'_> {
    use Lowered::{Call, Checked, Compare, CopySign, Nothing, One, Two, Unsupported};
    use Operator as O;
    use routine as r;
    match operator {
        O::F64Const { value } => One(O::I64Const { value: value.bits().cast_signed() }),
        O::F64Load { memarg } => One(O::I64Load { memarg }),
        O::F64Store { memarg } => One(O::I64Store { memarg }),
        O::I64ReinterpretF64 | O::F64ReinterpretI64 => Nothing,
        O::F64Abs => Two(O::I64Const { value: !SIGN64 }, O::I64And),
        O::F64Neg => Two(O::I64Const { value: SIGN64 }, O::I64Xor),
        O::F64Copysign => CopySign(Width::W64),
        O::F64Add => Call(r::ADD64),
        O::F64Sub => Call(r::SUB64),
        O::F64Mul => Call(r::MUL64),
        O::F64Div => Call(r::DIV64),
        O::F64Eq => Compare(r::EQ64, O::I32Eq),
        O::F64Ne => Compare(r::NE64, O::I32Ne),
        O::F64Lt => Compare(r::LT64, O::I32LtS),
        O::F64Le => Compare(r::LE64, O::I32LeS),
        O::F64Gt => Compare(r::GT64, O::I32GtS),
        O::F64Ge => Compare(r::GE64, O::I32GeS),
        O::F64ConvertI32S => Call(r::I32_TO_64),
        O::F64ConvertI32U => Call(r::U32_TO_64),
        O::F64ConvertI64S => Call(r::I64_TO_64),
        O::F64ConvertI64U => Call(r::U64_TO_64),
        // The routines saturate and turn a NaN into 0, as these operators do.
        O::I32TruncSatF64S => Call(r::I32_FROM_64),
        O::I32TruncSatF64U => Call(r::U32_FROM_64),
        O::I64TruncSatF64S => Call(r::I64_FROM_64),
        O::I64TruncSatF64U => Call(r::U64_FROM_64),
        O::F64Sqrt => Call(r::SQRT64),
        O::F64Ceil => Call(r::CEIL64),
        O::F64Floor => Call(r::FLOOR64),
        O::F64Trunc => Call(r::TRUNC64),
        O::F64Nearest => Call(r::NEAREST64),
        O::F64Min => Call(r::MIN64),
        O::F64Max => Call(r::MAX64),

        O::F32Const { value } => One(O::I32Const { value: value.bits().cast_signed() }),
        O::F32Load { memarg } => One(O::I32Load { memarg }),
        O::F32Store { memarg } => One(O::I32Store { memarg }),
        O::I32ReinterpretF32 | O::F32ReinterpretI32 => Nothing,
        O::F32Abs => Two(O::I32Const { value: !SIGN32 }, O::I32And),
        O::F32Neg => Two(O::I32Const { value: SIGN32 }, O::I32Xor),
        O::F32Copysign => CopySign(Width::W32),
        O::F32Add => Call(r::ADD32),
        O::F32Sub => Call(r::SUB32),
        O::F32Mul => Call(r::MUL32),
        O::F32Div => Call(r::DIV32),
        O::F32Eq => Compare(r::EQ32, O::I32Eq),
        O::F32Ne => Compare(r::NE32, O::I32Ne),
        O::F32Lt => Compare(r::LT32, O::I32LtS),
        O::F32Le => Compare(r::LE32, O::I32LeS),
        O::F32Gt => Compare(r::GT32, O::I32GtS),
        O::F32Ge => Compare(r::GE32, O::I32GeS),
        O::F32ConvertI32S => Call(r::I32_TO_32),
        O::F32ConvertI32U => Call(r::U32_TO_32),
        O::F32ConvertI64S => Call(r::I64_TO_32),
        O::F32ConvertI64U => Call(r::U64_TO_32),
        O::I32TruncSatF32S => Call(r::I32_FROM_32),
        O::I32TruncSatF32U => Call(r::U32_FROM_32),
        O::I64TruncSatF32S => Call(r::I64_FROM_32),
        O::I64TruncSatF32U => Call(r::U64_FROM_32),
        O::F32Sqrt => Call(r::SQRT32),
        O::F32Ceil => Call(r::CEIL32),
        O::F32Floor => Call(r::FLOOR32),
        O::F32Trunc => Call(r::TRUNC32),
        O::F32Nearest => Call(r::NEAREST32),
        O::F32Min => Call(r::MIN32),
        O::F32Max => Call(r::MAX32),

        O::F64PromoteF32 => Call(r::PROMOTE),
        O::F32DemoteF64 => Call(r::DEMOTE),

        O::I32TruncF64S => Checked(r::I32_FROM_64, Range::wide(TWO_31, PAST_31)),
        O::I32TruncF64U => Checked(r::U32_FROM_64, Range::wide(TWO_32, ONE_64)),
        O::I64TruncF64S => Checked(r::I64_FROM_64, Range::wide(TWO_63, PAST_63)),
        O::I64TruncF64U => Checked(r::U64_FROM_64, Range::wide(TWO_64, ONE_64)),
        O::I32TruncF32S => Checked(r::I32_FROM_32, Range::narrow(TWO_31 as f32, PAST_31_NARROW)),
        O::I32TruncF32U => Checked(r::U32_FROM_32, Range::narrow(TWO_32 as f32, ONE_32)),
        O::I64TruncF32S => Checked(r::I64_FROM_32, Range::narrow(TWO_63 as f32, PAST_63_NARROW)),
        O::I64TruncF32U => Checked(r::U64_FROM_32, Range::narrow(TWO_64 as f32, ONE_32)),

        other if is_float(&other) => Unsupported(VECTOR),
        other => One(other),
    }
}

/// True of an operator that computes with, moves or makes a float, SIMD included. Operators that
/// take values of any type (`select`, `local.get`, `drop`, …) are not.
pub(crate) fn is_float(operator: &Operator<'_>) -> bool {
    let name = visitor(operator);
    name.contains("f32") || name.contains("f64")
}

/// The name in the text format, such as `f64.add` or `i64.trunc_sat_f64_u`, from the name of
/// wasmparser's visitor method; exact for operators on numbers.
pub(crate) fn text_name(visitor: &str) -> String {
    visitor.strip_prefix("visit_").unwrap_or(visitor).replacen('_', ".", 1)
}

macro_rules! define_visitor {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })?
        => $visit:ident ($($ann:tt)*))*) => {
        /// The name of wasmparser's visitor method: `visit_f64_add`.
        pub(crate) fn visitor(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_unknown",
            }
        }
    };
}

wasmparser::for_each_operator!(define_visitor);
