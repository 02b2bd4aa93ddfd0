//! `sigmapol serve`

use std::{
    env,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sigmapol::file;
use sigmapol_gateway::{
    Access, AdminToken, DEADLINE, FileStore, MAX_TOKENS, Server, Settings, State as Gateway, Tls,
    Watch,
};
use tokio::runtime;
use tracing::{info, warn};

use crate::{
    Failure, Global,
    shared::{
        configured::Configured,
        log::Lines,
        provider,
        record::Mode,
        router::{RouterArgs, State},
        stop::{Hangups, Signals},
        text::safe_json,
    },
};

#[expect(clippy::cast_possible_truncation, reason = "an hour")]
const DEADLINE_MS: u64 = DEADLINE.as_millis() as u64;

/// The token of the admin, unless a file has it.
const ADMIN_TOKEN: &str = "SIGMAPOL_ADMIN_TOKEN";

/// The longest file of a token: one line.
const TOKEN_BYTES: usize = 4096;

/// Answer OpenAI's and Anthropic's APIs over HTTP, by the providers of a configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    router: RouterArgs,
    /// Where to listen; port 0 is any that is free. Beyond this machine it takes --keys and an admin
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Who may call: a file that sigmapol keys writes. A change is seen within a second
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// A file with the token of the admin, 16 to 256 characters; by default SIGMAPOL_ADMIN_TOKEN has it
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// Pages of this origin may call with a key, from a browser; it may be there several times
    #[arg(long, value_name = "ORIGIN", requires = "keys")]
    allow_origin: Vec<String>,
    /// Speak TLS with this chain of certificates, PEM; it is read again on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The cap of answers whose request names none, in tokens; 0 is no cap
    #[arg(long, value_name = "TOKENS", default_value_t = MAX_TOKENS)]
    default_max_tokens: u32,
    /// The longest that a call may take, with all that is tried; a request may ask for less
    #[arg(long, value_name = "MILLISECONDS", default_value_t = DEADLINE_MS,
        value_parser = clap::value_parser!(u64).range(1..=DEADLINE_MS))]
    deadline_ms: u64,
    /// When the record of a decision is on disk, with --record
    #[arg(long, value_enum, value_name = "MODE", default_value_t)]
    record_mode: Mode,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let file = args.router.can_be_read_again();
    let watch = file.map(Watch::new); // before it is read
    let (access, tls) = (access(args)?, tls(args)?);
    let config = args.router.config()?;
    let configured = Configured::new(args.router.path().to_owned(), args.router.reference);
    configured.check(&config)?;
    let provider = provider::open(config.value())?;
    if args.record_mode != Mode::Required && !args.router.is_recorded() {
        return Err(Failure::Usage("--record-mode behind: expected --record".to_owned()));
    }
    let (builder, records) =
        args.router.recorded_builder(config, State::Held, args.record_mode, global)?;
    let router = builder.provider(provider).steps_apart(true).build()?;
    let mut settings = Settings::default();
    settings.max_tokens = Some(args.default_max_tokens).filter(|cap| *cap > 0);
    settings.deadline = Duration::from_millis(args.deadline_ms);
    let mut gateway = Gateway::new(router, settings);
    if file.is_some() {
        gateway = gateway.reloaded_by(move |current| {
            configured.load(current).map_err(|failure| failure.to_string())
        });
    }
    if let Some(records) = records.clone() {
        gateway = gateway.recorded_by(move || records.look());
    }
    let live = gateway.live();
    let no_thread = |error| Failure::Usage(format!("serve: {error}"));
    let log = log_to_stderr().map_err(no_thread)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Usage(format!("serve: {error}")))?;
    let files = Files { watch, tls };
    let served = runtime.block_on(serve(args.listen, access, files, gateway, out));
    // what is still under way was told to stop, twice
    runtime.shutdown_background();
    log.flush();
    served?;
    let unsaved = |error| Failure::Unsaved(format!("the state is not saved: {error}"));
    let saved = live.router().save().map_err(unsaved);
    // whatever became of the state
    let recorded = records.map_or(Ok(()), |records| records.close());
    saved.and(recorded)
}

/// What is asked of those who call.
fn access(args: &Args) -> Result<Access, Failure> {
    let wrong = |name: &str, what: String| Failure::Usage(format!("{name}: {what}"));
    let mut access = Access::default();
    if let Some(path) = &args.keys {
        let store = FileStore::open(path).map_err(|error| wrong("--keys", error.to_string()))?;
        access = access.store(Arc::new(store));
    }
    let token = match &args.admin_token_file {
        Some(path) => Some(("--admin-token-file", token_of(path)?)),
        None => env::var(ADMIN_TOKEN).ok().map(|token| (ADMIN_TOKEN, token)),
    };
    // a variable that is empty is one that is not set
    if let Some((name, token)) =
        token.filter(|(name, token)| *name != ADMIN_TOKEN || !token.is_empty())
    {
        access = access.admin(AdminToken::new(&token).map_err(|what| wrong(name, what))?);
    }
    let origins = access.allow_origins(&args.allow_origin);
    origins.map_err(|what| wrong("--allow-origin", what))
}

/// The one line of a file.
fn token_of(path: &Path) -> Result<String, Failure> {
    let wrong =
        |what: String| Failure::Usage(format!("--admin-token-file: {}: {what}", path.display()));
    let bytes = file::read(path, TOKEN_BYTES).map_err(|error| wrong(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("expected UTF-8".to_owned()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn tls(args: &Args) -> Result<Option<Tls>, Failure> {
    let (Some(certificates), Some(key)) = (&args.tls_cert, &args.tls_key) else { return Ok(None) };
    let tls = Tls::read(certificates, key);
    tls.map(Some).map_err(|error| Failure::Usage(format!("--tls-cert, --tls-key: {error}")))
}

/// Reads the certificate again whenever the operator says so.
async fn read_again(tls: Tls, mut hangups: Hangups) {
    loop {
        hangups.next().await;
        // files that are wrong change nothing
        match tls.read_again() {
            Ok(()) => info!("the certificate is read again"),
            Err(error) => warn!(%error, "the certificate cannot be read again"),
        }
    }
}

/// What is read again while it serves.
struct Files {
    /// Tells of changes of the configuration, where it is a file.
    watch: Option<Watch>,
    tls: Option<Tls>,
}

/// Serves until a signal comes, and then until open responses have ended or another one comes.
async fn serve(
    listen: SocketAddr,
    access: Access,
    files: Files,
    gateway: Gateway,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let Files { watch, tls } = files;
    let wrong = |error: String| Failure::Usage(format!("--listen: {error}"));
    let server = Server::bind_with(listen, access).await;
    let mut server = server.map_err(|error| wrong(error.to_string()))?;
    let mut scheme = "http";
    match tls {
        Some(tls) => {
            scheme = "https";
            tokio::spawn(read_again(tls.clone(), Hangups::new()?));
            server = server.tls(tls);
        }
        None if !listen.ip().is_loopback() => {
            warn!("without --tls-cert, keys and prompts can be read on the way");
        }
        None => {}
    }
    let mut stop = Signals::new()?;
    let mut at_once = Signals::new()?;
    let mut hangups = Hangups::new()?;
    writeln!(out, "listening on {scheme}://{}", server.address())?;
    out.flush()?;
    let twice = async {
        at_once.next().await;
        at_once.next().await;
    };
    let live = gateway.live();
    let asked = async {
        loop {
            hangups.next().await;
            let _ = live.reload("signal").await; // what is wrong is in the log
        }
    };
    let changed = async {
        match watch {
            Some(watch) => watch.run(live.clone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = server.serve(gateway, async {
            let _ = stop.next().await;
        }) => {}
        () = twice => {}
        () = asked => {}
        () = changed => {}
    }
    Ok(())
}

/// Lines of JSON on standard error: of each request, and of each run.
fn log_to_stderr() -> io::Result<Lines> {
    let lines = Lines::to(io::stderr())?;
    let log = tracing_subscriber::fmt().json().with_target(false);
    let to = lines.clone();
    let log = log.with_writer(move || Log(to.clone()));
    // whoever calls this twice in a process has a log already
    let _ = log.flatten_event(true).with_current_span(false).with_span_list(false).try_init();
    Ok(lines)
}

/// Standard error, for lines of JSON that may quote a client.
struct Log(Lines);

impl Write for Log {
    /// A line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match line.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
            true => self.0.add(line),
            false => {
                let text = String::from_utf8_lossy(line);
                self.0.add(format!("{}\n", safe_json(text.trim_end())).as_bytes());
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
