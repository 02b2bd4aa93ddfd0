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

impl Lowered<'_> {
    /// The function called, if any.
    pub(crate) fn routine(&self) -> Option<&'static Routine> {
        match self {
            Self::Call(routine) | Self::Compare(routine, _) => Some(routine),
            _ => None,
        }
    }
}

const TRAPPING: &str = "traps on NaN and on overflow, which no routine does: build with \
                        saturating conversions";
const VECTOR: &str = "has no integer form: build without SIMD";

/// The replacement of `operator`.
pub(crate) fn lower(operator: Operator<'_>) -> Lowered<'_> {
    use Lowered::{Call, Compare, CopySign, Nothing, One, Two, Unsupported};
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

        O::I32TruncF64S
        | O::I32TruncF64U
        | O::I64TruncF64S
        | O::I64TruncF64U
        | O::I32TruncF32S
        | O::I32TruncF32U
        | O::I64TruncF32S
        | O::I64TruncF32U => Unsupported(TRAPPING),
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
