//! What goes in comes out.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is appended is read back, in order, and verifies, however it is cut into segments.
    #[test]
    fn what_goes_in_comes_out(
        bodies in prop::collection::vec(prop::collection::btree_map(any::<String>(), any::<(String, i32, bool)>(), 0..4), 1..20),
        texts in prop::collection::vec(any::<String>(), 0..6),
        segment_bytes in 300_u64..3_000,
    ) {
        let files = Files::new();
        let ledger = Ledger::open(files.folder(), options().segment_bytes(segment_bytes)).unwrap();
        for text in &texts {
            ledger.text(text).unwrap();
        }
        ledger.append_all(bodies.iter().map(|body| ("note", body))).unwrap();
        drop(ledger);
        let own = files.records().into_iter().filter(|(kind, _)| kind == "note");
        let expected: Vec<_> = bodies.iter().map(|body| json!(body)).collect();
        prop_assert_eq!(own.map(|(_, body)| body).collect::<Vec<_>>(), expected);
        let mut records = ledger::read(files.folder()).unwrap();
        for record in &mut records {
            record.unwrap();
        }
        for text in &texts {
            prop_assert_eq!(records.texts().get(Digest::of(text)), Ok(Some(text.clone())));
        }
        let distinct: HashSet<_> = texts.iter().collect();
        let report = ledger::verify(files.folder(), None).unwrap();
        prop_assert_eq!(report.texts, distinct.len() as u64);
    }
}

/// So that a path is used as it is given.
#[test]
fn relative_paths() {
    let error = ledger::verify(Path::new("no/such/folder"), None).unwrap_err();
    assert_eq!(error.to_string(), "not-a-ledger: no/such/folder: expected a folder");
}
