//! `sigmapol run`

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::{self, Write},
    pin::pin,
    sync::Arc,
};

use serde::Serialize;
use serde_json::Value;
use sigmapol_prove::Note;
use sigmapol_provider::{Delta, Provider};
use sigmapol_router::{Config, Outcome, Run};
use tokio::sync::mpsc::unbounded_channel;

use crate::{
    Failure, Global, print_json,
    shared::{
        contract::ContractArgs,
        findings, provider,
        router::{RouterArgs, State, block_on, save_after},
        text::AsItIs,
        trace,
    },
};

/// The end of a run that had nobody to call.
const NO_CANDIDATES: &str = "no_candidates";

/// Reasons that are told of.
const REASONS: usize = 5;

/// Make one call, and print the text of the answer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    contract: ContractArgs,
    #[command(flatten)]
    router: RouterArgs,
    /// Print the text as it arrives
    #[arg(long, conflicts_with = "json")]
    stream: bool,
    /// Print what happened at each hop, on standard error
    #[arg(long)]
    trace: bool,
    /// Print JSON: the answer, who gave it, and the trace
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    args.contract.check_complete()?;
    let config = args.router.config()?;
    let provider = provider::open(config.value())?;
    with(args, config, provider, global, &mut AsItIs::to_stdout(out))
}

fn with(
    args: &Args,
    config: Config,
    provider: Arc<dyn Provider>,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let contract = args.contract.read(&args.router)?;
    let router = args.router.builder(config, State::Held, global)?.provider(provider).build()?;
    let start = || {
        let started = router.start(&contract.text);
        started.map_err(|error| contract.explain(error, router.config()))
    };
    // what cannot be resolved cannot be started either, and that is what is said of it
    let resolved = router.resolve(&contract.text);
    let notes = resolved.map(|resolved| findings::notes(&resolved)).unwrap_or_default();
    let outcome = block_on(async {
        if args.stream { stream(start()?, out).await } else { Ok(start()?.answer().await?) }
    })?;
    if args.trace {
        // with no stderr there is nobody left to tell
        let _ = writeln!(io::stderr(), "{}", trace::table(&outcome, global));
    }
    if args.json {
        print_json(&Json { outcome: &outcome, notes }, out)?;
    } else {
        findings::tell_notes(&notes);
        if args.stream && !outcome.text().is_empty() {
            writeln!(out)?;
        } else if outcome.ok {
            writeln!(out, "{}", outcome.text())?;
        }
    }
    let ended = match outcome.error {
        Some(error) if error == NO_CANDIDATES => {
            Err(Failure::Verdict(format!("run: {error}: {}", rejections(&outcome.trace))))
        }
        Some(error) => Err(Failure::Verdict(format!("run: {error}"))),
        None => Ok(()),
    };
    save_after(&router, ended)
}

/// Why nobody could be called: how many were rejected, and by what.
fn rejections(trace: &Value) -> String {
    let rejected = trace.get("rejected").and_then(Value::as_array);
    let mut counts = BTreeMap::<&str, usize>::new();
    for one in rejected.into_iter().flatten() {
        let reason = one.get("reason").and_then(Value::as_str).unwrap_or("another reason");
        *counts.entry(reason).or_default() += 1;
    }
    if counts.is_empty() {
        return "there is nobody to choose from".to_owned();
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let all = counts.iter().map(|(_, count)| count).sum::<usize>();
    let each = counts.iter().take(REASONS).map(|(reason, count)| format!("{count} by {reason}"));
    let more = if counts.len() > REASONS { ", …" } else { "" };
    format!("{all} rejected, {}{more}", each.collect::<Vec<_>>().join(", "))
}

/// How a run ended, and remarks on how it was ranked.
#[derive(Serialize)]
struct Json<'o> {
    #[serde(flatten)]
    outcome: &'o Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Note>,
}

/// Writes the text as it arrives.
///
/// It takes a detour through a channel: the future of a run may go to another thread, and what a
/// command writes to may not.
async fn stream(run: Run, out: &mut impl Write) -> Result<Outcome, Failure> {
    let (sender, mut receiver) = unbounded_channel();
    let mut on_delta = move |delta: Delta<'_>| {
        if let Delta::Text(text) = delta {
            let _ = sender.send(text.to_owned()); // the receiver outlives the run
        }
    };
    let mut running = pin!(run.stream(&mut on_delta));
    let outcome = loop {
        tokio::select! {
            biased;
            Some(text) = receiver.recv() => write(&text, out)?,
            outcome = &mut running => break outcome,
        }
    };
    while let Ok(text) = receiver.try_recv() {
        write(&text, out)?;
    }
    Ok(outcome?)
}

fn write(text: &str, out: &mut impl Write) -> Result<(), Failure> {
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use clap::Parser;
    use serde_json::json;
    use sigmapol_provider::{Calling, OnDelta};

    use super::*;
    use crate::shared::fixture::{Echo, Folder, global};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// What is printed, and the line and exit code of the failure.
    fn call(
        folder: &Folder,
        line: &str,
        failing: &'static [&'static str],
    ) -> (String, Option<(String, u8)>) {
        let words = folder.words(&format!("run --config @router.json {line}"));
        let args = Line::try_parse_from(words).unwrap().args;
        let mut out = Vec::new();
        let config = args.router.config().unwrap();
        let result = with(&args, config, Echo::but(failing), &global(), &mut out);
        let failure =
            result.err().map(|error| (folder.hide(&error.to_string()), error.exit_code()));
        (String::from_utf8(out).unwrap(), failure)
    }

    #[test]
    fn the_text_of_the_answer() {
        let folder = Folder::new();
        for more in ["", "--stream", "--trace"] {
            let (printed, failure) = call(&folder, &format!("--prompt hello {more}"), &[]);
            assert_eq!((printed.as_str(), failure), ("alpha: hello\n", None));
        }
        let (printed, _) = call(&folder, "--prompt hello --profile private", &[]);
        assert_eq!(printed, "gamma: hello\n");
    }

    /// An answer is shown to a person, and handed to a program as it is.
    #[test]
    fn an_answer_that_commands_a_terminal() {
        let folder = Folder::new();
        folder.write("contract.json", r#"{"prompt": "a\n\tb\u001b]52;c;x\u0007\u009bz\u202e"}"#);
        for more in ["", "--stream"] {
            let line = format!("run --config @router.json --contract @contract.json {more}");
            let args = Line::try_parse_from(folder.words(&line)).unwrap().args;
            let answer = |out: &mut dyn Write| {
                let config = args.router.config().unwrap();
                with(&args, config, Echo::but(&[]), &global(), &mut { out }).unwrap();
            };
            let (mut piped, mut shown) = (Vec::new(), Vec::new());
            answer(&mut piped);
            let text = "alpha: a\n\tb\u{1b}]52;c;x\u{7}\u{9b}z\u{202e}\n";
            assert_eq!(String::from_utf8(piped).unwrap(), text);
            answer(&mut AsItIs::to_terminal(&mut shown));
            let text = "alpha: a\n\tb\\u{1b}]52;c;x\\u{7}\\u{9b}z\\u{202e}\n";
            assert_eq!(String::from_utf8(shown).unwrap(), text);
        }
    }

    #[test]
    fn nobody_answers() {
        let folder = Folder::new();
        for more in ["", "--stream"] {
            let line = format!("--prompt hello {more}");
            let (printed, failure) = call(&folder, &line, &["alpha", "beta", "gamma"]);
            let failure = failure.unwrap();
            assert_eq!((printed.as_str(), failure.1), ("", 1));
            assert_eq!(failure.0, "run: exhausted: server_error");
        }
    }

    /// It says by what they were rejected.
    #[test]
    fn nobody_to_call() {
        let folder = Folder::new();
        folder.write(
            "policy.json",
            r#"["policy", ["provider_eq", "nobody"], ["zero"], ["argmax"], ["id"],
            ["always", {"action": "abort"}]]"#,
        );
        let (printed, failure) = call(&folder, "@policy.json --prompt hello", &[]);
        let message = "run: no_candidates: 4 rejected, 4 by provider_id";
        assert_eq!((printed.as_str(), failure), ("", Some((message.to_owned(), 1))));
        folder.write("router.json", r#"{"providers": {}, "models": {}, "profiles": {}}"#);
        let (_, failure) = call(&folder, "@policy.json --prompt hello", &[]);
        let message = "run: no_candidates: there is nobody to choose from";
        assert_eq!(failure, Some((message.to_owned(), 1)));
    }

    /// The most first, and not all of many.
    #[test]
    fn reasons_of_rejections() {
        let of = |reasons: &[&str]| {
            let rejected: Vec<_> =
                reasons.iter().map(|reason| json!({ "reason": reason })).collect();
            rejections(&json!({ "rejected": rejected }))
        };
        assert_eq!(of(&["b", "a", "b"]), "3 rejected, 2 by b, 1 by a");
        let many = of(&["f", "e", "d", "c", "b", "a", "f"]);
        assert_eq!(many, "7 rejected, 2 by f, 1 by a, 1 by b, 1 by c, 1 by d, …");
    }

    #[test]
    fn everything_as_json() {
        let folder = Folder::new();
        let (printed, failure) = call(&folder, "--prompt hello --json", &["alpha"]);
        assert_eq!(failure, None);
        let outcome: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(outcome["answer"]["text"], "gamma: hello");
        assert_eq!(outcome["chosen"]["served_model_id"], "small:8b");
        let hops = outcome["trace"]["decision_path"].as_array().unwrap();
        assert_eq!(hops.len(), 3);
    }

    #[test]
    fn ranker() {
        let folder = Folder::new();
        folder.write("contract.json", r#"{"prompt": "from a file", "seed": 1}"#);
        folder.write(
            "policy.json",
            r#"["policy", ["provider_eq", "beta"], ["zero"], ["argmax"],
            ["id"], ["always", {"action": "abort"}]]"#,
        );
        folder.write("requirements.json", r#"{"pin": {"provider": "alpha", "model": "large"}}"#);
        folder.write("half.json", "[1] , 2");
        let failed = |text: &str, code| (String::new(), Some((text.to_owned(), code)));
        let printed = |text: &str| (text.to_owned(), None);
        for (line, expected) in [
            ("--contract @contract.json --seed 2", printed("alpha: from a file\n")),
            ("@policy.json --prompt hello", printed("beta: hello\n")),
            ("--prompt hello --requirements @requirements.json", printed("alpha: hello\n")),
            ("--prompt hello --profile other", failed("run: unknown profile: other", 1)),
            (
                "@half.json --prompt hello",
                failed("policy: expected JSON: trailing characters at line 1 column 5", 2),
            ),
            (
                "@router.json --prompt hello",
                failed("run: ir: $: a term is { op, ... } with a string op", 1),
            ),
            (
                "--contract @half.json",
                failed(
                    "contract: expected a JSON object: invalid type: sequence, expected an object at line 1 column 0",
                    2,
                ),
            ),
        ] {
            assert_eq!(call(&folder, line, &[]), expected, "{line}");
        }
        folder.write("contract.json", r#"{"profile": "private"}"#);
        let (_, failure) = call(&folder, "--contract @contract.json --profile default", &[]);
        let message = "contract: key \"profile\" is in the file already";
        assert_eq!(failure, Some((message.to_owned(), 2)));
    }

    #[test]
    fn a_state_that_another_command_holds() {
        let folder = Folder::new();
        let line = "--prompt hello --state @state.json";
        assert_eq!(call(&folder, line, &["alpha"]).1, None);
        assert!(folder.path("state.json").exists());
        let lock = std::fs::File::open(folder.path("state.json.lock")).unwrap();
        lock.lock().unwrap();
        let message = "state.json: another router holds it, by state.json.lock";
        let line = "--prompt hello --state @state.json --state-wait 0";
        assert_eq!(call(&folder, line, &[]).1, Some((message.to_owned(), 2)));
    }

    /// Its folder is gone when the state is to be written.
    struct Removing(PathBuf);

    impl Provider for Removing {
        fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
            let _ = fs::remove_dir_all(&self.0);
            Box::pin(async move { Echo { failing: &[] }.call(request, on_delta).await })
        }
    }

    /// What was paid for is printed, whatever becomes of the state.
    #[test]
    fn a_state_that_cannot_be_written() {
        for more in ["", "--stream", "--json"] {
            let folder = Folder::new();
            fs::create_dir(folder.path("gone")).unwrap();
            let line =
                format!("run --config @router.json --prompt hello --state @gone/s.json {more}");
            let args = Line::try_parse_from(folder.words(&line)).unwrap().args;
            let provider = Arc::new(Removing(folder.path("gone")));
            let mut out = Vec::new();
            let config = args.router.config().unwrap();
            let failure = with(&args, config, provider, &global(), &mut out).unwrap_err();
            let printed = String::from_utf8(out).unwrap();
            assert!(printed.contains("alpha: hello"), "{printed}");
            assert_eq!(failure.exit_code(), 73);
            let message = folder.hide(&failure.to_string());
            assert!(message.starts_with("the state is not saved: gone/s.json: "), "{message}");
        }
    }

    #[test]
    fn usage() {
        let parse = |line: &str| {
            let folder = Folder::new();
            Line::try_parse_from(folder.words(&format!("run --config @router.json {line}")))
        };
        assert!(parse("@router.json --profile p --prompt x").is_err());
        assert!(parse("--prompt x --contract @router.json").is_ok());
        assert!(parse("--prompt x --stream --json").is_err());
        let failure = parse("").unwrap().args.contract.check_complete().unwrap_err();
        let message = "one of --prompt <TEXT> and --contract <FILE> is required";
        assert_eq!((failure.to_string().as_str(), failure.exit_code()), (message, 2));
    }
}
