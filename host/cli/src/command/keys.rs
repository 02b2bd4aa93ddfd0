//! `sigmapol keys`

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::Subcommand;
use serde_json::{Value, json};
use sigmapol_gateway::{
    Allowed, AllowedRoute, ApiKey, Asking, Consumer, Edit, FileStore, Key, LONGEST_GRACE_S, Status,
    Store, now, read_time, time_text,
};
use tokio::runtime;

use crate::{
    Failure, Global, print_json,
    shared::{table::render, text::safe},
};

/// Make, replace and take back keys of the gateway; a gateway that runs sees it within a second
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key for a consumer, and print it: it is shown this once, and only its SHA-256 is kept
    Add {
        /// The consumer; one that is not there is made
        consumer: String,
        /// What a new consumer may ask for, instead of everything: profile:NAME, family:NAME,
        /// pin:PROVIDER/FAMILY, policy; a * at the end stands for any rest
        #[arg(long, value_name = "ROUTE,…", value_delimiter = ',', value_parser = AllowedRoute::new)]
        routes: Vec<AllowedRoute>,
        /// From when on the key is refused, such as 2027-01-01T00:00:00Z
        #[arg(long, value_name = "TIME", value_parser = read_time)]
        expires: Option<SystemTime>,
        #[command(flatten)]
        file: FileArgs,
    },
    /// List consumers and their keys, each by the first digits of its SHA-256
    List {
        #[command(flatten)]
        file: FileArgs,
    },
    /// Make a key in place of all others of a consumer, and print it
    Rotate {
        /// The consumer
        consumer: String,
        /// How long the others are taken still
        #[arg(long, value_name = "SECONDS", default_value_t = 0,
            value_parser = clap::value_parser!(u64).range(0..=LONGEST_GRACE_S))]
        grace: u64,
        /// From when on the new key is refused
        #[arg(long, value_name = "TIME", value_parser = read_time)]
        expires: Option<SystemTime>,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Take a key back
    Revoke {
        /// The consumer
        consumer: String,
        /// The first 12 digits of the SHA-256 of the key, as list prints them
        prefix: String,
        /// Keep its SHA-256, so that its holder is told that it was taken back
        #[arg(long)]
        keep: bool,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Take the keys of a consumer, or refuse them
    SetStatus {
        /// The consumer
        consumer: String,
        /// active or inactive
        #[arg(value_parser = Status::new)]
        status: Status,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Say what a consumer may ask for
    SetRoutes {
        /// The consumer
        consumer: String,
        /// As for add
        #[arg(value_name = "ROUTE", value_parser = AllowedRoute::new, required_unless_present = "all")]
        routes: Vec<AllowedRoute>,
        /// Everything
        #[arg(long, conflicts_with = "routes")]
        all: bool,
        #[command(flatten)]
        file: FileArgs,
    },
}

#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The file of keys, for its owner alone; the first key makes it
    #[arg(long = "keys", value_name = "FILE")]
    path: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let now = now();
    match &args.command {
        Command::Add { consumer, routes, expires, file } => {
            let store = FileStore::open_or_new(&file.path).map_err(failed)?;
            let (fresh, key) = make(*expires)?;
            let allowed = match routes.is_empty() {
                true => None,
                false => Some(Allowed::only(routes.clone()).map_err(Failure::Usage)?),
            };
            ask(store.edit(consumer, Edit::Add { key, allowed }))?;
            print_key(consumer, &fresh, *expires, file, out)
        }
        Command::Rotate { consumer, grace, expires, file } => {
            let (fresh, key) = make(*expires)?;
            let until = now + Duration::from_secs(*grace);
            edit(consumer, Edit::Rotate { key, until }, file)?;
            print_key(consumer, &fresh, *expires, file, out)
        }
        Command::Revoke { consumer, prefix, keep, file } => {
            let prefix = prefix.clone();
            let after = edit(consumer, Edit::Revoke { prefix, keep: keep.then_some(now) }, file)?;
            print_consumer(&after, file, global, out)
        }
        Command::SetStatus { consumer, status, file } => {
            let change = Edit::Set { status: Some(*status), allowed: None };
            print_consumer(&edit(consumer, change, file)?, file, global, out)
        }
        Command::SetRoutes { consumer, routes, all, file } => {
            let allowed = match all {
                true => Allowed::All,
                false => Allowed::only(routes.clone()).map_err(Failure::Usage)?,
            };
            let change = Edit::Set { status: None, allowed: Some(allowed) };
            print_consumer(&edit(consumer, change, file)?, file, global, out)
        }
        Command::List { file } => {
            let store = FileStore::open(&file.path).map_err(failed)?;
            let consumers = ask(store.list())?;
            let consumers: Vec<_> = consumers.iter().map(AsRef::as_ref).collect();
            print(&consumers, file, global, out)
        }
    }
}

fn make(expires: Option<SystemTime>) -> Result<(ApiKey, Key), Failure> {
    let fresh = ApiKey::new().map_err(Failure::Usage)?;
    let key = Key::new(fresh.digest(), now(), expires);
    Ok((fresh, key))
}

fn edit(consumer: &str, edit: Edit, file: &FileArgs) -> Result<Consumer, Failure> {
    let store = FileStore::open(&file.path).map_err(failed)?;
    Ok(Consumer::clone(&*ask(store.edit(consumer, edit))?))
}

fn ask<T>(asking: Asking<'_, T>) -> Result<T, Failure> {
    let runtime = runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| Failure::Usage(format!("keys: {error}")))?;
    runtime.block_on(asking).map_err(failed)
}

fn failed(error: sigmapol_gateway::StoreError) -> Failure {
    Failure::Usage(error.to_string())
}

fn print_key(
    consumer: &str,
    fresh: &ApiKey,
    expires: Option<SystemTime>,
    file: &FileArgs,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if !file.json {
        return Ok(writeln!(out, "{}", fresh.reveal())?);
    }
    let told = json!({"consumer": consumer, "api_key": fresh.reveal(),
        "sha256_prefix": fresh.digest().prefix(), "expires": expires.map(time_text)});
    print_json(&told, out)
}

fn print_consumer(
    consumer: &Consumer,
    file: &FileArgs,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    print(&[consumer], file, global, out)
}

fn print(
    consumers: &[&Consumer],
    file: &FileArgs,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if file.json {
        let consumers: Vec<Value> = consumers.iter().map(|consumer| consumer.told()).collect();
        return print_json(&json!({"consumers": consumers}), out);
    }
    Ok(writeln!(out, "{}", table(consumers, global))?)
}

/// A row a key; a consumer without one has a row, too.
fn table(consumers: &[&Consumer], global: &Global) -> String {
    let mut table =
        global.table(["consumer", "status", "routes", "key", "made (UTC)", "until (UTC)"]);
    for consumer in consumers {
        let routes = match &consumer.allowed {
            Allowed::All => "all".to_owned(),
            Allowed::Only(routes) => {
                let routes: Vec<_> = routes.iter().map(|route| safe(route.as_str())).collect();
                routes.join(", ")
            }
        };
        let keys: Vec<_> = consumer.keys.iter().map(Some).collect();
        let keys = if keys.is_empty() { vec![None] } else { keys };
        for (index, key) in keys.into_iter().enumerate() {
            let first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
            let until = |key: &Key| match (key.revoked, key.expires) {
                (Some(revoked), _) => format!("revoked {}", minute(revoked)),
                (None, Some(expires)) => minute(expires),
                (None, None) => "-".to_owned(),
            };
            table.add_row([
                first(&safe(&consumer.name)),
                first(consumer.status.as_str()),
                first(&routes),
                key.map_or_else(|| "-".to_owned(), |key| key.digest.prefix().to_owned()),
                key.map_or_else(|| "-".to_owned(), |key| minute(key.created)),
                key.map_or_else(|| "-".to_owned(), until),
            ]);
        }
    }
    render(table)
}

/// A time for people: `2026-11-27 14:25`.
fn minute(time: SystemTime) -> String {
    time_text(time).chars().take(16).collect::<String>().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use sigmapol_gateway::KeyDigest;

    use super::*;
    use crate::shared::fixture::global;

    #[test]
    fn a_row_a_key() {
        let time = |text: &str| read_time(text).unwrap();
        let mut app = Consumer::new("app");
        let made = time("2026-11-27T14:25:48Z");
        let mut key = Key::new(KeyDigest::of("sk-a"), made, None);
        app.keys.push(key.clone());
        key.digest = KeyDigest::of("sk-b");
        key.expires = Some(time("2027-01-01T00:00:00Z"));
        app.keys.push(key.clone());
        key.digest = KeyDigest::of("sk-c");
        key.revoked = Some(time("2026-12-01T00:00:00Z"));
        app.keys.push(key);
        let mut batch = Consumer::new("batch");
        batch.status = Status::Inactive;
        let routes = ["profile:private", "family:*"].map(|text| AllowedRoute::new(text).unwrap());
        batch.allowed = Allowed::only(routes.to_vec()).unwrap();
        insta::assert_snapshot!("keys", table(&[&app, &batch], &global()));
    }
}
