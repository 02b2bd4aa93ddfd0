//! Results on their way out: checked reads from the guest's memory.

use wasmtime::{bail, format_err};

use crate::runtime::ResultTooLarge;

/// Reads the fields of a value in order, each at its alignment, as the canonical ABI lays them out.
///
/// Nothing the guest wrote is believed: every read is within the memory, and all that is copied
/// out counts against a budget.
pub struct Reader<'m> {
    memory: &'m [u8],
    at: usize,
    budget: usize,
}

impl<'m> Reader<'m> {
    /// Starts at a pointer, with `budget` bytes to copy out.
    pub fn new(memory: &'m [u8], pointer: u32, budget: usize) -> Self {
        Self { memory, at: widen(pointer), budget }
    }

    /// Moves on to the next multiple of a power of two.
    pub const fn align(&mut self, alignment: usize) {
        self.at = self.at.next_multiple_of(alignment);
    }

    fn bytes<const N: usize>(&mut self) -> wasmtime::Result<[u8; N]> {
        self.align(N);
        let bytes = self
            .memory
            .get(self.at..)
            .and_then(|rest| rest.first_chunk())
            .ok_or_else(|| format_err!("a result out of bounds of the memory"))?;
        self.at += N;
        Ok(*bytes)
    }

    /// The number of a case: a discriminant or an enum.
    pub fn case(&mut self) -> wasmtime::Result<u8> {
        Ok(u8::from_le_bytes(self.bytes()?))
    }

    pub fn u32(&mut self) -> wasmtime::Result<u32> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    pub fn u64(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    pub fn f64(&mut self) -> wasmtime::Result<f64> {
        Ok(f64::from_le_bytes(self.bytes()?))
    }

    pub fn string(&mut self) -> wasmtime::Result<String> {
        let pointer = widen(self.u32()?);
        let len = widen(self.u32()?);
        let end = pointer.checked_add(len);
        let bytes = end
            .and_then(|end| self.memory.get(pointer..end))
            .ok_or_else(|| format_err!("a string out of bounds of the memory"))?;
        self.spend(len)?;
        Ok(str::from_utf8(bytes)?.to_owned())
    }

    /// An optional string.
    pub fn option(&mut self) -> wasmtime::Result<Option<String>> {
        let case = self.case()?;
        self.align(4);
        match case {
            0 => {
                self.at += 8; // the room of the string
                Ok(None)
            }
            1 => self.string().map(Some),
            _ => bail!("an unknown case of an option"),
        }
    }

    /// A list of elements that take `stride` bytes each and are aligned to `alignment`.
    pub fn list<T>(
        &mut self,
        stride: usize,
        alignment: usize,
        element: fn(&mut Reader<'m>) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<Vec<T>> {
        let pointer = widen(self.u32()?);
        let len = widen(self.u32()?);
        let size = len.checked_mul(stride);
        let end = size.and_then(|size| pointer.checked_add(size));
        if end.is_none_or(|end| end > self.memory.len()) || !pointer.is_multiple_of(alignment) {
            bail!("a list out of bounds of the memory");
        }
        // what the copy takes here may be more than what it took there
        self.spend(len.saturating_mul(stride.max(size_of::<T>())))?;
        let mut items = Vec::with_capacity(len);
        let mut reader = Reader { memory: self.memory, at: pointer, budget: self.budget };
        for index in 0..len {
            reader.at = pointer + index * stride;
            items.push(element(&mut reader)?);
        }
        self.budget = reader.budget;
        Ok(items)
    }

    fn spend(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.budget = self.budget.checked_sub(bytes).ok_or(ResultTooLarge)?;
        Ok(())
    }
}

/// A pointer of the guest as an index here. (No host of wasmtime has fewer than 32 bits.)
const fn widen(pointer: u32) -> usize {
    pointer as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_at_their_alignment() {
        let mut memory = vec![0; 64];
        memory[8] = 3;
        memory[12..16].copy_from_slice(&40_u32.to_le_bytes());
        memory[16..20].copy_from_slice(&5_u32.to_le_bytes());
        memory[24..32].copy_from_slice(&1.5_f64.to_le_bytes());
        memory[40..45].copy_from_slice(b"hello");
        let mut reader = Reader::new(&memory, 8, 100);
        assert_eq!(reader.case().unwrap(), 3);
        assert_eq!(reader.string().unwrap(), "hello");
        assert_eq!(reader.f64().unwrap(), 1.5);
    }

    #[test]
    fn absent_options_take_their_room() {
        let mut memory = vec![0; 32];
        memory[12] = 7;
        let mut reader = Reader::new(&memory, 0, 0);
        assert_eq!(reader.option().unwrap(), None);
        assert_eq!(reader.u32().unwrap(), 7);
        memory[0] = 2;
        assert!(Reader::new(&memory, 0, 0).option().is_err());
    }

    #[test]
    fn lists_have_a_stride() {
        let mut memory = vec![0; 64];
        memory[0..4].copy_from_slice(&16_u32.to_le_bytes());
        memory[4..8].copy_from_slice(&2_u32.to_le_bytes());
        memory[16] = 1;
        memory[32] = 2;
        let list = Reader::new(&memory, 0, 32).list(16, 8, Reader::u32).unwrap();
        assert_eq!(list, [1, 2]);
        let error = Reader::new(&memory, 0, 31).list(16, 8, Reader::u32).unwrap_err();
        assert!(error.is::<ResultTooLarge>());
    }

    #[test]
    fn nothing_is_read_outside_of_the_memory() {
        let memory = [0xff; 16];
        assert!(Reader::new(&memory, 13, 100).u32().is_err());
        assert!(Reader::new(&memory, u32::MAX, 100).case().is_err());
        assert!(Reader::new(&memory, 0, usize::MAX).string().is_err());
        assert!(Reader::new(&memory, 0, usize::MAX).list(16, 8, Reader::u32).is_err());
        let mut misaligned = [0; 64];
        misaligned[0] = 1;
        misaligned[4] = 1;
        assert!(Reader::new(&misaligned, 0, 100).list(16, 8, Reader::u32).is_err());
    }

    #[test]
    fn strings_are_utf8_and_within_the_budget() {
        let mut memory = [0; 16];
        memory[0] = 8;
        memory[4] = 2;
        memory[8..10].copy_from_slice(&[0xc3, 0xa9]);
        assert_eq!(Reader::new(&memory, 0, 2).string().unwrap(), "é");
        assert!(Reader::new(&memory, 0, 1).string().unwrap_err().is::<ResultTooLarge>());
        memory[9] = b'x';
        assert!(Reader::new(&memory, 0, 2).string().is_err());
    }
}
