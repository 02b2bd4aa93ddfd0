//! The glue between the engine and the component model.
//!
//! With the allocator in `heap`, the only place that knows of WebAssembly and has unsafe code:
//! bindings, panic handler, and the table that keeps the soft-float routines in the module.
#![expect(unsafe_code, reason = "C ABI and generated bindings")]

use alloc::{string::String, vec::Vec};

use core::cell::RefCell;

use bindings::exports::sigmapol::policy::{engine as wit, prepared};

/// Generated from `wit/policy.wit`.
mod bindings {
    #![allow(missing_docs, clippy::all, reason = "generated code")]
    wit_bindgen::generate!({ path: "../wit", world: "sigmapol", generate_all });
}

struct Engine;

bindings::export!(Engine with_types_in bindings);

impl wit::Guest for Engine {
    fn admit(term: String, vocabulary: String) -> Result<wit::Admission, wit::Refusal> {
        HEAP.run();
        Ok(crate::admit(&term, &vocabulary)?.into())
    }

    fn hash(term: String, vocabulary: String) -> Result<String, wit::Refusal> {
        HEAP.run();
        Ok(crate::hash(&term, &vocabulary)?)
    }

    fn decide(policy: String, ctx: String) -> Result<wit::Decision, wit::Refusal> {
        HEAP.run();
        Ok(crate::decide(&policy, &ctx)?.into())
    }

    fn step(run: Option<String>, event: String) -> Result<wit::Turn, wit::Refusal> {
        HEAP.run();
        Ok(crate::step(run.as_deref(), &event)?.into())
    }
}

/// What this instance holds.
struct Place(RefCell<Held>);

enum Held {
    Nothing,
    Catalog(crate::Prepared),
    Router(crate::PreparedRouter),
}

// SAFETY: the module has no threads: it is valid without the feature.
unsafe impl Sync for Place {}

static PLACE: Place = Place(RefCell::new(Held::Nothing));

impl Place {
    /// Puts something in that stays; once. What comes back is read from it before.
    fn load<H, T>(
        &self,
        what: &str,
        load: impl FnOnce() -> Result<H, crate::Refusal>,
        tell: impl FnOnce(&H) -> T,
        hold: impl FnOnce(H) -> Held,
    ) -> Result<T, wit::Refusal> {
        let mut held = self.0.borrow_mut();
        if !matches!(*held, Held::Nothing) {
            return Err(unfit(what, "nothing to be loaded, an instance has one catalog or router"));
        }
        let loaded = load()?;
        let told = tell(&loaded);
        *held = hold(loaded);
        HEAP.settle();
        Ok(told)
    }

    fn catalog<T>(
        &self,
        verb: impl FnOnce(&mut crate::Prepared) -> Result<T, crate::Refusal>,
    ) -> Result<T, wit::Refusal> {
        match &mut *self.0.borrow_mut() {
            Held::Catalog(catalog) => Ok(verb(catalog)?),
            _ => Err(unfit("catalog", "one to be loaded")),
        }
    }

    fn router<T>(
        &self,
        verb: impl FnOnce(&mut crate::PreparedRouter) -> Result<T, crate::Refusal>,
    ) -> Result<T, wit::Refusal> {
        match &mut *self.0.borrow_mut() {
            Held::Router(router) => Ok(verb(router)?),
            _ => Err(unfit("router", "one to be loaded")),
        }
    }
}

/// A verb that does not fit what the instance holds.
fn unfit(what: &str, expected: &str) -> wit::Refusal {
    crate::context::refuse(alloc::format!("{what}: expected {expected}")).into()
}

impl prepared::Guest for Engine {
    fn load(catalog: String) -> Result<u32, wit::Refusal> {
        HEAP.run();
        let load = || crate::Prepared::load(&catalog);
        PLACE.load("catalog", load, crate::Prepared::candidates, Held::Catalog)
    }

    fn policy(term: String, options: String) -> Result<u32, wit::Refusal> {
        HEAP.run();
        let number = PLACE.catalog(|catalog| catalog.policy(&term, &options))?;
        HEAP.settle();
        Ok(number)
    }

    fn patch(changes: String) -> Result<u32, wit::Refusal> {
        HEAP.run();
        PLACE.catalog(|catalog| catalog.patch(&changes))
    }

    fn decide(policy: u32, ctx: String) -> Result<prepared::Choice, wit::Refusal> {
        HEAP.run();
        Ok(PLACE.catalog(|catalog| catalog.decide(policy, &ctx))?.into())
    }

    fn load_router(router: String) -> Result<String, wit::Refusal> {
        HEAP.run();
        let load = || crate::PreparedRouter::load(&router);
        PLACE.load("router", load, |router| router.candidates().into(), Held::Router)
    }

    fn restate(state: String) -> Result<(), wit::Refusal> {
        HEAP.run();
        PLACE.router(|router| router.restate(&state))
    }

    fn rank(ask: String) -> Result<prepared::Choice, wit::Refusal> {
        HEAP.run();
        Ok(PLACE.router(|router| router.rank(&ask))?.into())
    }
}

impl From<crate::Choice> for prepared::Choice {
    fn from(choice: crate::Choice) -> Self {
        let crate::Choice {
            identity,
            ordered,
            scores,
            rejected,
            why,
            reasons,
            request,
            reactions,
            cost,
        } = choice;
        let reactions = convert(reactions);
        Self { identity, ordered, scores, rejected, why, reasons, request, reactions, cost }
    }
}

impl From<crate::Sort> for wit::Sort {
    fn from(sort: crate::Sort) -> Self {
        use crate::Sort as S;
        match sort {
            S::Pred => Self::Pred,
            S::Scorer => Self::Scorer,
            S::Selector => Self::Selector,
            S::Xform => Self::Xform,
            S::FailPlan => Self::FailPlan,
            S::Policy => Self::Policy,
        }
    }
}

impl From<crate::RefusalCode> for wit::RefusalCode {
    fn from(code: crate::RefusalCode) -> Self {
        use crate::RefusalCode as C;
        match code {
            C::JsonSyntax => Self::JsonSyntax,
            C::JsonDuplicateKey => Self::JsonDuplicateKey,
            C::JsonNull => Self::JsonNull,
            C::JsonNumber => Self::JsonNumber,
            C::JsonNesting => Self::JsonNesting,
            C::InputSize => Self::InputSize,
            C::TermDepth => Self::TermDepth,
            C::TermNodes => Self::TermNodes,
            C::TermShape => Self::TermShape,
            C::UnknownOp => Self::UnknownOp,
            C::Arity => Self::Arity,
            C::SortMismatch => Self::SortMismatch,
            C::Parameter => Self::Parameter,
            C::Strict => Self::Strict,
            C::Vocabulary => Self::Vocabulary,
            C::NotAPolicy => Self::NotAPolicy,
            C::UnknownCustom => Self::UnknownCustom,
            C::Ctx => Self::Ctx,
            C::Seed => Self::Seed,
            C::Event => Self::Event,
            C::Run => Self::Run,
            C::Config => Self::Config,
            C::Flow => Self::Flow,
            C::Unsupported => Self::Unsupported,
        }
    }
}

impl From<crate::Refusal> for wit::Refusal {
    fn from(refusal: crate::Refusal) -> Self {
        Self { code: refusal.code.into(), message: refusal.message }
    }
}

impl From<crate::Admission> for wit::Admission {
    fn from(admission: crate::Admission) -> Self {
        let crate::Admission { sort, identity, canonical, fingerprint, nodes, depth } = admission;
        Self { sort: sort.into(), identity, canonical, fingerprint, nodes, depth }
    }
}

impl From<crate::Ranked> for wit::Ranked {
    fn from(ranked: crate::Ranked) -> Self {
        Self { candidate: ranked.candidate, score: ranked.score }
    }
}

impl From<crate::Rejected> for wit::Rejected {
    fn from(rejected: crate::Rejected) -> Self {
        Self { candidate: rejected.candidate, reason: rejected.reason }
    }
}

impl From<crate::Reaction> for wit::Reaction {
    fn from(reaction: crate::Reaction) -> Self {
        Self { action: reaction.action, backoff_ms: reaction.backoff_ms }
    }
}

impl From<crate::Decision> for wit::Decision {
    fn from(decision: crate::Decision) -> Self {
        let crate::Decision { identity, ordered, rejected, request, reactions, cost } = decision;
        Self {
            identity,
            ordered: convert(ordered),
            rejected: convert(rejected),
            request,
            reactions: convert(reactions),
            cost,
        }
    }
}

impl From<crate::Effect> for wit::Effect {
    fn from(effect: crate::Effect) -> Self {
        match effect {
            crate::Effect::Call(request) => Self::Call(request),
            crate::Effect::Wait(time_ms) => Self::Wait(time_ms),
            crate::Effect::Done(outcome) => Self::Done(outcome),
        }
    }
}

impl From<crate::Turn> for wit::Turn {
    fn from(turn: crate::Turn) -> Self {
        let crate::Turn { run, state, effect, logs, cost } = turn;
        Self { run, state, effect: effect.into(), logs, cost }
    }
}

fn convert<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

#[global_allocator]
static HEAP: crate::heap::Heap = crate::heap::Heap::new();

/// A panic is a defect of the engine: the host sees the trap `unreachable`.
///
/// The message is not used, so that neither it nor the formatting code is in the module.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// How the host asks for memory to put its arguments in; the C library that would bring it is not
/// linked in whole.
///
/// # Safety
///
/// Called by the canonical ABI alone, which passes what an earlier call returned, or null and 0.
#[cfg(not(any(target_env = "", target_env = "p1")))] // where wit-bindgen brings its own
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_len: usize,
    align: usize,
    new_len: usize,
) -> *mut u8 {
    use alloc::alloc::{Layout, alloc, realloc};
    HEAP.begin();
    if new_len == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: by the canonical ABI `align` is a power of two, and `old` is a block of this
    // allocator with this length and alignment whenever `old_len` is not 0.
    let block = unsafe {
        if old_len == 0 {
            alloc(Layout::from_size_align_unchecked(new_len, align))
        } else {
            realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len)
        }
    };
    if block.is_null() {
        core::arch::wasm32::unreachable()
    }
    block
}

/// The routines of the compiler's runtime library that the `defloat` pass calls in place of the
/// float operators. Nothing calls them before that pass, so the linker needs a reason to keep them.
/// The engine computes in `f64` alone; the pass says so if a routine is missing.
mod soft_float {
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
}
