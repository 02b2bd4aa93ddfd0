//! What a killed process leaves behind: a whole snapshot, no older than what it promised.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../tests/lines.rs"]
mod lines;

use std::{
    env, fs,
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use lines::Lines;
use sigmapol_core::Native;
use sigmapol_router::{Config, Router};

/// Where the child keeps its state; without it a test is not a child.
const STATE: &str = "SIGMAPOL_TEST_KILL_STATE";

/// Commits between two writes of the child.
const EVERY: &str = "SIGMAPOL_TEST_KILL_EVERY";

const ROUNDS: u64 = 50;

const CONFIG: &str = r#"{
    "providers": {"p": {"discovery": "static", "api_kind": "ollama", "base_url": "http://[::1]:1"}},
    "models": {"m": {"served_by": [{"provider": "p"}], "capabilities": {}}},
    "profiles": {"default": {}}}"#;

/// A counter in the runtime state: an observed price.
struct Counter {
    router: Router,
    log: Arc<Mutex<Vec<String>>>,
}

impl Counter {
    fn open(path: &Path, interval: Duration) -> Self {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&log);
        let router = Router::builder(Config::from_json(CONFIG).unwrap())
            .engine(Arc::new(Native))
            .state_file(path, interval)
            .on_log(move |record| sink.lock().unwrap().push(record.to_owned()))
            .build()
            .unwrap();
        Self { router, log }
    }

    fn get(&self) -> u64 {
        let status = self.router.status().unwrap();
        let price = status.pointer("/providers/p/models/m/price_in");
        price.and_then(serde_json::Value::as_u64).unwrap_or_default()
    }

    fn set(&self, value: u64) {
        self.router.observe("p", "m", &format!("{{\"price_in\":{value}}}")).unwrap();
    }
}

/// Counts, and says after each number that it is committed, until somebody kills it.
#[test]
fn child() {
    let (Ok(path), Ok(every)) = (env::var(STATE), env::var(EVERY)) else { return };
    let every: u64 = every.parse().unwrap();
    // written with every commit, or when this says so
    let interval = if every == 1 { Duration::ZERO } else { Duration::MAX };
    let counter = Counter::open(Path::new(&path), interval);
    for value in counter.get() + 1.. {
        counter.set(value);
        if every > 1 && value.is_multiple_of(every) {
            counter.router.save().unwrap();
        }
        let mut stdout = io::stdout();
        writeln!(stdout, "committed {value}").unwrap();
        stdout.flush().unwrap();
    }
}

#[test]
fn fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut stored = 0;
    for round in 0..ROUNDS {
        let every = if round % 2 == 0 { 1 } else { 5 };
        let committed = kill_a_child(&path, every, round).unwrap_or(stored);
        let counter = Counter::open(&path, Duration::MAX);
        let log = counter.log.lock().unwrap().clone();
        assert!(log.is_empty(), "round {round}: {log:?}");
        stored = counter.get();
        let lost = committed.saturating_sub(stored);
        assert!(lost < every, "round {round}: {stored} is stored, {committed} was committed");
        // the last one may have been committed and not yet said
        assert!(
            stored <= committed + 1,
            "round {round}: {stored} is stored, {committed} committed"
        );
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "state.json") // of a first child that was killed early
            .collect();
        names.sort();
        assert_eq!(names, ["state.json.lock"], "round {round}");
    }
    assert!(stored > ROUNDS, "{stored}");
}

/// Lets a child commit a few times, kills it somewhere in the middle of the next one, and gives the
/// last number that it said.
fn kill_a_child(path: &Path, every: u64, round: u64) -> Option<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(STATE, path)
        .env(EVERY, every.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = Lines::of(child.stdout.take().unwrap());
    let mut committed = std::iter::from_fn(|| said.next()).filter_map(|line| {
        let (_, value) = line.split_once("committed ")?;
        value.parse::<u64>().ok()
    });
    let few = 3 + usize::try_from(round * 7 % 23).unwrap();
    let mut last = committed.by_ref().take(few).last();
    // a write takes some hundred microseconds: the rounds are spread over it
    std::thread::sleep(Duration::from_micros(round * 37 % 1000));
    child.kill().unwrap();
    child.wait().unwrap();
    if let Some(value) = committed.last() {
        last = Some(value);
    }
    last
}
