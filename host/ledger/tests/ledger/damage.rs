//! What was changed after it was written.

use super::*;

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let files = Files::with(998);
    let path = files.file("000001.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    let ends: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    assert_eq!(ends.len(), 1_000);
    for round in 0..40_usize {
        // another record every time, another byte of it, another bit
        let line = 7 + round * 23;
        let at = ends[line] - round * 7 % (ends[line] - ends[line - 1]);
        bytes[at] ^= 1 << (round % 8);
        fs::write(&path, &bytes).unwrap();
        let verified = files.verify().unwrap_err();
        let number = line as u64;
        assert_eq!(place(&verified), (1, number + 1, number));
        let read = ledger::read(files.folder()).unwrap().last().unwrap().unwrap_err();
        assert_eq!(read, verified);
        bytes[at] ^= 1 << (round % 8);
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(files.verify().unwrap().number, 999);
}

#[test]
fn lines_deleted_swapped_and_doubled_are_found() {
    let files = Files::with(100);
    let lines = files.lines();
    let last = lines.len() - 1;
    for at in (0..last).step_by(9) {
        let mut deleted = lines.clone();
        deleted.remove(at);
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        let number = at as u64;
        for (lines, number) in [(deleted, number), (swapped, number), (doubled, number + 1)] {
            files.write(&lines);
            let error = files.verify().unwrap_err();
            assert_eq!(place(&error), (1, number + 1, number), "{error}");
            // opening finds it too, and leaves everything as it is
            fs::remove_file(files.file("checkpoint.json")).unwrap_or_default();
            let before = files.all("");
            assert_eq!(files.open().unwrap_err(), error);
            assert_eq!(files.all(""), before);
        }
    }
    files.write(&lines);
    let expected = |at: usize, what: &str| {
        format!("damaged: segment 1, line {}, number {at}: expected {what}", at + 1)
    };
    let mut deleted = lines.clone();
    deleted.remove(50);
    files.write(&deleted);
    assert_eq!(files.verify().unwrap_err().to_string(), expected(50, "the number 50, got 51"));
    deleted[50] = lines[50].replace("\"n\":48", "\"n\":49");
    files.write(&deleted);
    let error = files.verify().unwrap_err().to_string();
    assert!(error.starts_with(&expected(50, "the seal ")), "{error}");
}

#[test]
fn what_is_cut_off_is_seen_against_an_anchor_only() {
    let files = Files::with(40);
    let anchor = files.verify().unwrap();
    assert_eq!(ledger::verify(files.folder(), Some(anchor)).unwrap().head, anchor);
    let lines = files.lines();
    for kept in lines.len() - 20..lines.len() {
        files.write(&lines[..kept]);
        let last = kept as u64 - 1;
        assert_eq!(files.verify().unwrap().number, last);
        let error = ledger::verify(files.folder(), Some(anchor)).unwrap_err();
        let expected = format!("anchor: expected the record 41, the last one is {last}");
        assert_eq!((error.code(), error.to_string()), ("anchor", expected));
    }
    // an anchor of a ledger that went another way
    files.write(&lines);
    let other = Entry { number: 7, seal: anchor.seal };
    let error = ledger::verify(files.folder(), Some(other)).unwrap_err();
    let records = ledger::read(files.folder()).unwrap();
    let seal = records.map(Result::unwrap).nth(7).unwrap().seal;
    let text = format!("anchor: expected the seal {} of the record 7, got {seal}", anchor.seal);
    assert_eq!(error.to_string(), text);
    let earlier = Entry { number: 7, seal };
    assert_eq!(ledger::verify(files.folder(), Some(earlier)).unwrap().head, anchor);
}
