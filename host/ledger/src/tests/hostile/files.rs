//! Hostile folders, made of whole ones by a few changes.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{OpenOptionsExt as _, PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{records::Chain, surroundings::Surroundings};
use crate::{Digest, tests::random::Random};

/// Numbers that a program may stumble over.
const NUMBERS: [&str; 9] = [
    "000000",
    "000007",
    "0000001",
    "000001 ",
    "999999",
    "1000000",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
];

/// Makes a ledger of several segments, and changes it; says how.
pub(crate) fn make(around: &Surroundings, random: &mut Random) -> Vec<String> {
    let folder = around.ledger();
    let mut done = Vec::new();
    let mut chain = Chain::new();
    let segments = 1 + random.below(3) as u64;
    let hostile_records = random.one_in(3);
    let mut last = (0, 0);
    for segment in 1..=segments {
        chain.open(segment);
        for n in 0..1 + random.below(6) {
            match hostile_records {
                true => done.push(chain.push_any(random).to_owned()),
                false => chain.push("note", &format!("{{\"n\":{n}}}")),
            }
        }
        let bytes = chain.lines.concat();
        last = (bytes.len() - chain.lines.last().unwrap().len(), bytes.len());
        fs::write(folder.join(format!("{segment:06}.jsonl")), bytes).unwrap();
        if segment < segments {
            chain.lines.clear();
        }
    }
    if random.one_in(2) {
        let text = checkpoint(&chain, segments, last, random);
        fs::write(folder.join("checkpoint.json"), text).unwrap();
        done.push("checkpoint".to_owned());
    }
    for _ in 0..random.below(4) {
        done.push(change(around, segments, random));
    }
    done
}

/// A checkpoint that is true, or nearly.
fn checkpoint(
    chain: &Chain,
    segment: u64,
    (last, next): (usize, usize),
    random: &mut Random,
) -> String {
    let mut member = |truth: u64| match random.one_in(8) {
        true => random.pick(&[0, 1, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1]),
        false => truth,
    };
    let number = member(chain.number.wrapping_sub(1));
    let lines = member(chain.lines.len() as u64);
    let (last, next) = (member(last as u64), member(next as u64));
    let (segment, text_segment) = (member(segment), member(1));
    let offset = member(u64::MAX);
    let text = Digest::of("a text");
    format!(
        "{{\"format\":\"sigmapol-ledger-checkpoint/v1\",\"number\":{number},\"seal\":\"{}\",\
         \"last\":{{\"segment\":{segment},\"offset\":{last}}},\
         \"next\":{{\"segment\":{segment},\"offset\":{next}}},\"lines\":{lines},\
         \"texts\":[[\"{text}\",{text_segment},{offset}]]}}",
        chain.prev
    )
}

fn change(around: &Surroundings, segments: u64, random: &mut Random) -> String {
    let folder = around.ledger();
    let segment = folder.join(format!("{:06}.jsonl", 1 + random.next() % segments));
    let quarantine = folder.join("quarantine");
    match random.below(20) {
        0 => around.replace(&segment, random),
        1 => around.replace(&folder.join("checkpoint.json"), random),
        2 => around.replace(&folder.join("LOCK"), random),
        3 => around.replace(&folder.join(".checkpoint.new.tmp"), random),
        4 => around.replace(&folder.join(".checkpoint.x.tmp"), random),
        5 => around.replace(&quarantine, random),
        6..9 => {
            // what a recovery would make next, and what it would make of another one
            let torn = cut(&segment, random);
            let pending = pending(&quarantine, &segment, &torn, random);
            let done = format!("{torn:?}, {}", around.replace(&pending, random));
            let told = pending.with_extension("torn");
            if random.one_in(2) { around.replace(&told, random) } else { done }
        }
        9 => format!("{:?}", cut(&segment, random)),
        10 | 11 => {
            let name = random.pick(&NUMBERS);
            let other = folder.join(format!("{name}.jsonl"));
            match random.below(3) {
                0 => fs::rename(&segment, other).is_ok(),
                1 => write(&other, b"").is_ok(),
                _ => symlink(around.outside().join("000001.jsonl"), other).is_ok(),
            };
            format!("a segment {name}")
        }
        12 => {
            let name = random.pick(&["checkpoint.json", "000001.jsonl", "000002.jsonl", "LOCK"]);
            let bytes = random.pick(&[1 << 30, 1 << 40, (1 << 63) - 1]);
            let made = open(OpenOptions::new().append(true), &folder.join(name));
            format!("{name} of {bytes} bytes: {:?}", made.and_then(|file| file.set_len(bytes)))
        }
        13 => {
            let text = random.pick(&["[", "{\"a\":", "{\"format\":\"", "\"", "\0"]).repeat(100_000);
            format!("a checkpoint: {:?}", write(&folder.join("checkpoint.json"), text.as_bytes()))
        }
        14 => {
            let bits = random.pick(&[0o000, 0o100, 0o300, 0o500, 0o777]);
            fs::set_permissions(&folder, fs::Permissions::from_mode(bits)).unwrap();
            format!("the folder has the bits {bits:o}")
        }
        15 => {
            let name = OsStr::from_bytes(b"\xff\xfe.jsonl");
            format!("a name that is no text: {:?}", File::create(folder.join(name)))
        }
        16 => {
            let moved = around.outside().join("moved");
            fs::rename(&folder, &moved).unwrap_or_default();
            format!("the folder is a link: {:?}", symlink(moved, &folder))
        }
        17 => format!("gone: {:?}", fs::remove_file(&segment)),
        _ => format!("changed: {:?}", flip(&segment, random)),
    }
}

/// Cuts the end of a segment off; gives what is left of its last line.
fn cut(segment: &Path, random: &mut Random) -> Option<(usize, Vec<u8>)> {
    let bytes = small(segment)?;
    let kept = bytes.len().saturating_sub(1 + random.below(200));
    let line = bytes.get(..kept)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    fs::write(segment, &bytes[..kept]).ok()?;
    Some((line, bytes[line..kept].to_vec()))
}

/// A copy in the quarantine that a recovery may have left, true or not.
fn pending(
    quarantine: &Path,
    segment: &Path,
    torn: &Option<(usize, Vec<u8>)>,
    random: &mut Random,
) -> PathBuf {
    let _ = fs::create_dir(quarantine);
    let (offset, bytes) = torn.clone().unwrap_or_default();
    let offset =
        if random.one_in(4) { "9223372036854775807".to_owned() } else { offset.to_string() };
    let stem = segment.file_stem().unwrap().to_str().unwrap();
    let path = quarantine.join(format!("{stem}-{offset}-{}.pending", Digest::of(&bytes)));
    if random.one_in(2) {
        let _ = write(&path, &bytes);
    }
    path
}

fn flip(segment: &Path, random: &mut Random) -> Option<()> {
    let mut bytes = small(segment).filter(|bytes| !bytes.is_empty())?;
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
    let mut file = OpenOptions::new().write(true).truncate(true).open(segment).ok()?;
    file.write_all(&bytes).ok()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    open(OpenOptions::new().write(true).truncate(true), path)?.write_all(bytes)
}

/// A file, made if there is none. What was put there may be a pipe, for whose reader nobody waits.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.create(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)
}

/// The bytes of a file of this folder alone, if it is one.
fn small(path: &Path) -> Option<Vec<u8>> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::symlink_metadata(path).ok()?;
    let own = metadata.is_file() && metadata.nlink() == 1 && metadata.len() < 1 << 20;
    own.then(|| fs::read(path)).and_then(Result::ok)
}
