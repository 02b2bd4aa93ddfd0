//! The command: what it does is in the library of this crate, one file a subcommand.

use std::{
    io::{self, BufWriter, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use sigmapol_cli::{self as cli, Cli, Failure};

/// Whoever reads the output left before its end: what a shell says of a program that the signal for
/// this has ended, 128 and the 13 of `SIGPIPE`.
const LEFT: u8 = 141;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => match cli::usage(&error) {
            Some(failure) => return fail(&failure),
            None => error.exit(), // help or version, and where to print it is known
        },
    };
    let mut out = BufWriter::new(Stdout { out: io::stdout(), written: false });
    let result = cli::run(&cli, &mut out);
    let flushed = out.flush().map_err(Failure::Output);
    match result.and(flushed) {
        Ok(()) => ExitCode::SUCCESS,
        // whoever reads the output has seen enough, if something of it, and is told nothing
        Err(Failure::Output(error))
            if error.kind() == io::ErrorKind::BrokenPipe && out.get_ref().written =>
        {
            ExitCode::from(LEFT)
        }
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    // with no stderr there is nobody left to tell
    let _ = writeln!(io::stderr(), "sigmapol: {failure}");
    ExitCode::from(failure.exit_code())
}

/// Standard output, and whether anything was written there.
struct Stdout {
    out: io::Stdout,
    written: bool,
}

impl io::Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        // whole lines go out at once, if only the first bytes of them; the rest of a line is kept back
        self.written |= count > 0 && bytes.contains(&b'\n');
        self.out.flush()?;
        self.written |= count > 0;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
