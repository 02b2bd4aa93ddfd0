//! A file that is looked at now and then, to see whether it is another one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tokio::{task::spawn_blocking, time::sleep};

use crate::{limits::WATCH_INTERVAL, stamp::Stamp, state::Live};

/// The file of the configuration, as it was before it was read.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    read: Option<Stamp>,
}

/// What is there; links are followed.
fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
}

impl Watch {
    /// To be made before the file is read for the first time: what changes afterwards is seen.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { read: stamp(&path), path }
    }

    /// Reads the configuration again whenever its file has changed, and has stayed so for an interval:
    /// who writes a file in pieces, or removes it and writes it anew, is given the time. It does not
    /// end.
    pub async fn run(mut self, live: Live) {
        let mut seen = self.read.clone();
        loop {
            sleep(WATCH_INTERVAL).await;
            let path = self.path.clone();
            let now = spawn_blocking(move || stamp(&path)).await.unwrap_or_default();
            if self.is_settled(&mut seen, now) {
                // what is wrong is in the log; it is read again when it changes again
                let _ = live.reload("file").await;
            }
        }
    }

    /// Whether what is there now is another file than that which was read, and was there the last time
    /// as well.
    fn is_settled(&mut self, seen: &mut Option<Stamp>, now: Option<Stamp>) -> bool {
        let stayed = *seen == now;
        seen.clone_from(&now);
        let settled = stayed && now.is_some() && now != self.read;
        if settled {
            self.read = now;
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_it_stays() {
        let stamp = |bytes| Some(Stamp { modified: None, bytes, unix: None });
        let mut watch = Watch { path: PathBuf::new(), read: stamp(1) };
        let mut seen = stamp(1);
        // what is there each time, and whether it is read
        for (now, expected) in [
            (stamp(1), false),
            (stamp(2), false),
            (stamp(3), false),
            (stamp(3), true),
            (stamp(3), false),
            (None, false),
            (None, false),
            (stamp(3), false),
            (stamp(4), false),
            (stamp(4), true),
        ] {
            assert_eq!(watch.is_settled(&mut seen, now.clone()), expected, "{now:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_same_length_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "one").unwrap();
        let before = stamp(&path).unwrap();
        fs::write(&other, "two").unwrap();
        // the same time, too: only the file itself is another
        let time = fs::File::options().write(true).open(&other).unwrap();
        time.set_modified(before.modified.unwrap()).unwrap();
        fs::rename(&other, &path).unwrap();
        let after = stamp(&path).unwrap();
        assert_eq!((after.modified, after.bytes), (before.modified, before.bytes));
        assert_ne!(after, before);
    }
}
