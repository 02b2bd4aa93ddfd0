//! What the store of one call remembers: its memory, and whether it asked for too much.

use wasmtime::ResourceLimiter;

use crate::limits::{INSTANCES, TABLE_ELEMENTS};

/// Bounds the memory of one call and keeps its high-water mark.
#[derive(Debug)]
pub(crate) struct Meter {
    limit_bytes: usize,
    peak_bytes: usize,
    /// A growth was refused. The guest's allocator then gives up with `unreachable`, so this is
    /// what tells an exhausted memory from a defect.
    refused: bool,
}

impl Meter {
    pub(super) const fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, peak_bytes: 0, refused: false }
    }

    pub(super) const fn peak_bytes(&self) -> usize {
        self.peak_bytes
    }

    pub(super) const fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // wasmtime refuses growth beyond the maximum of the module by itself, after this call
        let allowed =
            desired <= self.limit_bytes && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.peak_bytes = self.peak_bytes.max(desired);
        } else {
            self.refused = true;
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true; // the machine itself has no more
        Ok(())
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_a_refused_growth() {
        let mut meter = Meter::new(1000);
        assert!(meter.memory_growing(0, 600, Some(800)).unwrap());
        assert!(!meter.refused());
        assert!(!meter.memory_growing(600, 900, Some(800)).unwrap());
        assert!(meter.refused());
        assert_eq!(meter.peak_bytes(), 600);

        let mut meter = Meter::new(1000);
        assert!(!meter.memory_growing(0, 1001, None).unwrap());
        assert!(meter.refused());
    }
}
