//! The engine as a component: the verbs of the contract, and what a module without a standard
//! library has to bring itself.
//!
//! Only the files of this folder know of WebAssembly, and only they have unsafe code.
#![expect(unsafe_code, reason = "generated exports")]

mod bindings;
mod convert;
mod heap;
mod holding;
mod memory;
#[cfg(not(any(target_env = "", target_env = "p1")))] // where wit-bindgen brings its own
mod realloc;
mod soft_float;

use alloc::string::String;

use bindings::exports::sigmapol::policy::{engine as wit, prepared};
use heap::HEAP;
use holding::HOLDING;

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

impl prepared::Guest for Engine {
    fn load(catalog: String) -> Result<u32, wit::Refusal> {
        HEAP.run();
        HOLDING.load_catalog(&catalog)
    }

    fn policy(term: String, options: String) -> Result<u32, wit::Refusal> {
        HEAP.run();
        let number = HOLDING.catalog(|catalog| catalog.policy(&term, &options))?;
        HEAP.keep();
        Ok(number)
    }

    fn settle() {
        HEAP.settle();
    }

    fn patch(changes: String) -> Result<u32, wit::Refusal> {
        HEAP.run();
        HOLDING.catalog(|catalog| catalog.patch(&changes))
    }

    fn decide(policy: u32, ctx: String) -> Result<prepared::Choice, wit::Refusal> {
        HEAP.run();
        Ok(HOLDING.catalog(|catalog| catalog.decide(policy, &ctx))?.into())
    }

    fn load_router(router: String) -> Result<String, wit::Refusal> {
        HEAP.run();
        HOLDING.load_router(&router)
    }

    fn restate(state: String) -> Result<(), wit::Refusal> {
        HEAP.run();
        HOLDING.router(|router| {
            if router.make_room(state.len()) {
                HEAP.raise();
            }
            router.restate(&state)
        })
    }

    fn rank(ask: String) -> Result<prepared::Choice, wit::Refusal> {
        HEAP.run();
        Ok(HOLDING.router(|router| router.rank(&ask))?.into())
    }

    fn step(run: Option<String>, event: String) -> Result<wit::Turn, wit::Refusal> {
        HEAP.run();
        Ok(HOLDING.router(|router| router.step(run.as_deref(), &event))?.into())
    }
}

/// A panic is a defect of the engine: the host sees the trap `unreachable`.
///
/// The message is not used, so that neither it nor the formatting code is in the module.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
