//! The command as a process: exit codes, standard streams, the cache of compiled code.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use assert_cmd::{Command as Checked, cargo::cargo_bin};

fn sigmapol() -> Checked {
    Checked::new(cargo_bin!("sigmapol"))
}

#[test]
fn hash_of_standard_input() {
    let output = sigmapol().args(["hash", "-"]).write_stdin("[\"top\"]").assert().success();
    let output = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_eq!(output.len(), 65);
    sigmapol()
        .args(["--engine", "native", "hash", "-"])
        .write_stdin("[\"top\"]")
        .assert()
        .stdout(output);
}

#[test]
fn a_refusal_is_one_line_and_exit_code_1() {
    let deep = format!("{}[\"top\"]{}", "[\"not\",".repeat(70), "]".repeat(70));
    let path = ".not[1]".repeat(64);
    for engine in ["component", "core", "native"] {
        sigmapol()
            .args(["admit", "-", "--engine", engine])
            .write_stdin(deep.clone())
            .assert()
            .code(1)
            .stdout("")
            // 64 times the seven bytes of `["not",` are before it
            .stderr(format!(
                "sigmapol: refused term-depth: ${path}: term exceeds max depth 64 (stdin:1:449)\n"
            ));
    }
}

#[test]
fn a_message_never_spans_lines() {
    let assert = sigmapol().args(["admit", "-"]).write_stdin("[\"a\\nb\\u001b\"]").assert().code(1);
    assert.stderr("sigmapol: refused unknown-op: $: unknown op 'a\\nb\\u{1b}' (stdin:1:1)\n");
}

#[test]
fn usage_is_exit_code_2() {
    for (arguments, line) in [
        (
            &["decide", "policy.json"][..],
            "the following required arguments were not provided: --ctx <FILE>",
        ),
        (
            &["hsah", "-"],
            "unrecognized subcommand 'hsah'; tip: a similar subcommand exists: 'hash'",
        ),
        (
            &["decide", "-", "--ctx", "c", "--memory-mb", "257"],
            "invalid value '257' for '--memory-mb <N>': 257 is not in 0..=256",
        ),
        (
            &["decide", "-", "--ctx", "c", "--core", "--engine", "native"],
            "the argument '--core' cannot be used with '--engine <ENGINE>'",
        ),
        (
            &["hash", "no such file"],
            "cannot read no such file: No such file or directory (os error 2)",
        ),
    ] {
        sigmapol()
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(format!("sigmapol: {line}\n"));
    }
    sigmapol().assert().code(2);
}

#[test]
fn exhaustion_is_exit_code_3() {
    let assert = sigmapol().args(["hash", "-", "--fuel", "10"]).write_stdin("[\"top\"]").assert();
    assert.code(3).stderr("sigmapol: exhausted fuel: the call needs more fuel than its limit\n");
}

const COMMANDS: [&str; 19] = [
    "admit",
    "check",
    "hash",
    "decide",
    "replay",
    "inspect",
    "sandbox",
    "genvm",
    "conformance",
    "mock-provider",
    "run",
    "serve",
    "keys",
    "rank",
    "status",
    "enable",
    "disable",
    "flow",
    "ledger",
];

/// Commands of commands.
const INNER: [&str; 14] = [
    "genvm pack",
    "genvm run",
    "flow check",
    "flow run",
    "keys add",
    "keys list",
    "keys rotate",
    "keys revoke",
    "keys set-status",
    "keys set-routes",
    "ledger verify",
    "ledger recover",
    "ledger export",
    "ledger anchor",
];

#[test]
fn help_names_the_exit_codes() {
    for arguments in [&["--help"][..], &["-h"]] {
        let output = sigmapol().args(arguments).assert().success();
        let output = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        let limits = "3  exhausted: fuel, memory, deadline, result size, cost or instances";
        assert!(output.contains(limits), "{output}");
        let unsaved = "73 answered, and the runtime state cannot be written";
        assert!(output.contains(unsaved), "{output}");
    }
    // those that the help lists, and no other
    let output = sigmapol().arg("--help").assert().success();
    let output = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let listed = output.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let listed = listed.lines().filter_map(|line| {
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next()
    });
    let listed: Vec<_> = listed.filter(|name| *name != "help").collect();
    assert_eq!(listed, COMMANDS.map(|command| command.split(' ').next().unwrap()));
    for command in COMMANDS.into_iter().chain(INNER) {
        let words = command.split(' ').chain(["--help"]);
        let output = sigmapol().args(words).assert().success();
        let output = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        assert!(output.contains(&format!("Usage: sigmapol {command}")), "{output}");
    }
}

#[test]
fn a_reader_that_leaves_is_told_nothing() {
    let candidates: Vec<_> = (0..5000)
        .map(|index| format!(r#"{{"provider_id":"p","model_family":"m{index}"}}"#))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let ctx = folder.path().join("ctx.json");
    fs::write(&ctx, format!(r#"{{"candidates":[{}]}}"#, candidates.join(","))).unwrap();
    let mut child = Command::new(cargo_bin!("sigmapol"))
        .args(["decide", "-", "--native", "--ctx"])
        .arg(&ctx)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let policy = r#"["policy",["top"],["zero"],["ordered"],["id"],["always",{"action":"abort"}]]"#;
    child.stdin.take().unwrap().write_all(policy.as_bytes()).unwrap();
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(141), ""));
}

/// An answer that nobody gets is not success.
#[test]
fn a_reader_that_was_never_there_is_an_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = Command::new(cargo_bin!("sigmapol"))
        .args(["hash", "-", "--engine", "native"])
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"[\"top\"]").unwrap();
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.starts_with("sigmapol: standard output: "), "{message}");
}

#[test]
fn compiled_code_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let hash = || {
        sigmapol()
            .env("SIGMAPOL_CACHE_DIR", folder.path())
            .args(["hash", "-"])
            .write_stdin("[\"top\"]")
            .assert()
            .success();
    };
    hash();
    let files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let whole = fs::read(file).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(file, damaged).unwrap();
    hash();
    assert_eq!(fs::read(file).unwrap(), whole);
}

#[test]
fn an_empty_name_switches_the_cache_off() {
    let home = tempfile::tempdir().unwrap();
    sigmapol()
        .env("SIGMAPOL_CACHE_DIR", "")
        .env("HOME", home.path())
        .env("XDG_CACHE_HOME", home.path())
        .args(["hash", "-"])
        .write_stdin("[\"top\"]")
        .assert()
        .success();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

/// A pool of instances is address space; where there is little of it, the command does without.
#[cfg(target_os = "linux")]
#[test]
fn little_address_space() {
    let path = cargo_bin!("sigmapol");
    Checked::new("sh")
        .args(["-c", "ulimit -v 1000000 && exec \"$0\" hash -"])
        .arg(path)
        .write_stdin("[\"top\"]")
        .assert()
        .success();
}
