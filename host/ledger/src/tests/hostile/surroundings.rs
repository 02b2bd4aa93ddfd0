//! A folder for a hostile ledger, and what lies around it and must not change.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use tempfile::TempDir;

use crate::{Digest, tests::random::Random};

pub(crate) struct Surroundings(TempDir);

impl Surroundings {
    pub(crate) fn new() -> Self {
        let around = Self(tempfile::tempdir().unwrap());
        let outside = around.outside();
        fs::create_dir_all(outside.join("folder")).unwrap();
        fs::create_dir(around.ledger()).unwrap();
        fs::write(outside.join("diary.txt"), "dear diary\n").unwrap();
        fs::write(outside.join("empty"), "").unwrap();
        fs::write(outside.join("folder/letter.txt"), "no line feed").unwrap();
        // a whole ledger of the user's, and one that a recovery would mend
        let whole = super::records::Chain::of(3).lines.concat();
        fs::write(outside.join("000001.jsonl"), &whole).unwrap();
        fs::write(outside.join("torn.jsonl"), &whole[..whole.len() - 20]).unwrap();
        around
    }

    pub(crate) fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.0.path().join("ledger")
    }

    /// The kind, the bits, the bytes of everything outside.
    pub(crate) fn digest(&self) -> BTreeMap<PathBuf, (u32, String)> {
        let mut found = BTreeMap::new();
        visit(&self.outside(), &mut found);
        found.remove(&self.ledger());
        let parent = fs::read_dir(self.0.path()).unwrap().count();
        found.insert(self.0.path().to_owned(), (0, parent.to_string()));
        found
    }

    /// The regular files that are segments, and their bytes; of a large one how many.
    pub(crate) fn segments(&self) -> BTreeMap<PathBuf, Digest> {
        let Ok(entries) = fs::read_dir(self.ledger()) else { return BTreeMap::new() };
        let regular = |path: &PathBuf| {
            fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
                && path.extension().is_some_and(|extension| extension == "jsonl")
        };
        let digest = |path: PathBuf| {
            let length = fs::metadata(&path).unwrap().len();
            let bytes = if length < 1 << 20 { fs::read(&path).unwrap() } else { Vec::new() };
            (path, Digest::of([&bytes, &length.to_be_bytes()[..]].concat()))
        };
        entries.map(|entry| entry.unwrap().path()).filter(regular).map(digest).collect()
    }

    /// Whether only what a writer may refuse is in no writer's way: each name is that of a file.
    pub(crate) fn is_writable(&self) -> bool {
        let plain = |path: PathBuf| {
            let Ok(metadata) = fs::symlink_metadata(path) else { return false };
            metadata.is_file() && metadata.nlink() == 1 && metadata.mode() & 0o600 == 0o600
        };
        let bits = fs::symlink_metadata(self.ledger()).map_or(0, |metadata| metadata.mode());
        let Ok(mut entries) = fs::read_dir(self.ledger()) else { return false };
        bits & 0o700 == 0o700 && entries.all(|entry| plain(entry.unwrap().path()))
    }

    /// Puts something in the place of a file; says what.
    pub(crate) fn replace(&self, path: &Path, random: &mut Random) -> String {
        let outside = self.outside();
        let file = random.pick(&["diary.txt", "empty", "000001.jsonl", "torn.jsonl"]);
        let kind = random.below(13);
        if kind != 12 {
            let _ = fs::remove_file(path);
            let _ = fs::remove_dir_all(path);
        }
        let node = |kind, device| {
            // a device takes a privilege; without it there is nothing
            mknodat(CWD, path, kind, Mode::from_raw_mode(0o666), device).is_ok()
        };
        let made = match kind {
            0 | 1 => symlink(outside.join(file), path).is_ok(),
            2 => symlink(Path::new("../outside").join(file), path).is_ok(),
            3 => symlink(outside.join("folder"), path).is_ok(),
            4 => symlink(outside.join("not-there"), path).is_ok(),
            5 => symlink(path, path).is_ok(),
            6 => symlink(random.pick(&["/dev/zero", "/dev/full", "/dev/tty"]), path).is_ok(),
            7 => fs::hard_link(outside.join(file), path).is_ok(),
            8 => fs::create_dir(path).is_ok(),
            9 => node(FileType::Fifo, 0),
            10 => node(FileType::CharacterDevice, makedev(1, random.pick(&[5, 7, 3]))),
            11 => std::os::unix::net::UnixListener::bind(path).is_ok(),
            _ => {
                let bits = random.pick(&[0o000, 0o200, 0o400, 0o4777]);
                fs::set_permissions(path, fs::Permissions::from_mode(bits)).is_ok()
            }
        };
        format!("{}: {kind} {file} {made}", path.file_name().unwrap().display())
    }
}

fn visit(path: &Path, found: &mut BTreeMap<PathBuf, (u32, String)>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let what = if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            visit(&entry.unwrap().path(), found);
        }
        String::new()
    } else if metadata.is_file() && metadata.len() < 1 << 20 {
        fs::read(path).unwrap_or_default().escape_ascii().to_string()
    } else {
        format!("{} {:?}", metadata.len(), fs::read_link(path).ok())
    };
    found.insert(path.to_owned(), (metadata.mode(), what));
}
