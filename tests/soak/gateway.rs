//! The process of the gateway: started, killed, started again.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::channel,
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// For the process to listen, or to end.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Gateway {
    command: PathBuf,
    folder: PathBuf,
    process: Mutex<Child>,
    /// Where it listens.
    address: Mutex<String>,
    /// Even while a process is there that nobody has begun to kill.
    epoch: AtomicU64,
    /// Held by who does what no other may see half done.
    pub alone: Mutex<()>,
}

impl Gateway {
    pub fn start(command: &Path, folder: &Path) -> anyhow::Result<Self> {
        let (process, address) = spawn(command, folder)?;
        Ok(Self {
            command: command.to_owned(),
            folder: folder.to_owned(),
            process: Mutex::new(process),
            address: Mutex::new(address),
            epoch: AtomicU64::new(0),
            alone: Mutex::default(),
        })
    }

    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// The next process, once it listens: its epoch and its address.
    pub fn wait(&self) -> (u64, String) {
        let began = Instant::now();
        loop {
            let epoch = self.epoch();
            if epoch.is_multiple_of(2) {
                let address = self.address.lock().unwrap().clone();
                if self.epoch() == epoch {
                    return (epoch, address);
                }
            }
            assert!(began.elapsed() < 2 * PATIENCE, "the gateway does not come back");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn kill_and_restart(&self) -> anyhow::Result<()> {
        let _alone = self.alone.lock().unwrap();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        let mut process = self.process.lock().unwrap();
        process.kill()?;
        process.wait()?;
        let (next, address) = spawn(&self.command, &self.folder)?;
        *process = next;
        *self.address.lock().unwrap() = address;
        self.epoch.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    pub fn restarts(&self) -> u64 {
        self.epoch() / 2
    }

    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.process.lock().unwrap().id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).stderr(Stdio::null()).status()?;
        if sent.success() { Ok(()) } else { bail!("SIG{name} was not sent") }
    }

    /// Asks it to stop; everything is on disk then.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        let mut process = self.process.lock().unwrap();
        let began = Instant::now();
        loop {
            match process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the gateway ended with {status}"),
                None if began.elapsed() > PATIENCE => bail!("the gateway does not end"),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(process) = self.process.get_mut() {
            let _ = process.kill(); // it may have ended
            let _ = process.wait();
        }
    }
}

fn spawn(command: &Path, folder: &Path) -> anyhow::Result<(Child, String)> {
    let mut process = Command::new(command)
        .args(["serve", "--listen", "127.0.0.1:0", "--record-bodies", "--config"])
        .arg(folder.join("router.json"))
        .arg("--record")
        .arg(folder.join("ledger"))
        .arg("--state")
        .arg(folder.join("state.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| command.display().to_string())?;
    let stderr = process.stderr.take().context("no standard error")?;
    // what the gateway says of itself is read, so that it does not stand still, and errors are shown
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if line.contains("\"level\":\"ERROR\"") || !line.starts_with('{') {
                eprintln!("gateway: {line}");
            }
        }
    });
    let stdout = process.stdout.take().context("no standard output")?;
    let (said, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = said.send(line); // nobody waits for more than the first
        }
    });
    let line = lines.recv_timeout(PATIENCE).unwrap_or_default();
    match line.strip_prefix("listening on http://") {
        Some(address) => Ok((process, address.to_owned())),
        None => {
            let _ = process.kill(); // it may have ended
            bail!("the gateway does not listen: {line:?}, {}", process.wait()?)
        }
    }
}

/// What a command about a ledger prints.
pub fn output(command: &Path, words: &[&str], ledger: &Path) -> anyhow::Result<String> {
    let output = Command::new(command).args(words).arg(ledger).output()?;
    let printed = String::from_utf8(output.stdout)?;
    if output.status.success() {
        return Ok(printed);
    }
    bail!("{}: {printed} {}", words.join(" "), String::from_utf8_lossy(&output.stderr))
}
