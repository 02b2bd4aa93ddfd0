//! `sigmapol serve`

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use sigmapol_gateway::{DEADLINE, MAX_TOKENS, Server, Settings, State as Gateway, Watch};
use tokio::runtime;

use crate::{
    Failure, Global,
    shared::{
        configured::Configured,
        provider,
        record::Mode,
        router::{RouterArgs, State},
        stop::{Hangups, Signals},
        text::safe_json,
    },
};

#[expect(clippy::cast_possible_truncation, reason = "an hour")]
const DEADLINE_MS: u64 = DEADLINE.as_millis() as u64;

/// Answer OpenAI's chat API over HTTP, by the providers of a configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    router: RouterArgs,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
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
    log_to_stderr();
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Usage(format!("serve: {error}")))?;
    runtime.block_on(serve(args.listen, gateway, watch, out))?;
    // what is still under way was told to stop, twice
    runtime.shutdown_background();
    let unsaved = |error| Failure::Unsaved(format!("the state is not saved: {error}"));
    let saved = live.router().save().map_err(unsaved);
    // whatever became of the state
    let recorded = records.map_or(Ok(()), |records| records.close());
    saved.and(recorded)
}

/// Serves until a signal comes, and then until open responses have ended or another one comes.
async fn serve(
    listen: SocketAddr,
    gateway: Gateway,
    watch: Option<Watch>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let wrong = |error: String| Failure::Usage(format!("--listen: {error}"));
    let server = Server::bind(listen).await.map_err(|error| wrong(error.to_string()))?;
    let mut stop = Signals::new()?;
    let mut at_once = Signals::new()?;
    let mut hangups = Hangups::new()?;
    writeln!(out, "listening on http://{}", server.address())?;
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
        () = server.serve(gateway, async { stop.next().await }) => {}
        () = twice => {}
        () = asked => {}
        () = changed => {}
    }
    Ok(())
}

/// Lines of JSON on standard error: of each request, and of each run.
fn log_to_stderr() {
    let log = tracing_subscriber::fmt().json().with_writer(|| Log).with_target(false);
    // whoever calls this twice in a process has a log already
    let _ = log.flatten_event(true).with_current_span(false).with_span_list(false).try_init();
}

/// Standard error, for lines of JSON that may quote a client.
struct Log;

impl Write for Log {
    /// A line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        writeln!(io::stderr(), "{}", safe_json(text.trim_end()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
