//! A gateway under load, for long: `soak`.
//!
//! Clients ask over sockets while providers fail, the configuration is read again, and the process is
//! killed and started anew over the same ledger and state. At the end every request that was
//! acknowledged has its records, the ledger verifies and every decision of it is made again, and no
//! request failed for any other reason than a kill. What it takes is set in the environment; see
//! [`Plan`].
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic ends the run")]

mod books;
mod client;
mod gateway;
mod operator;
mod upstream;

use std::{
    env,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use books::Books;
use gateway::Gateway;

/// What is done, by the environment.
#[derive(Debug)]
struct Plan {
    /// `REQUESTS`: how many requests are sent, by default 20,000.
    requests: u64,
    /// `KILLS`: how often the gateway is killed, by default 5.
    kills: u64,
    /// `CLIENTS`: how many ask at a time, by default 16.
    clients: u64,
    /// `RELOAD_MS`: between two changes of the configuration, by default 1,000.
    reload: Duration,
    /// `MINUTES`: after which no more requests are sent, by default 30.
    longest: Duration,
    /// `SOAK_DIR`: a folder for ledger, state and configuration, which has to be empty; by default one
    /// that goes at the end.
    folder: Option<PathBuf>,
    /// `SIGMAPOL`: the command.
    command: PathBuf,
}

impl Plan {
    fn of_environment() -> anyhow::Result<Self> {
        let number = |name: &str, default: u64| match env::var(name) {
            Ok(text) => text.parse().with_context(|| format!("{name}: expected a number")),
            Err(_) => Ok(default),
        };
        let command =
            env::var_os("SIGMAPOL").context("SIGMAPOL: expected the path of the command")?;
        Ok(Self {
            requests: number("REQUESTS", 20_000)?,
            kills: number("KILLS", 5)?,
            clients: number("CLIENTS", 16)?.clamp(1, 256),
            reload: Duration::from_millis(number("RELOAD_MS", 1000)?.max(1)),
            longest: Duration::from_secs(60 * number("MINUTES", 30)?),
            folder: env::var_os("SOAK_DIR").map(PathBuf::from),
            command: command.into(),
        })
    }
}

fn main() -> ExitCode {
    match soak() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn soak() -> anyhow::Result<()> {
    let plan = Plan::of_environment()?;
    let temporary = tempfile::tempdir()?;
    let folder = plan.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    if std::fs::read_dir(&folder)?.next().is_some() {
        bail!("{}: expected an empty folder", folder.display());
    }
    let upstream = upstream::start()?;
    operator::write(&folder, upstream, 0)?;
    let gateway = Gateway::start(&plan.command, &folder)?;
    let books = Books::default();
    let (next, over) = (AtomicU64::new(1), Arc::new(AtomicBool::new(false)));
    let began = Instant::now();
    thread::scope(|scope| -> anyhow::Result<()> {
        let clients: Vec<_> = (0..plan.clients)
            .map(|_| {
                scope.spawn(|| {
                    let until = began + plan.longest;
                    client::run(&gateway, &books, || {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        (number <= plan.requests && Instant::now() < until).then_some(number)
                    });
                })
            })
            .collect();
        let operator =
            scope.spawn(|| operator::run(&gateway, &books, &folder, upstream, plan.reload, &over));
        // kills, spread over the requests
        for kill in 1..=plan.kills {
            let at = plan.requests * kill / (plan.kills + 1);
            while next.load(Ordering::Relaxed) < at && began.elapsed() < plan.longest {
                thread::sleep(Duration::from_millis(5));
            }
            if let Err(error) = gateway.kill_and_restart() {
                over.store(true, Ordering::Relaxed);
                next.store(plan.requests + 1, Ordering::Relaxed);
                return Err(error.context(format!("kill {kill}")));
            }
        }
        for client in clients {
            client.join().map_err(|_| anyhow::anyhow!("a client has panicked"))?;
        }
        over.store(true, Ordering::Relaxed);
        operator.join().map_err(|_| anyhow::anyhow!("the operator has panicked"))?
    })?;
    let took = began.elapsed();
    let restarts = gateway.restarts();
    gateway.stop()?;
    println!("{}", books.summary(took, restarts));
    books.check_failures()?;
    let began = Instant::now();
    let ledger = folder.join("ledger");
    let verified = gateway::output(&plan.command, &["ledger", "verify", "--json"], &ledger)?;
    println!("ledger verify: {}", one_line(&verified));
    let missing = books.missing(&ledger)?;
    println!("acknowledged without a record: {missing}");
    let replayed = gateway::output(&plan.command, &["replay", "--json"], &ledger)?;
    println!(
        "replay: {}; {:.0} s for all of this",
        one_line(&replayed),
        began.elapsed().as_secs_f64()
    );
    let replayed: serde_json::Value = serde_json::from_str(&replayed)?;
    let none = ["diverged", "component_mismatch", "not_recorded", "missing"];
    if missing > 0 || none.iter().any(|name| replayed[name] != 0) {
        bail!("not every acknowledged request is in the ledger, or can be decided again");
    }
    Ok(())
}

fn one_line(json: &str) -> String {
    json.split_whitespace().collect::<Vec<_>>().join(" ")
}
