//! What every single change of a ledger leads to.

use std::{
    fs,
    ops::Range,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use serde_json::json;

use crate::{
    chain,
    digest::Digest,
    entry::Entry,
    error::LedgerError,
    fault::Fault,
    folder::{Folder, segment_name},
    line,
    lines::{Ending, read_line},
    options::Options,
    position::Reached,
    tests::random::Random,
    texts::Texts,
    verify::verify_in_pieces,
    walk::Walk,
    writer::Ledger,
};

/// Writes a ledger: every tenth record refers to a text of its own.
fn write(folder: &Path, records: u64, segment_bytes: u64) {
    let clock = || UNIX_EPOCH + Duration::from_millis(1_771_934_430_125);
    let options = Options::default().segment_bytes(segment_bytes).clock(clock);
    let ledger = Ledger::open(folder, options).unwrap();
    let bodies: Vec<_> = (0..records)
        .map(|number| json!({"n": number, "name": "a \"b\" é\n", "x": [0.5, {"k": [null, true]}]}))
        .collect();
    for (tenth, bodies) in bodies.chunks(10).enumerate() {
        ledger.text(&format!("text {tenth}\n")).unwrap();
        ledger.append_all(bodies.iter().map(|body| ("k", body))).unwrap();
    }
    ledger.close().unwrap();
    fs::remove_file(folder.join("checkpoint.json")).unwrap();
}

/// The records of the first segment.
struct Segment {
    bytes: Vec<u8>,
    lines: Vec<Range<usize>>,
    /// What each line stands on.
    heads: Vec<Option<Entry>>,
}

impl Segment {
    fn read(folder: &Path) -> Self {
        let bytes = fs::read(folder.join("000001.jsonl")).unwrap();
        let (mut lines, mut heads, mut head, mut at) = (Vec::new(), Vec::new(), None, 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            heads.push(head);
            lines.push(at..at + line.len());
            at += line.len();
            let line = line::check(&line[..line.len() - 1], 1, head.is_none()).unwrap();
            head = Some(chain::follow(head, &line).unwrap());
        }
        Self { bytes, lines, heads }
    }

    /// What a reader who has come to this line makes of it.
    fn next(&self, line: usize) -> Result<Entry, Option<Fault>> {
        let mut rest = &self.bytes[self.lines[line].start..];
        let mut buffer = Vec::new();
        match read_line(&mut rest, &mut buffer).unwrap() {
            Ending::Whole => {
                let checked = line::check(&buffer, 1, line == 0)?;
                Ok(chain::follow(self.heads[line], &checked)?)
            }
            Ending::Torn(_) => Err(None),
            ending => panic!("{ending:?}"),
        }
    }
}

/// In how many ways a byte is changed: each of its bits, and the bytes that mean something.
fn changes(byte: u8) -> impl Iterator<Item = u8> {
    let bits = (0..8).map(move |bit| byte ^ (1 << bit));
    bits.chain(*b"\n\"\\{},: 0a").filter(move |changed| *changed != byte)
}

#[test]
fn every_changed_byte_is_seen_in_its_line() {
    let temporary = tempfile::tempdir().unwrap();
    write(temporary.path(), 1_000, u64::MAX);
    let mut segment = Segment::read(temporary.path());
    let last = segment.lines.len() - 1;
    assert_eq!(last, 1_100);
    let mut random = Random(1);
    // three ways a byte; of the first and the last record all of them
    let sample = (0..40).map(|_| (random.below(last), 3)).collect::<Vec<_>>();
    for (line, ways) in sample.into_iter().chain([(0, usize::MAX), (last, usize::MAX)]) {
        for at in segment.lines[line].clone() {
            let byte = segment.bytes[at];
            let skipped = if ways == 3 { random.below(15) } else { 0 };
            for changed in changes(byte).skip(skipped).take(ways) {
                segment.bytes[at] = changed;
                let found = segment.next(line);
                let torn = at == segment.bytes.len() - 1;
                assert_eq!(found == Err(None), torn, "line {line}, byte {at}: {changed}");
                assert!(found.is_err(), "line {line}, byte {at}: {changed}: {found:?}");
            }
            segment.bytes[at] = byte;
        }
        assert!(segment.next(line).is_ok());
    }
}

/// The outcome of reading everything in order.
fn walk(folder: &Path) -> Result<Entry, LedgerError> {
    let folder = Folder::open(folder).unwrap();
    let mut walk = Walk::new(folder.clone(), Reached::NOTHING, Texts::new(folder))?;
    while walk.next()?.is_some() {}
    Ok(walk.reached.head.unwrap())
}

fn verify(folder: &Path, piece: u64) -> Result<Entry, LedgerError> {
    verify_in_pieces(&Folder::open(folder).unwrap(), None, piece).map(|report| report.head)
}

#[test]
fn all_cores_find_what_one_would() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    write(folder, 60, 5_000);
    let whole = walk(folder).unwrap();
    let sizes = [151, 313, 2_500, 1 << 20];
    for piece in [1, 2, 97].into_iter().chain(sizes) {
        assert_eq!(verify(folder, piece), Ok(whole), "pieces of {piece}");
    }
    let mut random = Random(2);
    let mut segments = 0;
    for round in 0..150 {
        segments = Folder::open(folder).unwrap().segments().unwrap().last;
        let segment = folder.join(segment_name(1 + random.next() % segments));
        let bytes = fs::read(&segment).unwrap();
        let mut changed = bytes.clone();
        match round % 5 {
            0 => changed[random.below(bytes.len())] ^= 1 << random.below(8),
            1 => changed.truncate(random.below(bytes.len())),
            2 => drop(changed.drain(..random.below(bytes.len()))),
            3 => changed.extend_from_within(random.below(bytes.len())..),
            _ => changed[random.below(bytes.len())] = b'\n',
        }
        fs::write(&segment, &changed).unwrap();
        let expected = walk(folder);
        for piece in sizes {
            assert_eq!(verify(folder, piece), expected, "round {round}, pieces of {piece}");
        }
        fs::remove_file(&segment).unwrap();
        let expected = walk(folder);
        for piece in sizes {
            assert_eq!(verify(folder, piece), expected, "round {round}, without a segment");
        }
        fs::write(&segment, &bytes).unwrap();
    }
    assert_eq!(segments, 4);
    assert_eq!(walk(folder), Ok(whole));
}

/// The last number there is: what belongs after it has none, and nothing overflows.
#[test]
fn a_record_of_the_last_number() {
    let temporary = tempfile::tempdir().unwrap();
    let body = r#"{"format":"sigmapol-ledger/v1"}"#;
    let (first, _) =
        line::seal("2026-02-24T12:00:30.000000Z", body, "genesis", u64::MAX, Digest::ZERO);
    fs::write(temporary.path().join(segment_name(1)), first.repeat(2)).unwrap();
    let damaged = LedgerError::Damaged {
        segment: 1,
        line: 1,
        number: 0,
        what: format!("expected the number 0, got {}", u64::MAX),
    };
    assert_eq!(walk(temporary.path()), Err(damaged.clone()));
    assert_eq!(verify(temporary.path(), 1 << 20), Err(damaged));
}
