//! The end of a ledger: finding it, and mending a line that was cut short.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use crate::{
    chain, checkpoint,
    dir::access::Access,
    disk,
    error::LedgerError,
    folder::{Folder, segment_name},
    format::RECOVERED,
    limits::{LINE_BYTES, PENDING},
    line,
    position::{Position, Reached},
    quarantine,
    recovery::{Quarantined, Recovery},
    texts::Texts,
    walk::Walk,
};

/// The end of a ledger.
pub(crate) struct Tail {
    pub(crate) reached: Reached,
    pub(crate) texts: Texts,
    /// How many records the checkpoint covers; they are not read.
    believed: u64,
    /// The bodies of the `recovered` records that the ledger ends with, the last ones.
    recovered: VecDeque<String>,
    torn: Option<Torn>,
}

/// A last line without an end.
enum Torn {
    /// A record, whole and in its place.
    Whole,
    /// So many bytes of no use; none, if a segment was made and not written.
    Bytes(u64),
}

impl Tail {
    /// Finds the end, from the checkpoint if there is one to go by; nothing is written.
    pub(crate) fn find(folder: &Folder) -> Result<Self, LedgerError> {
        let (reached, texts) = checkpoint::read(folder)
            .unwrap_or_else(|| (Reached::NOTHING, Texts::new(folder.clone())));
        let believed = reached.head.map_or(0, |head| head.number.saturating_add(1));
        let mut walk = Walk::new(folder.clone(), reached, texts)?;
        let mut recovered = VecDeque::new();
        let torn = loop {
            match walk.next() {
                Ok(None) => break None,
                Ok(Some((line, _))) if line.kind == RECOVERED => {
                    // no more copies than these are looked for, however many records there are
                    if recovered.len() == PENDING {
                        recovered.pop_front();
                    }
                    recovered.push_back(line.body.to_owned());
                }
                Ok(Some(_)) => recovered.clear(),
                Err(LedgerError::Torn { bytes, .. }) => break Some(Torn::of(&walk, bytes)),
                Err(error) => return Err(error),
            }
        };
        Ok(Self { reached: walk.reached, texts: walk.texts, believed, recovered, torn })
    }

    /// Mends the last line. What remains is to record what is pending.
    pub(crate) fn mend(&mut self, folder: &Folder) -> Result<Recovery, LedgerError> {
        let Position { segment, offset } = self.reached.position;
        let name = segment_name(segment);
        let open = || folder.dir.file(&name, Access::Append);
        let mut recovery = Recovery { believed: self.believed, ..Recovery::default() };
        match self.torn.take() {
            None => {}
            Some(Torn::Whole) => {
                let end = open().and_then(|file| {
                    disk::write_all(&*folder.disk, &file, b"\n")?;
                    folder.disk.sync(&file)
                });
                end.map_err(folder.io(&name))?;
                recovery.completed = true;
                // it is read as every other line is
                let mut walk = Walk::new(folder.clone(), self.reached, self.texts.clone())?;
                if let Some((line, _)) = walk.next()? {
                    match line.kind {
                        RECOVERED => self.recovered.push_back(line.body.to_owned()),
                        _ => self.recovered.clear(),
                    }
                }
                (self.reached, self.texts) = (walk.reached, walk.texts);
            }
            Some(Torn::Bytes(0)) => {}
            Some(Torn::Bytes(_)) => {
                let mut bytes = Vec::new();
                let mut file = open().map_err(folder.io(&name))?;
                file.seek(SeekFrom::Start(offset))
                    .and_then(|_| (&file).take(LINE_BYTES as u64).read_to_end(&mut bytes))
                    .map_err(folder.io(&name))?;
                quarantine::keep(folder, segment, offset, &bytes)?;
                let cut = || -> io::Result<()> {
                    folder.disk.truncate(&file, offset)?;
                    folder.disk.sync(&file)
                };
                cut().map_err(folder.io(&name))?;
            }
        }
        recovery.quarantined = quarantine::pending(folder)?;
        Ok(recovery)
    }

    /// The bytes of a line that was cut short and is no record.
    pub(crate) const fn torn_bytes(&self) -> u64 {
        match self.torn {
            Some(Torn::Bytes(bytes)) => bytes,
            _ => 0,
        }
    }

    /// Whether a record at the end of the ledger tells of this already.
    pub(crate) fn tells(&self, quarantined: &Quarantined) -> bool {
        serde_json::to_string(quarantined).is_ok_and(|body| self.recovered.contains(&body))
    }
}

impl Torn {
    fn of(walk: &Walk, bytes: u64) -> Self {
        let Reached { position, lines, head, .. } = walk.reached;
        line::check(&walk.buffer, position.segment, lines == 0)
            .and_then(|line| chain::follow(head, &line))
            .map_or(Self::Bytes(bytes), |_| Self::Whole)
    }
}
