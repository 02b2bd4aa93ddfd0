//! What is opened, and what is there instead.

use std::{fmt, io};

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Access {
    Read,
    /// To read, cut off and append; what is written under this name shows under no other.
    Append,
    /// To lock; it is made if it is not there.
    Lock,
}

/// Something is there, and not what belongs there.
#[derive(Debug)]
pub(crate) struct Unexpected {
    expected: &'static str,
    got: String,
}

impl Unexpected {
    pub(crate) fn error(expected: &'static str, got: impl Into<String>) -> io::Error {
        io::Error::other(Self { expected, got: got.into() })
    }
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, got {}", self.expected, self.got)
    }
}

impl std::error::Error for Unexpected {}

pub(crate) const FOLDER: &str = "a folder";
pub(crate) const FILE: &str = "a regular file";
