//! A folder, and the files in it, opened so that nothing outside of it is reached.
//!
//! A folder that somebody handed over may have links, pipes and devices in the places of files. A
//! name is never followed out of the folder, only regular files are opened, and opening never
//! waits. Where the system has `openat` and `O_NOFOLLOW` this holds against somebody who changes
//! the folder meanwhile, too; elsewhere the kind of a file is asked before it is opened.

pub(crate) mod access;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{Dir, make_all};

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::{Dir, make_all};
