//! `sigmapol serve`

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use sigmapol_gateway::{DEADLINE, MAX_TOKENS, Server, Settings, State as Gateway};
use tokio::runtime;

use crate::{
    Failure, Global,
    shared::{
        log::Lines,
        provider,
        router::{RouterArgs, State},
        stop::Signals,
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
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let config = args.router.config()?;
    let provider = provider::open(config.value())?;
    let builder = args.router.builder(config, State::Held, global)?;
    let router = builder.provider(provider).steps_apart(true).build()?;
    let mut settings = Settings::default();
    settings.max_tokens = Some(args.default_max_tokens).filter(|cap| *cap > 0);
    settings.deadline = Duration::from_millis(args.deadline_ms);
    let gateway = Gateway::new(router.clone(), settings);
    let no_thread = |error| Failure::Usage(format!("serve: {error}"));
    let log = log_to_stderr().map_err(no_thread)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Usage(format!("serve: {error}")))?;
    let served = runtime.block_on(serve(args.listen, gateway, out));
    // what is still under way was told to stop, twice
    runtime.shutdown_background();
    log.flush();
    served?;
    let unsaved = |error| Failure::Unsaved(format!("the state is not saved: {error}"));
    router.save().map_err(unsaved)
}

/// Serves until a signal comes, and then until open responses have ended or another one comes.
async fn serve(listen: SocketAddr, gateway: Gateway, out: &mut impl Write) -> Result<(), Failure> {
    let wrong = |error: String| Failure::Usage(format!("--listen: {error}"));
    let server = Server::bind(listen).await.map_err(|error| wrong(error.to_string()))?;
    let mut stop = Signals::new()?;
    let mut at_once = Signals::new()?;
    writeln!(out, "listening on http://{}", server.address())?;
    out.flush()?;
    let twice = async {
        at_once.next().await;
        at_once.next().await;
    };
    tokio::select! {
        () = server.serve(gateway, async { stop.next().await }) => {}
        () = twice => {}
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
