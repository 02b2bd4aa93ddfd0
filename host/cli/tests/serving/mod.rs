//! `sigmapol serve` as a process, with the mock for providers: what its tests share.
#![allow(dead_code, reason = "no test uses all of it")]

#[path = "../../../../tests/lines.rs"]
pub mod lines;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use lines::{Lines, PATIENCE};

/// A command that runs. It is killed where a test leaves it.
pub struct Started {
    child: Option<Child>,
    stdout: Lines,
    stderr: Lines,
}

/// A command that listens, and where.
pub struct Listening {
    process: Started,
    pub address: String,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    /// Standard error.
    pub log: Vec<String>,
}

impl Ended {
    /// The log, each line of which is JSON.
    pub fn records(&self) -> Vec<Value> {
        self.log.iter().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

impl Started {
    pub fn new(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let stderr = Lines::of(child.stderr.take().unwrap());
        Self { child: Some(child), stdout, stderr }
    }

    /// Sends a signal; says whether the process was there.
    pub fn signal_if_there(&self, name: &str) -> bool {
        let pid = self.child.as_ref().unwrap().id().to_string();
        Command::new("kill").args(["-s", name, &pid]).output().unwrap().status.success()
    }

    pub fn signal(&self, name: &str) {
        assert!(self.signal_if_there(name), "it has ended");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let child = self.child.as_mut().unwrap();
        within("it does not end", || child.try_wait().unwrap().is_some());
        let status = self.child.take().unwrap().wait().unwrap();
        Ended { code: status.code(), log: self.stderr.rest() }
    }
}

impl Listening {
    pub fn start(command: &mut Command) -> Self {
        let process = Started::new(command);
        let line = process.stdout.next();
        let address = line.as_deref().and_then(|line| line.strip_prefix("listening on http://"));
        let Some(address) = address.map(str::to_owned) else {
            process.signal_if_there("KILL");
            panic!("{line:?} {:?}", process.end());
        };
        Self { process, address }
    }

    /// One request; its connection is closed after the response.
    pub fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        write!(socket, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        socket
    }

    /// A chat.
    pub fn post(&self, body: &Value) -> TcpStream {
        self.send("POST", "/v1/chat/completions", &body.to_string())
    }

    /// The value of a metric that has this name and these labels.
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = whole(self.send("GET", "/metrics", ""));
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.expect(&metrics).parse().unwrap()
    }

    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits for its end.
    pub fn end(self) -> Ended {
        self.process.end()
    }
}

/// How a command ends that does not listen.
pub fn ends(command: &mut Command) -> Ended {
    Started::new(command).end()
}

/// Looks again until something holds.
pub fn within(otherwise: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{otherwise}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill(); // it may have ended
            let _ = child.wait();
        }
    }
}

pub fn sigmapol() -> Command {
    Command::new(cargo_bin!("sigmapol"))
}

pub fn whole(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

/// The body of a response that is JSON.
pub fn json_of(reply: &str) -> Value {
    let (_, body) = reply.split_once("\r\n\r\n").expect(reply);
    serde_json::from_str(body).expect(body)
}

/// The example's configuration, with a mock that answers by this script.
pub fn world(folder: &Path, script: &Value) -> (Listening, PathBuf) {
    let file = folder.join("mock.json");
    fs::write(&file, script.to_string()).unwrap();
    let mock = Listening::start(sigmapol().args(["mock-provider", "--script"]).arg(file));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router.json");
    let config = fs::read_to_string(example).unwrap().replace("127.0.0.1:4010", &mock.address);
    let path = folder.join("router.json");
    fs::write(&path, config).unwrap();
    (mock, path)
}

pub fn serve(config: &Path) -> Command {
    let mut command = sigmapol();
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(config);
    command
}

/// What a client says.
pub fn hi() -> Value {
    json!({"messages": [{"role": "user", "content": "hi"}]})
}
