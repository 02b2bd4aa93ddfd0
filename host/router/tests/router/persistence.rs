//! The runtime state outlasts its router.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sigmapol_router::{Builder, RouterError};

use crate::{Reply, START_MS, World, config};

/// No change is written before it is asked for, or the router is dropped.
const NEVER: Duration = Duration::MAX;

fn open(path: &Path, interval: Duration) -> Result<World, RouterError> {
    World::build(&config(), &[], state_file(path, interval))
}

fn state_file(path: &Path, interval: Duration) -> impl FnOnce(Builder) -> Builder {
    move |builder| builder.state_file(path, interval)
}

fn observe(world: &World, price: u32) {
    let delta = json!({"price_in": price}).to_string();
    world.router.observe("a", "m", &delta).unwrap();
}

fn price(world: &World) -> Value {
    world.status("a")["models"]["m"]["price_in"].clone()
}

fn stored(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).ok()?;
    let snapshot: Value = serde_json::from_str(&text).unwrap();
    Some(snapshot["state"]["ema_metrics"]["a|m"]["price_in"].clone())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    {
        let world = open(&path, NEVER).unwrap();
        observe(&world, 1);
        assert_eq!(stored(&path), None);
        world.router.save().unwrap();
        assert_eq!(stored(&path), Some(json!(1)));
        observe(&world, 2);
        assert_eq!(stored(&path), Some(json!(1)));
    }
    assert_eq!(stored(&path), Some(json!(2)), "written as the router was dropped");
    let world = open(&path, NEVER).unwrap();
    assert_eq!(price(&world), 2);
    assert_eq!(names(folder.path()), ["state.json", "state.json.lock"]);
    assert!(world.log.lock().unwrap().is_empty());
}

#[test]
fn the_file_is_what_the_documentation_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    drop(open(&path, NEVER).unwrap());
    let text = fs::read_to_string(&path).unwrap();
    let snapshot: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<_> = snapshot.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["saved_at_ms", "sha256", "state", "version"]);
    assert_eq!(
        (&snapshot["version"], &snapshot["saved_at_ms"]),
        (&json!(1), &json!(START_MS as u64))
    );
}

#[test]
fn without_an_interval_every_change_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let world = open(&path, Duration::ZERO).unwrap();
    for number in 1..=3 {
        observe(&world, number);
        assert_eq!(stored(&path), Some(json!(number)));
    }
    let before = fs::read(&path).unwrap();
    world.router.status().unwrap(); // changes nothing
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// It comes without another event, however slow the machine is: a minute is long enough for any.
#[test]
fn a_change_is_written_one_interval_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let world = open(&path, Duration::from_millis(1)).unwrap();
    for number in 1..=3 {
        observe(&world, number);
        let asked = Instant::now();
        while stored(&path) != Some(json!(number)) {
            assert!(
                asked.elapsed() < Duration::from_secs(60),
                "the change {number} is not written"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_second_router_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let first = open(&path, NEVER).unwrap();
    let error = open(&path, NEVER).err().unwrap();
    let path_text = path.display();
    assert_eq!(error.code(), "snapshot");
    assert_eq!(
        error.to_string(),
        format!("{path_text}: another router holds it, by {path_text}.lock")
    );
    observe(&first, 1);
    first.router.save().unwrap();
    // looking is free
    let look = World::of(&config(), &[], |builder| builder.state_from(&path));
    assert_eq!(price(&look), 1);
    drop(first);
    assert_eq!(price(&open(&path, NEVER).unwrap()), 1);
}

/// The second one begins with what the first has saved.
#[test]
fn a_second_router_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let first = open(&path, NEVER).unwrap();
    observe(&first, 7);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            World::build(&config(), &[], |builder| {
                state_file(&path, NEVER)(builder).state_patience(Duration::from_secs(60))
            })
        });
        drop(first);
        assert_eq!(price(&second.join().unwrap().unwrap()), 7);
    });
}

/// What has the wrong shape is not taken as empty.
#[test]
fn a_state_with_wrong_sections_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let state = r#"{"circuit_breakers":[]}"#;
    let digest = sigmapol_core::digest(state.as_bytes());
    let text = format!(r#"{{"version":1,"saved_at_ms":1,"sha256":"{digest}","state":{state}}}"#);
    fs::write(&path, &text).unwrap();
    let why = "state.circuit_breakers: expected an object";
    let look = World::build(&config(), &[], |builder| builder.state_from(&path)).err().unwrap();
    assert_eq!(look.to_string(), format!("{}: {why}", path.display()));
    let world = open(&path, NEVER).unwrap();
    assert!(world.log.lock().unwrap()[0].contains(why));
    let aside = folder.path().join("state.json.damaged-1");
    assert_eq!(fs::read_to_string(aside).unwrap(), text);
}

#[test]
fn a_damaged_snapshot_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let not_a_state = "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce";
    for (number, (damaged, why)) in (1..).zip([
        ("{\"version\":1,", "EOF while parsing a value at line 1 column 13".to_owned()),
        (
            "{\"version\":2,\"saved_at_ms\":1,\"sha256\":\"\",\"state\":{}}",
            "expected version 1, got 2".to_owned(),
        ),
        (
            "{\"version\":1,\"saved_at_ms\":1,\"sha256\":\"00\",\"state\":3}",
            format!("sha256: expected \"{not_a_state}\", the digest of the state, got \"00\""),
        ),
        (
            &format!(
                "{{\"version\":1,\"saved_at_ms\":1,\"sha256\":\"{not_a_state}\",\"state\":3}}"
            ),
            "snapshot must be a table".to_owned(),
        ),
        (
            concat!(
                r#"{"version":1,"saved_at_ms":1,"#,
                r#""sha256":"6a667f570b73525c135e697a34f4848157d97cd8d768197a470e240c14bbc438","#,
                r#""state":{"ema_metrics":{"a|m":{"price_in":"x"}}}}"#
            ),
            "state.ema_metrics['a|m'].price_in: expected a number".to_owned(),
        ),
    ]) {
        fs::write(&path, damaged).unwrap();
        let look = World::build(&config(), &[], |builder| builder.state_from(&path));
        assert_eq!(look.err().unwrap().code(), "snapshot");
        let world = open(&path, NEVER).unwrap();
        assert_eq!(price(&world), Value::Null);
        let aside = folder.path().join(format!("state.json.damaged-{number}"));
        assert_eq!(fs::read_to_string(&aside).unwrap(), damaged);
        let record: Value = serde_json::from_str(&world.log.lock().unwrap()[0]).unwrap();
        assert_eq!(
            record,
            json!({"level": "warn", "event": "snapshot_damaged", "fields":
                {"file": path, "moved_to": aside, "error": why}})
        );
        observe(&world, number);
        drop(world);
        assert_eq!(stored(&path), Some(json!(number)));
    }
}

#[test]
fn what_cannot_be_written_is_reported_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let world = open(&path, Duration::ZERO).unwrap();
    fs::create_dir(&path).unwrap(); // in the way
    observe(&world, 1);
    let record: Value = serde_json::from_str(&world.log.lock().unwrap()[0]).unwrap();
    assert_eq!(record["event"], "snapshot_failed");
    assert_eq!(world.router.save().unwrap_err().code(), "snapshot");
    assert_eq!(names(folder.path()), ["state.json", "state.json.lock"], "no temporary file");
    fs::remove_dir(&path).unwrap();
    world.router.save().unwrap();
    assert_eq!(stored(&path), Some(json!(1)));
}

/// A run that another router began finds the breakers that the first one left.
#[test]
fn breakers_outlast_the_router() {
    use sigmapol_provider::ErrorKind::ServerError;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let script: [(_, &[Reply]); 2] =
        [("a", &[Reply::Fail(ServerError, None)]), ("b", &[Reply::Text(&["hello"])])];
    let world = World::of(&config(), &script, state_file(&path, NEVER));
    (0..3).for_each(|_| drop(world.ask()));
    drop(world);
    let world = World::of(&config(), &script, state_file(&path, NEVER));
    world.ask();
    assert_eq!(world.called(), ["b"]);
}

/// A breaker that was opened a year ahead: the clock was set back since, or somebody wrote the file.
#[test]
fn what_lies_ahead_lasts_its_own_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let down = vec![Reply::Fail(sigmapol_provider::ErrorKind::ServerError, Some(500)); 3];
    {
        let world =
            World::build(&config(), &[("a", &down), ("b", &[Reply::Text(&["ok"])])], |builder| {
                state_file(&path, NEVER)(builder)
            })
            .unwrap();
        world.clock.advance(31_536_000_000.0);
        for _ in 0..3 {
            world.ask();
        }
        assert_eq!(world.status("a")["breaker"]["open"], true);
        world.router.save().unwrap();
    }
    let world = open(&path, NEVER).unwrap();
    assert_eq!(world.status("a")["breaker"]["ms_until_recovery"], 30_000);
    world.clock.advance(30_001.0);
    assert_eq!(world.status("a")["available"], true);
}

/// A lock is a file of the router's own: nothing else is opened, waited for or made.
#[cfg(unix)]
#[test]
fn a_lock_that_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let lock = folder.path().join("state.json.lock");
    // no process is started here: until it is another program, it would hold the locks of other tests
    let _socket = std::os::unix::net::UnixListener::bind(&lock).unwrap();
    let refused = |why: &str| {
        let error = open(&path, NEVER).err().unwrap().to_string();
        assert!(error.ends_with(why), "{error}");
    };
    refused("state.json.lock: expected a regular file, got a socket");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &lock).unwrap();
    refused("state.json.lock: expected a regular file, got a link");
    assert!(!folder.path().join("elsewhere").exists());
}
