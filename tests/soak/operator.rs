//! Who changes the configuration, again and again.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::{books::Books, client::Connection, gateway::Gateway};

/// Of so many changes one is wrong.
const WRONG: u64 = 10;

/// The configuration, whole; the price of `a` goes up and down.
pub fn write(folder: &Path, upstream: SocketAddr, number: u64) -> anyhow::Result<()> {
    let provider = |name: &str| {
        json!({"discovery": "static", "api_kind": "openai_compatible", "auth": {"kind": "none"},
            "base_url": format!("http://{upstream}/{name}")})
    };
    let price = |price: u64| json!({"price_in": price, "price_out": price});
    let served_by = json!([
        {"provider": "a", "fields": price(1 + 2 * (number % 2))},
        {"provider": "b", "fields": price(2)},
        {"provider": "c", "fields": price(9)}]);
    // the cheapest first; who never fails is the last, whatever became of the others
    let policy = json!(["policy",
        ["and", ["not", ["is", "disabled"]], ["not", ["is", "breaker_open"]]],
        ["neg", ["field", "price_out"]],
        ["argmax"],
        ["id"],
        ["override", ["always", {"action": "next_candidate"}],
            "rate_limit", {"action": "retry_same", "attempts": 2, "backoff_ms": 5}]]);
    let config = json!({
        "providers": {"a": provider("a"), "b": provider("b"), "c": provider("c")},
        "models": {"m": {"capabilities": {}, "served_by": served_by}},
        "profiles": {"default": {"policy_ir": policy}},
        "defaults": {"circuit_breaker_rate_limit_ms": 500},
    });
    replace(folder, &config.to_string())
}

fn replace(folder: &Path, text: &str) -> anyhow::Result<()> {
    let next = folder.join("next.json");
    fs::write(&next, text)?;
    fs::rename(next, folder.join("router.json"))?;
    Ok(())
}

/// Changes the configuration each interval and has it read, by a request and by a signal in turns; now
/// and then what is there is wrong for a moment.
pub fn run(
    gateway: &Gateway,
    books: &Books,
    folder: &Path,
    upstream: SocketAddr,
    interval: Duration,
    over: &AtomicBool,
) -> anyhow::Result<()> {
    for number in 1.. {
        thread::sleep(interval);
        if over.load(Ordering::Relaxed) {
            break;
        }
        let (began, connection) = Connection::open(gateway);
        let reload = |expected: u16| {
            let reply = connection
                .and_then(|mut connection| connection.post("/x/config/reload", ""))
                .map(|reply| reply.status);
            match reply {
                Ok(status) if status == expected => books.reloaded(),
                Err(_) if gateway.epoch() != began => {}
                other => books.refused_reload(&format!("expected {expected}, got {other:?}")),
            }
        };
        if number % WRONG == 0 {
            // a process that starts must not find what is wrong
            let _alone = gateway.alone.lock().unwrap();
            replace(folder, "{\"providers\": ")?;
            reload(400);
            write(folder, upstream, number)?;
        } else if number % 2 == 0 {
            write(folder, upstream, number)?;
            reload(200);
        } else {
            write(folder, upstream, number)?;
            // one that is being killed hears nothing
            let _ = gateway.signal("HUP");
        }
    }
    Ok(())
}
