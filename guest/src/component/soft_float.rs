//! The routines of the compiler's runtime library that the `defloat` pass calls in place of the
//! float operators. Nothing calls them before that pass, so the linker needs a reason to keep them.
//! The engine computes in `f64` alone; the pass says so if a routine is missing.
#![expect(unsafe_code, reason = "C ABI")]

type Arithmetic = unsafe extern "C" fn(f64, f64) -> f64;
type Comparison = unsafe extern "C" fn(f64, f64) -> i32;

unsafe extern "C" {
    fn __adddf3(a: f64, b: f64) -> f64;
    fn __subdf3(a: f64, b: f64) -> f64;
    fn __muldf3(a: f64, b: f64) -> f64;
    fn __divdf3(a: f64, b: f64) -> f64;

    fn __eqdf2(a: f64, b: f64) -> i32;
    fn __nedf2(a: f64, b: f64) -> i32;
    fn __ltdf2(a: f64, b: f64) -> i32;
    fn __ledf2(a: f64, b: f64) -> i32;
    fn __gtdf2(a: f64, b: f64) -> i32;
    fn __gedf2(a: f64, b: f64) -> i32;

    fn __floatsidf(a: i32) -> f64;
    fn __floatunsidf(a: u32) -> f64;
    fn __floatdidf(a: i64) -> f64;
    fn __floatundidf(a: u64) -> f64;

    fn __fixdfsi(a: f64) -> i32;
    fn __fixunsdfsi(a: f64) -> u32;
    fn __fixdfdi(a: f64) -> i64;
    fn __fixunsdfdi(a: f64) -> u64;
}

#[used]
static ARITHMETIC: [Arithmetic; 4] = [__adddf3, __subdf3, __muldf3, __divdf3];
#[used]
static COMPARISONS: [Comparison; 6] = [__eqdf2, __nedf2, __ltdf2, __ledf2, __gtdf2, __gedf2];
#[used]
static FROM_I32: unsafe extern "C" fn(i32) -> f64 = __floatsidf;
#[used]
static FROM_U32: unsafe extern "C" fn(u32) -> f64 = __floatunsidf;
#[used]
static FROM_I64: unsafe extern "C" fn(i64) -> f64 = __floatdidf;
#[used]
static FROM_U64: unsafe extern "C" fn(u64) -> f64 = __floatundidf;
#[used]
static TO_I32: unsafe extern "C" fn(f64) -> i32 = __fixdfsi;
#[used]
static TO_U32: unsafe extern "C" fn(f64) -> u32 = __fixunsdfsi;
#[used]
static TO_I64: unsafe extern "C" fn(f64) -> i64 = __fixdfdi;
#[used]
static TO_U64: unsafe extern "C" fn(f64) -> u64 = __fixunsdfdi;
