//! `sigmapol mock-provider`

use std::{io::Write, path::PathBuf};

use sigmapol_mock::MockProvider;
use tokio::{runtime, sync::mpsc};

use crate::{
    Failure,
    shared::{input, text::safe},
};

/// Answer as a provider would, from a script, on a local port
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to answer, by route; without it, "ok" to every request
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 is any that is free
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
}

pub(crate) fn run(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    let script = match &args.script {
        Some(path) => input::text("script", path)?,
        None => String::new(),
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(&script, args.port, out))
}

/// Serves until the process is ended, or nobody reads the output.
async fn serve(script: &str, port: u16, out: &mut impl Write) -> Result<(), Failure> {
    let (lines, mut requests) = mpsc::unbounded_channel();
    let tell = move |line| {
        let _ = lines.send(line); // the other end lives as long as the server
    };
    let mock = MockProvider::start_with(script, port, Box::new(tell))
        .await
        .map_err(|error| Failure::Usage(format!("mock-provider: {error}")))?;
    writeln!(out, "listening on {}", mock.url(""))?;
    out.flush()?;
    while let Some(line) = requests.recv().await {
        writeln!(out, "{}", safe(&line))?;
        out.flush()?;
    }
    Ok(())
}
