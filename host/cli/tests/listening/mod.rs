//! Commands that listen, as processes: the mock, and the gateway in front of it.
#![allow(dead_code, reason = "not every test needs all of it")]

#[path = "../../../../tests/lines.rs"]
mod lines;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use lines::Lines;
pub(crate) use lines::PATIENCE;

/// A command that listens, and where.
pub(crate) struct Listening {
    child: Option<Child>,
    /// The lines of standard error, once somebody waits for one.
    log: Option<mpsc::Receiver<String>>,
    /// A command whose output nobody reads would end.
    _stdout: Lines,
    pub(crate) address: String,
}

impl Listening {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let line = stdout.next().unwrap_or_default();
        let address = line.strip_prefix("listening on ").and_then(|url| url.split_once("://"));
        let address = address.map(|(_, address)| address.to_owned());
        let Some(address) = address else {
            let _ = child.kill(); // it may have ended
            panic!("{line:?} {:?}", child.wait_with_output());
        };
        Self { child: Some(child), log: None, _stdout: stdout, address }
    }

    pub(crate) fn post(&self, body: &Value) -> TcpStream {
        let body = body.to_string();
        let mut socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
        write!(socket, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        socket
    }

    /// Waits for a line on standard error that has this in it.
    pub(crate) fn await_log(&mut self, part: &str) {
        let lines = self.log.get_or_insert_with(|| {
            let stderr = self.child.as_mut().unwrap().stderr.take().unwrap();
            let (sender, lines) = mpsc::channel();
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
            lines
        });
        let began = Instant::now();
        loop {
            let line = lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed()));
            if line.expect(part).contains(part) {
                return;
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub(crate) fn end(mut self) -> Output {
        let child = self.child.as_mut().unwrap();
        within("it does not end", || child.try_wait().unwrap().is_some());
        self.child.take().unwrap().wait_with_output().unwrap()
    }
}

/// Looks again until something holds.
pub(crate) fn within(otherwise: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{otherwise}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill(); // it may have ended
            let _ = child.wait();
        }
    }
}

pub(crate) fn sigmapol() -> Command {
    Command::new(cargo_bin!("sigmapol"))
}

/// The example's configuration, with a mock that answers by this script.
pub(crate) fn world(folder: &Path, script: &Value) -> (Listening, PathBuf) {
    let file = folder.join("mock.json");
    fs::write(&file, script.to_string()).unwrap();
    let mock = Listening::start(sigmapol().args(["mock-provider", "--script"]).arg(file));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router.json");
    let config = fs::read_to_string(example).unwrap().replace("127.0.0.1:4010", &mock.address);
    let path = folder.join("router.json");
    fs::write(&path, config).unwrap();
    (mock, path)
}

pub(crate) fn serve(config: &Path) -> Command {
    let mut command = sigmapol();
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(config);
    command
}
