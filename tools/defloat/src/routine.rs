//! The soft-float routines, by the names that libgcc gave them and LLVM and Rust kept.
//!
//! Types are those after lowering: an `f64` travels as the `i64` of its bits, an `f32` as an `i32`.
//!
//! A comparison routine returns an `i32` to compare with 0. For unordered operands (a NaN), `__eq`,
//! `__ne`, `__lt` and `__le` return 1 and `__gt` and `__ge` return −1, so that every comparison but
//! `ne` is false.

use wasmparser::ValType::{self, I32, I64};

/// A function looked for by name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Routine {
    pub name: &'static str,
    /// Other routines that do. Libraries make one function of several comparisons, and the name
    /// section then lists it under one of their names.
    pub aliases: &'static [&'static str],
    pub params: &'static [ValType],
    pub result: ValType,
}

macro_rules! routines {
    ($($id:ident = $name:literal $(or $alias:literal)* ($($param:ident),*) $result:ident;)*) => {
        $(pub(crate) const $id: &Routine = &Routine {
            name: $name,
            aliases: &[$($alias),*],
            params: &[$($param),*],
            result: $result,
        };)*

        /// Every routine that some operator may need.
        pub(crate) const ALL: &[&Routine] = &[$($id),*];
    };
}

routines! {
    ADD64 = "__adddf3" (I64, I64) I64;
    SUB64 = "__subdf3" (I64, I64) I64;
    MUL64 = "__muldf3" (I64, I64) I64;
    DIV64 = "__divdf3" (I64, I64) I64;
    EQ64 = "__eqdf2" or "__nedf2" or "__ledf2" or "__ltdf2" or "__ledf2" or "__ltdf2" (I64, I64) I32;
    NE64 = "__nedf2" or "__eqdf2" or "__ledf2" or "__ltdf2" or "__ledf2" or "__ltdf2" (I64, I64) I32;
    LT64 = "__ltdf2" or "__ledf2" or "__ltdf2" (I64, I64) I32;
    LE64 = "__ledf2" or "__ltdf2" (I64, I64) I32;
    GT64 = "__gtdf2" or "__gedf2" or "__gtdf2" (I64, I64) I32;
    GE64 = "__gedf2" or "__gtdf2" (I64, I64) I32;
    I32_TO_64 = "__floatsidf" (I32) I64;
    U32_TO_64 = "__floatunsidf" (I32) I64;
    I64_TO_64 = "__floatdidf" (I64) I64;
    U64_TO_64 = "__floatundidf" (I64) I64;
    I32_FROM_64 = "__fixdfsi" (I64) I32;
    U32_FROM_64 = "__fixunsdfsi" (I64) I32;
    I64_FROM_64 = "__fixdfdi" (I64) I64;
    U64_FROM_64 = "__fixunsdfdi" (I64) I64;

    ADD32 = "__addsf3" (I32, I32) I32;
    SUB32 = "__subsf3" (I32, I32) I32;
    MUL32 = "__mulsf3" (I32, I32) I32;
    DIV32 = "__divsf3" (I32, I32) I32;
    EQ32 = "__eqsf2" or "__nesf2" or "__lesf2" or "__ltsf2" or "__lesf2" or "__ltsf2" (I32, I32) I32;
    NE32 = "__nesf2" or "__eqsf2" or "__lesf2" or "__ltsf2" or "__lesf2" or "__ltsf2" (I32, I32) I32;
    LT32 = "__ltsf2" or "__lesf2" or "__ltsf2" (I32, I32) I32;
    LE32 = "__lesf2" or "__ltsf2" (I32, I32) I32;
    GT32 = "__gtsf2" or "__gesf2" or "__gtsf2" (I32, I32) I32;
    GE32 = "__gesf2" or "__gtsf2" (I32, I32) I32;
    I32_TO_32 = "__floatsisf" (I32) I32;
    U32_TO_32 = "__floatunsisf" (I32) I32;
    I64_TO_32 = "__floatdisf" (I64) I32;
    U64_TO_32 = "__floatundisf" (I64) I32;
    I32_FROM_32 = "__fixsfsi" (I32) I32;
    U32_FROM_32 = "__fixunssfsi" (I32) I32;
    I64_FROM_32 = "__fixsfdi" (I32) I64;
    U64_FROM_32 = "__fixunssfdi" (I32) I64;

    PROMOTE = "__extendsfdf2" (I32) I64;
    DEMOTE = "__truncdfsf2" (I64) I32;

    // The C library's names of the rest. wasm's min and max return a NaN when either operand is
    // one and order −0 before +0: that is `fminimum`, not `fmin`.
    SQRT64 = "sqrt" (I64) I64;
    CEIL64 = "ceil" (I64) I64;
    FLOOR64 = "floor" (I64) I64;
    TRUNC64 = "trunc" (I64) I64;
    NEAREST64 = "roundeven" (I64) I64;
    MIN64 = "fminimum" (I64, I64) I64;
    MAX64 = "fmaximum" (I64, I64) I64;
    SQRT32 = "sqrtf" (I32) I32;
    CEIL32 = "ceilf" (I32) I32;
    FLOOR32 = "floorf" (I32) I32;
    TRUNC32 = "truncf" (I32) I32;
    NEAREST32 = "roundevenf" (I32) I32;
    MIN32 = "fminimumf" (I32, I32) I32;
    MAX32 = "fmaximumf" (I32, I32) I32;
}
