//! Compiled code, kept between processes.
//!
//! A cached file is machine code that this process will run, so it is trusted on two conditions.
//! *Nobody else can have written it*: the folder and the file belong to this user and are writable
//! by no one else (on systems without such owners, the folder of the user's profile stands for
//! that). *It is whole*: its own SHA-256 stands in front of it. A file that fails either is as good
//! as absent, and is replaced. The digest guards against damage, not against someone with this
//! user's rights, who could as well replace the program itself.
//!
//! The variable `SIGMAPOL_CACHE_DIR` names another folder; empty, it switches the cache off.

use std::{
    env, fs, io,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;
use sha2::{Digest as _, Sha256};

use crate::file;

/// First bytes of a cached file.
const MAGIC: &[u8; 16] = b"sigmapol code 1\n";

/// Length of a SHA-256 digest, in bytes.
const DIGEST_BYTES: usize = 32;

/// The largest file that is read back, in bytes: compiled code is some ten times its component.
const MAX_BYTES: u64 = 64 << 20;

/// Where compiled code is kept, if anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// `SIGMAPOL_CACHE_DIR`, or `sigmapol` in the cache folder of this user.
    pub fn of_user() -> Self {
        match env::var_os("SIGMAPOL_CACHE_DIR") {
            Some(folder) if folder.is_empty() => Self::disabled(),
            Some(folder) => Self::at(folder),
            None => Self {
                folder: etcetera::choose_base_strategy()
                    .ok()
                    .map(|strategy| strategy.cache_dir().join("sigmapol")),
            },
        }
    }

    /// A folder, created when it is first needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// No cache: every process compiles for itself.
    pub const fn disabled() -> Self {
        Self { folder: None }
    }

    pub(crate) const fn is_enabled(&self) -> bool {
        self.folder.is_some()
    }

    /// The content of a file that is trusted and whole.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let folder = self.folder.as_deref()?;
        if !is_ours(&fs::metadata(folder).ok()?) {
            return None;
        }
        let file = file::open(&folder.join(name)).ok()?;
        if !is_ours(&file.metadata().ok()?) {
            return None;
        }
        let mut content = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut content).ok()?;
        let rest = content.strip_prefix(MAGIC)?;
        let (digest, code) = rest.split_at_checked(DIGEST_BYTES)?;
        (Sha256::digest(code).as_slice() == digest).then(|| code.to_vec())
    }

    /// Writes a file, whole or not at all. A cache that cannot be written is no error: it only
    /// saves time.
    pub(crate) fn write(&self, name: &str, code: &[u8]) {
        if let Some(folder) = self.folder.as_deref() {
            let _ = write(folder, name, code);
        }
    }
}

fn write(folder: &Path, name: &str, code: &[u8]) -> io::Result<()> {
    create(folder)?;
    if !is_ours(&fs::metadata(folder)?) {
        return Ok(());
    }
    // of this user alone, by how temporary files are made
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(MAGIC)?;
    file.write_all(&Sha256::digest(code))?;
    file.write_all(code)?;
    file.persist(folder.join(name))?;
    Ok(())
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Belongs to this user, and nobody else may write to it.
#[cfg(unix)]
fn is_ours(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

/// The cache folder is in the user's own profile, which the system keeps from others.
#[cfg(not(unix))]
fn is_ours(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        (folder, cache)
    }

    #[test]
    fn what_was_written_is_read() {
        let (_folder, cache) = cache();
        assert_eq!(cache.read("code"), None);
        cache.write("code", b"machine code");
        assert_eq!(cache.read("code").unwrap(), b"machine code");
        assert_eq!(cache.read("other"), None);
    }

    #[test]
    fn a_damaged_file_is_absent_and_replaced() {
        let (folder, cache) = cache();
        cache.write("code", b"machine code");
        let path = folder.path().join("code");
        let whole = fs::read(&path).unwrap();
        for damaged in [&whole[..whole.len() - 1], &whole[..20], b"", b"something else"] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.read("code"), None);
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        fs::write(&path, flipped).unwrap();
        assert_eq!(cache.read("code"), None);
        cache.write("code", b"machine code");
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[cfg(unix)]
    #[test]
    fn what_others_can_write_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt as _;

        let (folder, cache) = cache();
        cache.write("code", b"machine code");
        let path = folder.path().join("code");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(cache.read("code"), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(cache.read("code").is_some());
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(cache.read("code"), None);
    }

    #[test]
    fn no_folder_no_cache() {
        let cache = Cache::disabled();
        cache.write("code", b"machine code");
        assert_eq!(cache.read("code"), None);
    }
}
