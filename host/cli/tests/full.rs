//! Disks that are full, under the command itself: what was told to somebody is kept, what cannot be
//! kept is told, and nothing that was cut short is believed.
//!
//! A file may not become longer than a limit, on every system with `ulimit`; on a small disk in memory
//! where one can be mounted, which takes root.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests panic")]

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#;

/// How a disk comes to be full.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Full {
    /// No file may have more than so many blocks of 512 bytes.
    File(u32),
    /// There is a disk of so many KiB.
    Disk(u32),
}

/// A folder in which there is little room, and one beside it in which there is enough.
struct Room {
    small: PathBuf,
    beside: tempfile::TempDir,
    full: Full,
}

impl Room {
    /// Nothing where a disk cannot be mounted.
    fn new(full: Full) -> Option<Self> {
        let beside = tempfile::tempdir().unwrap();
        let small = beside.path().join("small");
        fs::create_dir(&small).unwrap();
        if let Full::Disk(kib) = full {
            let size = format!("size={kib}k");
            let mounted = Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(&small)
                .output()
                .is_ok_and(|mounted| mounted.status.success());
            if !mounted {
                eprintln!("full: no disk can be mounted here, so files alone are full");
                return None;
            }
        }
        let room = Self { small, beside, full };
        fs::write(room.path("policy.json"), POLICY).unwrap();
        let ctx = format!(
            r#"{{"candidates":[{{"provider_id":"p","model_family":"m"}}],"request":{{"a":"{}"}}}}"#,
            "x".repeat(6000)
        );
        fs::write(room.path("ctx.json"), ctx).unwrap();
        Some(room)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.beside.path().join(name)
    }

    /// The command, with no more room than there is.
    fn run(&self, words: &[&OsStr], cache: &Path) -> Output {
        let mut shell = Command::new("sh");
        let script = match self.full {
            Full::File(blocks) => format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
            Full::Disk(_) => "exec \"$@\"".to_owned(),
        };
        shell.args(["-c", &script, "sh"]).arg(cargo_bin!("sigmapol")).args(words);
        shell.current_dir(self.beside.path()).env("SIGMAPOL_CACHE_DIR", cache);
        shell.output().unwrap()
    }

    fn line(&self, line: &str) -> Output {
        let words: Vec<_> = line.split_whitespace().map(OsStr::new).collect();
        self.run(&words, Path::new(""))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Full::Disk(_) = self.full {
            let _ = Command::new("umount").arg(&self.small).status();
        }
    }
}

fn rooms(fulls: &[Full]) -> impl Iterator<Item = Room> {
    fulls.iter().filter_map(|full| Room::new(*full))
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A decision that is printed is in the ledger; one that cannot be recorded is not printed.
#[test]
fn a_ledger() {
    for room in rooms(&[Full::File(40), Full::Disk(64)]) {
        let mut printed = 0;
        let failed = loop {
            let decided = room.line(
                "decide policy.json --ctx ctx.json --ledger small/log --record-bodies --json --engine native",
            );
            if code(&decided) != 0 {
                break decided;
            }
            let decision: Value = serde_json::from_slice(&decided.stdout).unwrap();
            assert!(decision.get("ordered").is_some(), "{decision}");
            printed += 1;
            assert!(printed < 1000, "{:?}: there is room without an end", room.full);
        };
        assert_eq!(code(&failed), 74, "{failed:?}");
        assert_eq!(text(&failed.stdout), "");
        assert!(text(&failed.stderr).starts_with("sigmapol: io: small/log/"), "{failed:?}");
        assert!(printed > 5, "{printed}");
        // room is made: what is torn is cut off, and every decision that was printed is made again
        let copy = room.path("copy");
        copy_folder(&room.small.join("log"), &copy);
        let roomy =
            Room { full: Full::File(1_000_000), small: copy, beside: tempfile::tempdir().unwrap() };
        let log = roomy.small.display().to_string();
        let recovered = roomy.line(&format!("ledger recover {log} --json"));
        assert_eq!(code(&recovered), 0, "{recovered:?}");
        let replayed = roomy.line(&format!("replay {log} --json --engine native"));
        let replayed: Value = serde_json::from_slice(&replayed.stdout).unwrap();
        assert_eq!(replayed.get("diverged"), Some(&Value::from(0)));
        // one more may have been written whole, and its process could not say so
        let same = replayed.get("same").and_then(Value::as_u64).unwrap();
        assert!((printed..=printed + 1).contains(&same), "{printed} printed, {same} recorded");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Compiled code that cannot be kept is compiled again, and half of it is not run.
#[test]
fn a_cache() {
    for room in rooms(&[Full::File(64), Full::Disk(64)]) {
        let cache = room.small.join("cache");
        let line = "decide policy.json --ctx ctx.json --json";
        let words: Vec<_> = line.split_whitespace().map(OsStr::new).collect();
        let [first, second] = [(), ()].map(|()| room.run(&words, &cache));
        assert_eq!((code(&first), text(&first.stderr).as_str()), (0, ""));
        let ordered = |output: &Output| {
            let decision: Value = serde_json::from_slice(&output.stdout).unwrap();
            decision.get("ordered").unwrap().clone()
        };
        assert_eq!(ordered(&first), ordered(&second));
        let kept: Vec<_> = fs::read_dir(&cache).unwrap().collect();
        assert!(kept.is_empty(), "{kept:?}");
    }
}

/// An answer is printed whatever becomes of the state, and what is stored is the one before, whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_state() {
    let mock = sigmapol_mock::MockProvider::start(
        r#"{"alpha":[{"text":"ok"},{"text":"ok"},{"text":"ok"}]}"#,
        0,
    )
    .await
    .unwrap();
    let provider = json!({ "base_url": format!("{}/v1", mock.url("alpha")), "discovery": "static",
        "api_kind": "openai_compatible" });
    let models = json!({ "m": { "served_by": [{ "provider": "p" }], "capabilities": {} } });
    let mut config = json!({ "providers": { "p": provider }, "models": models });
    config["profiles"] = json!({ "default": { "retry_policy": "none" } });
    config["retry_policies"] = json!({ "none": {} });
    for room in rooms(&[Full::File(0), Full::Disk(4)]) {
        fs::write(room.path("config.json"), config.to_string()).unwrap();
        // what was stored when there was room
        let state = room.small.join("state.json");
        fs::write(&state, "").unwrap();
        fs::remove_file(&state).unwrap();
        let run = "run --config config.json --prompt hi --state small/state.json --engine native";
        // a file of its own takes what room there is
        if let Full::Disk(_) = room.full {
            let _ = fs::write(room.small.join("other"), vec![0; 1 << 20]);
        }
        let ran = room.line(run);
        assert_eq!((code(&ran), text(&ran.stdout).as_str()), (73, "ok\n"), "{ran:?}");
        let said = text(&ran.stderr);
        assert!(said.contains("sigmapol: the state is not saved: small/state.json: "), "{said}");
        let names: Vec<_> =
            fs::read_dir(&room.small).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| name == "state.json.lock" || name == "other"), "{names:?}");
    }
}
