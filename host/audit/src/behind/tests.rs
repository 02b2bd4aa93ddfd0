use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// What is written, once it may be: each batch waits for a word.
struct Gate {
    words: Receiver<Result<(), LedgerError>>,
    written: Sender<Vec<(&'static str, Value)>>,
    mends: Arc<Mutex<Vec<bool>>>,
}

impl Target for Gate {
    fn write(&mut self, records: &[Job]) -> Result<(), LedgerError> {
        // without somebody to say it, everything may be written
        self.words.recv().unwrap_or(Ok(()))?;
        let records = records.iter().map(|job| (job.kind, job.body.clone())).collect();
        self.written.send(records).unwrap();
        Ok(())
    }

    fn mend(&mut self) -> Result<(), LedgerError> {
        let good = self.mends.lock().unwrap().pop().unwrap_or(true);
        if good { Ok(()) } else { Err(io()) }
    }
}

fn io() -> LedgerError {
    LedgerError::Io { path: "log".to_owned(), message: "no space".to_owned() }
}

type Batches = Receiver<Vec<(&'static str, Value)>>;

/// A queue of three records, the word for each batch, what is written, and what is told of losses.
fn world(mends: &[bool]) -> (Behind, Sender<Result<(), LedgerError>>, Batches, Receiver<Losses>) {
    let (say, words) = channel();
    let (written, batches) = channel();
    let (told, losses) = channel();
    let mends = Arc::new(Mutex::new(mends.iter().rev().copied().collect()));
    let gate = Gate { words, written, mends };
    let on_loss = move |losses: &Losses| drop(told.send(losses.clone()));
    let behind = Behind::to(gate, on_loss, (3, 1 << 20), Duration::ZERO).unwrap();
    (behind, say, batches, losses)
}

fn push(behind: &Behind, number: u64) {
    behind.push("step", json!({ "n": number }), Vec::new());
}

/// A batch of one that is being written: the queue is empty again then.
fn begun(behind: &Behind) {
    push(behind, 0);
    while behind.losses().waiting > 0 {
        thread::yield_now();
    }
}

fn all(batches: &Batches) -> Vec<(&'static str, Value)> {
    batches.iter().flatten().collect()
}

fn record(number: u64) -> (&'static str, Value) {
    ("step", json!({ "n": number }))
}

fn gap(records: u64) -> (&'static str, Value) {
    (GAP, json!({ "records": records }))
}

#[test]
fn a_full_queue_loses_and_says_where() {
    let (behind, say, batches, losses) = world(&[]);
    begun(&behind);
    (1..=5).for_each(|number| push(&behind, number));
    let now = behind.losses();
    assert_eq!(now, Losses { waiting: 3, lost: 2, failing: None });
    say.send(Ok(())).unwrap();
    assert_eq!(batches.recv().unwrap(), [record(0)]);
    // what comes once there is place stands after the gap
    while behind.losses().waiting > 0 {
        thread::yield_now();
    }
    push(&behind, 6);
    drop(say);
    assert_eq!(behind.close(FLUSH_TIME), Losses { waiting: 0, lost: 2, failing: None });
    drop(behind);
    let rest = all(&batches);
    assert_eq!(rest, [record(1), record(2), record(3), gap(2), record(6)]);
    assert_eq!(losses.iter().last().unwrap().lost, 2);
}

#[test]
fn bytes_have_a_bound_too() {
    let (behind, say, batches, _losses) = world(&[]);
    begun(&behind);
    let long: Arc<str> = "x".repeat(1 << 20).into();
    behind.push("step", json!({}), vec![("digest".to_owned(), long)]);
    assert_eq!(behind.losses().lost, 1);
    drop(say);
    drop(behind);
    assert_eq!(all(&batches), [record(0), gap(1)]);
}

#[test]
fn a_disk_that_fails_for_a_while() {
    let (behind, say, batches, losses) = world(&[false, false, true]);
    begun(&behind);
    push(&behind, 1);
    say.send(Err(io())).unwrap();
    let told = losses.recv().unwrap();
    assert_eq!((told.lost, told.failing.as_deref()), (1, Some("io: log: no space")));
    drop(say);
    let ended = behind.close(FLUSH_TIME);
    drop(behind);
    // closing may come before the disk is there again: then what waited is lost, too
    if ended.failing.is_none() {
        assert_eq!(ended.lost, 1);
        let rest = all(&batches);
        assert!(rest == [record(1), gap(1)] || rest == [gap(1), record(1)], "{rest:?}");
    } else {
        assert_eq!((ended.lost, all(&batches)), (2, Vec::new()));
    }
}

#[test]
fn one_that_cannot_be_written_is_lost_alone() {
    let (behind, say, batches, _losses) = world(&[]);
    begun(&behind);
    push(&behind, 1);
    push(&behind, 2);
    for word in [Ok(()), Err(LedgerError::Unfit(String::new()))] {
        say.send(word).unwrap();
    }
    say.send(Err(LedgerError::Unfit(String::new()))).unwrap();
    drop(say);
    assert_eq!(behind.close(FLUSH_TIME).lost, 1);
    drop(behind);
    assert_eq!(all(&batches), [record(0), record(2), gap(1)]);
}

/// On a disk: the texts are there, and the ledger is whole.
#[test]
fn what_is_closed_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let behind = Behind::open(&log, |_| ()).unwrap();
    let text: Arc<str> = "a text that is kept once".into();
    let digest = sigmapol_core::digest(text.as_bytes());
    for number in 0..100 {
        behind.push("step", json!({ "n": number }), vec![(digest.clone(), Arc::clone(&text))]);
    }
    assert_eq!(behind.close(FLUSH_TIME), Losses::default());
    // closed is closed
    push(&behind, 100);
    assert_eq!(behind.losses().lost, 1);
    drop(behind);
    let report = sigmapol_ledger::verify(&log, None).unwrap();
    assert_eq!((report.records, report.texts), (102, 1)); // the first is the beginning
}
