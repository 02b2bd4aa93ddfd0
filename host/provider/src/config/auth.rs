//! Where the credential of a provider comes from. Nothing of a request is used here.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use serde_json::Value;
use tokio::{io::AsyncReadExt as _, process::Command, sync::Mutex, time::Instant};

use super::secret::Secret;
use crate::{
    CallError, ErrorKind,
    limits::{self, TOKEN_BYTES},
};

/// Looks up a variable of the environment.
pub(crate) type Env = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// How a provider is told who calls.
#[derive(Debug)]
pub(crate) enum Auth {
    /// It is not told.
    None,
    /// A key, in this variable of the environment.
    Key(String),
    /// A token that a command prints.
    Command(Vec<String>, Mutex<Option<(Secret, Instant)>>),
    /// A token in a file, which something else renews.
    File(PathBuf),
    /// The configuration does not say. Other providers are called all the same.
    Unusable(String),
}

/// What goes into the header of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Credential {
    /// A key of the provider's own.
    Key(Secret),
    /// An OAuth token.
    Token(Secret),
}

impl Credential {
    pub(crate) const fn secret(&self) -> &Secret {
        match self {
            Self::Key(secret) | Self::Token(secret) => secret,
        }
    }
}

impl Auth {
    /// Reads `auth` and `auth_env` of a provider.
    pub(crate) fn read(auth: Option<&Value>, env: Option<String>) -> Self {
        let Some(auth) = auth.filter(|auth| !auth.is_null()) else {
            return env.map_or(Self::None, Self::Key);
        };
        let unusable = |text: &str| Self::Unusable(text.to_owned());
        match auth.get("kind").and_then(Value::as_str) {
            Some("none") => Self::None,
            Some("bearer") => {
                let own = auth.get("auth_env").and_then(Value::as_str).map(str::to_owned);
                own.or(env).map_or_else(|| unusable("auth: expected auth_env"), Self::Key)
            }
            Some("oauth") => match (auth.get("command"), auth.get("file")) {
                (Some(command), None) => match words(command) {
                    Some(words) => Self::Command(words, Mutex::default()),
                    None => unusable("auth.command: expected a program and its arguments"),
                },
                (None, Some(Value::String(file))) => Self::File(file.into()),
                (None, Some(_)) => unusable("auth.file: expected a path"),
                (Some(_), Some(_)) => unusable("auth: expected command or file, not both"),
                (None, None) => unusable("auth: expected command or file, where the token is from"),
            },
            _ => unusable("auth.kind: expected none, bearer or oauth"),
        }
    }

    /// The variable that has to hold the key, if it does not.
    pub(crate) fn missing_variable(&self, env: &Env) -> Option<&str> {
        match self {
            Self::Key(name) if env(name).as_deref().and_then(Secret::new).is_none() => Some(name),
            _ => None,
        }
    }

    /// The credential for a call, if the provider wants one.
    pub(crate) async fn credential(&self, env: &Env) -> Result<Option<Credential>, CallError> {
        let credential = match self {
            Self::None => return Ok(None),
            Self::Key(name) => {
                let key = env(name).as_deref().and_then(Secret::new);
                let missing = || failure(format!("the environment variable {name} is not set"));
                Credential::Key(key.ok_or_else(missing)?)
            }
            Self::Command(words, token) => Credential::Token(kept(words, token).await?),
            Self::File(path) => {
                let text = token_of(path).await.map_err(|error| {
                    failure(format!("cannot read the token in {}: {error}", path.display()))
                })?;
                let empty = || failure(format!("there is no token in {}", path.display()));
                Credential::Token(Secret::new(&text).ok_or_else(empty)?)
            }
            Self::Unusable(message) => return Err(failure(message.clone())),
        };
        Ok(Some(credential))
    }

    /// The provider does not take the credential: it is not used again.
    pub(crate) async fn forget(&self, credential: &Credential) {
        if let Self::Command(_, token) = self {
            let mut token = token.lock().await;
            // another call may have got a new one meanwhile
            if token.as_ref().is_some_and(|(token, _)| token == credential.secret()) {
                *token = None;
            }
        }
    }
}

fn failure(message: String) -> CallError {
    CallError::new(ErrorKind::AuthError, message)
}

fn words(command: &Value) -> Option<Vec<String>> {
    let words = command.as_array().filter(|words| !words.is_empty())?;
    words.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

/// The lock is held while the command runs: calls at one time run it once.
async fn kept(
    words: &[String],
    token: &Mutex<Option<(Secret, Instant)>>,
) -> Result<Secret, CallError> {
    let mut token = token.lock().await;
    if let Some((secret, since)) = &*token
        && since.elapsed() < limits::TOKEN
    {
        return Ok(secret.clone());
    }
    let secret = run(words).await?;
    *token = Some((secret.clone(), Instant::now()));
    Ok(secret)
}

/// What the command prints on standard error is not repeated: it may be anything.
async fn run(words: &[String]) -> Result<Secret, CallError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(failure("auth.command: expected a program".to_owned()));
    };
    let cannot = |error: io::Error| failure(format!("cannot run {program}: {error}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(cannot)?;
    let ended = async {
        let mut printed = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(TOKEN_BYTES + 1).read_to_end(&mut printed).await?;
        }
        // it is not waited for by who has heard enough: it may never end
        let is_long = printed.len() as u64 > TOKEN_BYTES;
        let status = if is_long { None } else { Some(child.wait().await?) };
        Ok((status, printed))
    };
    let (status, printed) = tokio::time::timeout(limits::COMMAND, ended)
        .await
        .map_err(|_| {
            let limit = limits::COMMAND.as_secs();
            failure(format!("{program} printed no token within {limit} s"))
        })?
        .map_err(cannot)?;
    let Some(status) = status else {
        let expected = format!("expected at most {TOKEN_BYTES} bytes, got more");
        return Err(failure(format!("{program} printed no token: {expected}")));
    };
    if !status.success() {
        return Err(failure(format!("{program} printed no token: {status}")));
    }
    let token = String::from_utf8(printed).ok().as_deref().and_then(Secret::new);
    token.ok_or_else(|| failure(format!("{program} printed no token")))
}

/// The text of a file: a regular one, since nobody may write to a pipe, and a device has no end.
async fn token_of(path: &Path) -> io::Result<String> {
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("expected a regular file"));
    }
    let mut text = String::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(TOKEN_BYTES + 1).read_to_string(&mut text).await?;
    if text.len() as u64 > TOKEN_BYTES {
        return Err(io::Error::other(format!("expected at most {TOKEN_BYTES} bytes, got more")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn credential(auth: Value, name: Option<&str>) -> Result<Option<Credential>, String> {
        let env: Env = Arc::new(|name| (name == "KEY").then(|| "k".to_owned()));
        let auth = Auth::read(Some(&auth), name.map(str::to_owned));
        auth.credential(&env).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn kinds() {
        let secret = |text| Secret::new(text).unwrap();
        let key = Ok(Some(Credential::Key(secret("k"))));
        assert_eq!(credential(Value::Null, Some("KEY")).await, key);
        assert_eq!(credential(json!({"kind": "bearer"}), Some("KEY")).await, key);
        assert_eq!(credential(json!({"kind": "bearer", "auth_env": "KEY"}), None).await, key);
        assert_eq!(credential(json!({"kind": "none"}), Some("KEY")).await, Ok(None));
        assert_eq!(credential(Value::Null, None).await, Ok(None));
        let token = json!({"kind": "oauth", "command": ["printf", " t\n"]});
        assert_eq!(credential(token, None).await, Ok(Some(Credential::Token(secret("t")))));
    }

    #[tokio::test]
    async fn what_is_missing() {
        for (auth, message) in [
            (Value::Null, "the environment variable OTHER is not set"),
            (json!({"kind": "aws"}), "auth.kind: expected none, bearer or oauth"),
            (
                json!({"kind": "oauth", "provider": "codex"}),
                "auth: expected command or file, where the token is from",
            ),
            (
                json!({"kind": "oauth", "command": "printf t"}),
                "auth.command: expected a program and its arguments",
            ),
            (json!({"kind": "oauth", "command": ["true"]}), "true printed no token"),
            (
                json!({"kind": "oauth", "command": ["false"]}),
                "false printed no token: exit status: 1",
            ),
            (
                json!({"kind": "oauth", "command": ["/nowhere/token"]}),
                "cannot run /nowhere/token: No such file or directory (os error 2)",
            ),
            (
                json!({"kind": "oauth", "file": "/nowhere/token"}),
                "cannot read the token in /nowhere/token: No such file or directory (os error 2)",
            ),
            (
                json!({"kind": "oauth", "file": "/dev/zero"}),
                "cannot read the token in /dev/zero: expected a regular file",
            ),
            (
                json!({"kind": "oauth", "command": ["yes", "token"]}),
                "yes printed no token: expected at most 65536 bytes, got more",
            ),
        ] {
            let error = credential(auth, Some("OTHER")).await.unwrap_err();
            assert_eq!(error, format!("auth_error: {message}"));
        }
    }
}
