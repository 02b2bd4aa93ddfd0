//! How wasmtime is set up.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures,
};

use crate::{
    Error,
    limits::{INSTANCES, MEMORY_BYTES, TABLE_ELEMENTS},
};

/// Calls that can run at the same time. A slot is address space, 4 GiB of it and a guard, and no
/// memory until it is used: more slots than threads that a process would run, at 1 TiB.
pub(super) const SLOTS: u32 = 256;

/// Linear memory that a slot keeps between calls, to be cleared by writing instead of by giving
/// the pages back: a typical call touches less, and page faults are most of what an instance costs.
const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// The same for the table: its few hundred functions are looked up when they are first called.
const KEEP_TABLE_BYTES: usize = 1 << 16;

/// Address space that a memory gets at the start where there is no pool, and each time that it has
/// outgrown what it has. It moves then, and all of it is copied: in steps of a page or a MiB that is
/// once a MiB, which for the largest ctx made half a second half a minute. In steps of a quarter of
/// the limit it moves three times at most, and a typical call never.
const GROWTH_BYTES: usize = MEMORY_BYTES / 4;

/// What the component is built without. A component that needs any of it is not loaded.
const FEATURES_OFF: [WasmFeatures; 16] = [
    WasmFeatures::FLOATS,
    WasmFeatures::SIMD,
    WasmFeatures::RELAXED_SIMD,
    WasmFeatures::SATURATING_FLOAT_TO_INT,
    WasmFeatures::REFERENCE_TYPES,
    WasmFeatures::FUNCTION_REFERENCES,
    WasmFeatures::GC,
    WasmFeatures::GC_TYPES,
    WasmFeatures::EXCEPTIONS,
    WasmFeatures::TAIL_CALL,
    WasmFeatures::THREADS,
    WasmFeatures::MULTI_MEMORY,
    WasmFeatures::MEMORY64,
    WasmFeatures::EXTENDED_CONST,
    WasmFeatures::CUSTOM_PAGE_SIZES,
    WasmFeatures::WIDE_ARITHMETIC,
];

/// A pooling engine; on a machine that has not the address space for its pool, one that takes
/// memory as it goes.
///
/// What it runs can be interrupted or not: looking at the clock costs an eighth of a call, and most
/// hosts leave time to the fuel.
pub(super) fn engine(interruptible: bool) -> Result<Engine, Error> {
    let with = |mut config: Config| Engine::new(config.epoch_interruption(interruptible));
    with(pooling())
        .or_else(|_| with(on_demand()))
        .map_err(|error| Error::Load(format!("{error:#}")))
}

fn pooling() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS)
        .total_memories(SLOTS)
        .total_tables(SLOTS)
        .max_memory_size(MEMORY_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .max_core_instances_per_component(count(INSTANCES))
        .max_memories_per_component(count(INSTANCES))
        .max_tables_per_component(count(INSTANCES))
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_TABLE_BYTES)
        // where the system can say which pages were touched, only those are cleared
        .pagemap_scan(Enabled::Auto);
    let mut config = common();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Slower, with bounds checks, but content with little address space: while a memory moves, what it
/// was and what it will be.
fn on_demand() -> Config {
    let mut config = common();
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(GROWTH_BYTES as u64)
        .memory_reservation_for_growth(GROWTH_BYTES as u64)
        .memory_guard_size(0);
    config
}

fn common() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        // nobody reads them, and they would tell of this machine
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    for feature in FEATURES_OFF {
        config.wasm_features(feature, false);
    }
    config
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_allocators_are_accepted() {
        Engine::new(&pooling()).unwrap();
        Engine::new(&on_demand()).unwrap();
    }

    /// A guest asks for a page at a time, and what it has is not copied for each.
    #[test]
    fn memory_moves_a_few_times() {
        const PAGE_BYTES: usize = 1 << 16;

        let engine = Engine::new(&on_demand()).unwrap();
        let mut store = wasmtime::Store::new(&engine, ());
        let most = u32::try_from(MEMORY_BYTES / PAGE_BYTES).unwrap();
        let kind = wasmtime::MemoryType::new(1, Some(most));
        let memory = wasmtime::Memory::new(&mut store, kind).unwrap();
        let mut places = vec![memory.data_ptr(&store)];
        for _ in 1..2 * GROWTH_BYTES / PAGE_BYTES + 2 {
            memory.grow(&mut store, 1).unwrap();
            let place = memory.data_ptr(&store);
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        assert!(memory.data_size(&store) > 2 * GROWTH_BYTES);
        // once for each growth that was outgrown
        assert_eq!(places.len() - 1, 2);
    }

    #[test]
    fn floats_are_refused() {
        // (module (func (result f64) f64.const 0))
        let module: &[u8] = &[
            0, b'a', b's', b'm', 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7c, 3, 2, 1, 0, 10, 13, 1, 11,
            0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b,
        ];
        for config in [pooling(), on_demand()] {
            let engine = Engine::new(&config).unwrap();
            let error = wasmtime::Module::new(&engine, module).unwrap_err();
            assert!(format!("{error:?}").contains("floating-point"), "{error:?}");
        }
    }
}
