//! The segment that is written.

use std::fs::File;

use crate::{
    disk,
    error::LedgerError,
    folder::{Folder, segment_name},
    queue::Batch,
};

/// The segment that is written.
#[derive(Debug)]
pub(crate) struct Segment {
    folder: Folder,
    number: u64,
    /// None before the first one is made.
    file: Option<File>,
}

impl Segment {
    pub(crate) const fn new(folder: Folder, number: u64, file: Option<File>) -> Self {
        Self { folder, number, file }
    }

    /// Writes batches so that they last.
    pub(crate) fn write(&mut self, batches: &[Batch]) -> Result<(), LedgerError> {
        for batch in batches {
            self.write_batch(batch)?;
        }
        Ok(())
    }

    fn write_batch(&mut self, batch: &Batch) -> Result<(), LedgerError> {
        let Folder { dir, disk, .. } = &self.folder;
        let name = segment_name(batch.segment);
        let (file, made) = match &self.file {
            Some(file) if self.number == batch.segment => (file, false),
            _ => {
                let file = disk.create(dir, &name).map_err(self.folder.io(&name))?;
                self.number = batch.segment;
                (&*self.file.insert(file), true)
            }
        };
        disk::write_all(&**disk, file, batch.bytes.as_bytes())
            .and_then(|()| disk.sync(file))
            .map_err(self.folder.io(&name))?;
        if made { self.folder.sync() } else { Ok(()) }
    }
}
