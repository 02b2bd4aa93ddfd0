//! By what a file is told from another one of its name, and from itself before a change.

use std::{fs::Metadata, time::SystemTime};

/// What changes with a file that is written, replaced, or linked elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) modified: Option<SystemTime>,
    pub(crate) bytes: u64,
    /// Device, inode, and when it was changed, where there are such.
    pub(crate) unix: Option<(u64, u64, i64, i64)>,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let unix = {
            use std::os::unix::fs::MetadataExt as _;

            Some((metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let unix = None;
        Self { modified: metadata.modified().ok(), bytes: metadata.len(), unix }
    }
}
