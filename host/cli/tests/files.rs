//! What is given as a file and is none.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests panic")]

use std::{fs, os::unix::net::UnixListener, path::PathBuf, process::Command, time::Duration};

use assert_cmd::{Command as Checked, cargo::cargo_bin};

/// Nobody writes to these pipes: what opens one to read it waits for ever.
const WAITING: Duration = Duration::from_secs(60);

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let pipes = [files.path("pipe"), files.path("pipe.json")];
        assert!(Command::new("mkfifo").args(pipes).status().expect("mkfifo").success());
        fs::create_dir(files.path("folder")).unwrap();
        fs::create_dir(files.path("folder.json")).unwrap();
        files.write(
            "policy",
            r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#,
        );
        files.write("ctx", r#"{"candidates":[{"provider_id":"p","model_family":"m"}]}"#);
        files.write("router.json", r#"{"providers":{},"models":{},"profiles":{}}"#);
        files.write(
            "flow",
            r#"["flow",{"in":{"kind":"input"},"out":{"kind":"output","inputs":["in"]}}]"#,
        );
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Words that begin with `@` are names of files here.
    fn command(&self, line: &str) -> Checked {
        let mut command = Checked::new(cargo_bin!("sigmapol"));
        command.timeout(WAITING).args(line.split_whitespace().map(|word| {
            match word.strip_prefix('@') {
                Some(name) => self.path(name).into_os_string(),
                None => word.into(),
            }
        }));
        command
    }
}

/// Every option and argument that is a file, one line each; `@FILE` is in its place.
const LINES: [&str; 26] = [
    "admit @FILE",
    "admit @policy --vocabulary @FILE",
    "hash @FILE",
    "decide @FILE --ctx @ctx",
    "decide @policy --ctx @FILE",
    "decide @policy --ctx @ctx --ctx @FILE",
    "inspect @FILE",
    "sandbox --profile genvm @FILE --ctx @ctx",
    "sandbox --profile genvm @policy --ctx @FILE",
    "sandbox --profile genvm --check --module @FILE",
    "genvm pack --module @FILE -o @out",
    "genvm run @FILE @policy --ctx @ctx",
    "conformance @FILE",
    "mock-provider --script @FILE",
    "run --config @FILE.json --prompt x",
    "run --config @router.json --contract @FILE",
    "run --config @router.json --prompt x --requirements @FILE",
    "run --config @router.json --prompt x @FILE",
    "rank --config @router.json --offers @FILE",
    "rank --config @router.json --multipliers @FILE",
    "rank --config @router.json --metrics @FILE",
    "status --config @router.json --state @FILE",
    "flow check @FILE",
    "flow run @FILE --input x --config @router.json",
    "run --config @router.json --prompt x --state @FILE",
    "replay @folder --policy @FILE --threads 1",
];

#[test]
fn what_is_no_file_is_refused_at_once() {
    let files = Files::new();
    let _socket = UnixListener::bind(files.path("socket")).unwrap();
    fs::rename(files.path("socket"), files.path("socket.json")).unwrap();
    std::os::unix::fs::symlink(files.path("socket.json"), files.path("socket")).unwrap();
    std::os::unix::fs::symlink("/dev/null", files.path("device")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", files.path("device.json")).unwrap();
    for line in LINES {
        for (name, kind) in [
            ("pipe", "a pipe"),
            ("folder", "a folder"),
            ("device", "a device"),
            ("socket", "a socket"),
        ] {
            let line = line.replace("@FILE", &format!("@{name}"));
            let output = files.command(&line).assert().code(2);
            let message = String::from_utf8(output.get_output().stderr.clone()).unwrap();
            let expected = format!("expected a regular file, got {kind}");
            assert!(message.trim_end().ends_with(&expected), "{line}: {message}");
            assert_eq!(message.lines().count(), 1, "{line}: {message}");
        }
    }
}

/// Standard input by its other names, and what a shell hands over as a descriptor.
#[test]
fn descriptors_are_read() {
    let files = Files::new();
    let identity = files.command("hash @policy").assert().success().get_output().stdout.clone();
    let policy = fs::read(files.path("policy")).unwrap();
    for path in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        if path == "-" || fs::exists(path).unwrap() {
            let output =
                files.command(&format!("hash {path}")).write_stdin(policy.clone()).assert();
            output.success().stdout(identity.clone());
        }
    }
    let script = r#"{ cat "$1" | { "$0" hash /dev/fd/3 3<&0 </dev/null; }; }"#;
    let shell = |script: &str| {
        let mut shell = Checked::new("sh");
        shell.timeout(WAITING).args(["-c", script]);
        shell.arg(cargo_bin!("sigmapol")).arg(files.path("policy")).arg(files.path("router.json"));
        shell
    };
    shell(script).assert().success().stdout(identity.clone());
    shell(r#""$0" hash /dev/stdin <"$1""#).assert().success().stdout(identity);
    let status = files
        .command("status --config @router.json")
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    shell(r#"cat "$2" | "$0" status --config /dev/stdin"#).assert().success().stdout(status);
    // two names of one standard input are one
    let twice = files.command("decide - --ctx /dev/stdin").write_stdin(policy).assert().code(2);
    twice.stderr("sigmapol: `-` is given more than once\n");
}

/// A file of any kind has an end.
#[test]
fn what_is_read_has_an_end() {
    let files = Files::new();
    let large = |name: &str, bytes: u64| {
        fs::File::create(files.path(name)).unwrap().set_len(bytes).unwrap();
    };
    large("module", (64 << 20) + 1);
    for line in [
        "inspect @module",
        "sandbox --profile genvm --check --module @module",
        "genvm run @module @policy --ctx @ctx",
    ] {
        let message = "expected at most 67108864 bytes, got more\n";
        let output = files.command(line).assert().code(2).get_output().stderr.clone();
        let output = String::from_utf8(output).unwrap();
        assert!(output.ends_with(message), "{line}: {output}");
    }
    large("vectors", (256 << 20) + 1);
    let output = files.command("conformance @vectors").assert().code(2).get_output().stderr.clone();
    let output = String::from_utf8(output).unwrap();
    assert!(output.ends_with("expected at most 268435456 bytes, got more\n"), "{output}");
}
