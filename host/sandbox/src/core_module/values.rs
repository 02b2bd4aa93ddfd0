//! The values of the contract, field by field in the order of `wit/policy.wit`.

use sigmapol_engine::{
    Admission, Decision, Effect, Ranked, Reaction, Refusal, RefusalCode, Rejected, Sort, Turn,
};
use wasmtime::{bail, format_err};

use super::lift::Reader;

/// Both cases of every result start at the larger alignment of the two; a decision and a turn
/// hold 64-bit numbers, the rest does not.
pub trait Aligned {
    const ALIGNMENT: usize;
}

impl Aligned for String {
    const ALIGNMENT: usize = 4;
}

impl Aligned for Admission {
    const ALIGNMENT: usize = 4;
}

impl Aligned for Decision {
    const ALIGNMENT: usize = 8;
}

impl Aligned for Turn {
    const ALIGNMENT: usize = 8;
}

pub fn result<T: Aligned>(
    reader: &mut Reader<'_>,
    value: impl FnOnce(&mut Reader<'_>) -> wasmtime::Result<T>,
) -> wasmtime::Result<Result<T, Refusal>> {
    let case = reader.case()?;
    reader.align(T::ALIGNMENT);
    match case {
        0 => value(reader).map(Ok),
        1 => refusal(reader).map(Err),
        _ => bail!("an unknown case of a result"),
    }
}

fn refusal(reader: &mut Reader<'_>) -> wasmtime::Result<Refusal> {
    let code = reader.case()?;
    Ok(Refusal {
        code: *RefusalCode::ALL
            .get(usize::from(code))
            .ok_or_else(|| format_err!("an unknown refusal code"))?,
        message: reader.string()?,
    })
}

/// The result of `admit`.
///
/// # Errors
///
/// Whatever breaks the canonical ABI.
pub fn admission(reader: &mut Reader<'_>) -> wasmtime::Result<Admission> {
    Ok(Admission {
        sort: match reader.case()? {
            0 => Sort::Pred,
            1 => Sort::Scorer,
            2 => Sort::Selector,
            3 => Sort::Xform,
            4 => Sort::FailPlan,
            5 => Sort::Policy,
            _ => bail!("an unknown sort"),
        },
        identity: reader.string()?,
        canonical: reader.string()?,
        fingerprint: reader.string()?,
        nodes: reader.u32()?,
        depth: reader.u32()?,
    })
}

/// The result of `decide`.
///
/// # Errors
///
/// As for [`admission`].
pub fn decision(reader: &mut Reader<'_>) -> wasmtime::Result<Decision> {
    Ok(Decision {
        identity: reader.string()?,
        ordered: reader.list(16, 8, ranked)?,
        rejected: reader.list(12, 4, rejected)?,
        request: reader.option()?,
        reactions: reader.list(16, 8, reaction)?,
        cost: reader.u64()?,
    })
}

fn ranked(reader: &mut Reader<'_>) -> wasmtime::Result<Ranked> {
    Ok(Ranked { candidate: reader.u32()?, score: reader.f64()? })
}

fn rejected(reader: &mut Reader<'_>) -> wasmtime::Result<Rejected> {
    Ok(Rejected { candidate: reader.u32()?, reason: reader.string()? })
}

fn reaction(reader: &mut Reader<'_>) -> wasmtime::Result<Reaction> {
    Ok(Reaction { action: reader.string()?, backoff_ms: reader.f64()? })
}

/// The result of `step`.
///
/// # Errors
///
/// As for [`admission`].
pub fn turn(reader: &mut Reader<'_>) -> wasmtime::Result<Turn> {
    Ok(Turn {
        run: reader.string()?,
        state: reader.string()?,
        effect: effect(reader)?,
        logs: reader.list(8, 4, Reader::string)?,
        cost: reader.u64()?,
    })
}

fn effect(reader: &mut Reader<'_>) -> wasmtime::Result<Effect> {
    reader.align(8); // for the time
    let case = reader.case()?;
    reader.align(8);
    match case {
        0 => reader.string().map(Effect::Call),
        1 => reader.f64().map(Effect::Wait),
        2 => reader.string().map(Effect::Done),
        _ => bail!("an unknown case of an effect"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lays out a value by hand, as a guest would.
    struct Writer(Vec<u8>);

    impl Writer {
        fn put(&mut self, at: usize, bytes: &[u8]) {
            self.0[at..at + bytes.len()].copy_from_slice(bytes);
        }

        fn word(&mut self, at: usize, value: u32) {
            self.put(at, &value.to_le_bytes());
        }

        fn text(&mut self, at: usize, place: u32, text: &str) {
            self.word(at, place);
            self.word(at + 4, u32::try_from(text.len()).unwrap());
            self.put(usize::try_from(place).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn a_decision() {
        let mut memory = Writer(vec![0; 512]);
        // result at 0: case, then the decision at 8
        memory.text(8, 100, "abc");
        memory.word(16, 128); // ordered
        memory.word(20, 1);
        memory.word(128, 7);
        memory.put(136, &2.5_f64.to_le_bytes());
        memory.word(24, 200); // rejected
        memory.word(28, 2);
        memory.word(200, 3);
        memory.text(204, 300, "tier");
        memory.word(212, 4);
        memory.text(216, 310, "or");
        memory.put(32, &[1]); // request
        memory.text(36, 320, "{}");
        memory.word(44, 0x80); // reactions: none, at a pointer that means nothing
        memory.put(56, &99_u64.to_le_bytes());
        let decided = result(&mut Reader::new(&memory.0, 0, 1000), decision).unwrap().unwrap();
        assert_eq!(
            decided,
            Decision {
                identity: "abc".to_owned(),
                ordered: vec![Ranked { candidate: 7, score: 2.5 }],
                rejected: vec![
                    Rejected { candidate: 3, reason: "tier".to_owned() },
                    Rejected { candidate: 4, reason: "or".to_owned() },
                ],
                request: Some("{}".to_owned()),
                reactions: vec![],
                cost: 99,
            }
        );
    }

    #[test]
    fn a_refusal_of_each_alignment() {
        for (place, lift) in [(4, true), (8, false)] {
            let mut memory = Writer(vec![0; 64]);
            memory.put(0, &[1]);
            memory.put(place, &[6]);
            memory.text(place + 4, 40, "deep");
            let mut reader = Reader::new(&memory.0, 0, 1000);
            let refusal = if lift {
                result(&mut reader, admission).unwrap().unwrap_err()
            } else {
                result(&mut reader, turn).unwrap().unwrap_err()
            };
            assert_eq!(refusal.code, RefusalCode::TermDepth);
            assert_eq!(refusal.message, "deep");
        }
    }

    #[test]
    fn a_turn_with_each_effect() {
        let mut memory = Writer(vec![0; 256]);
        memory.text(8, 100, "run");
        memory.text(16, 110, "state");
        memory.put(24, &[1]);
        memory.put(32, &12.5_f64.to_le_bytes());
        memory.word(40, 120); // logs
        memory.word(44, 1);
        memory.text(120, 130, "log");
        memory.put(48, &5_u64.to_le_bytes());
        let read = |memory: &Writer| result(&mut Reader::new(&memory.0, 0, 1000), turn);
        let waiting = read(&memory).unwrap().unwrap();
        assert_eq!(waiting.effect, Effect::Wait(12.5));
        assert_eq!((waiting.logs, waiting.cost), (vec!["log".to_owned()], 5));
        memory.text(32, 140, "answer");
        memory.put(24, &[2]);
        assert_eq!(read(&memory).unwrap().unwrap().effect, Effect::Done("answer".to_owned()));
        memory.put(24, &[3]);
        assert!(read(&memory).is_err());
    }

    #[test]
    fn unknown_cases() {
        let mut memory = Writer(vec![0; 64]);
        memory.put(0, &[1]);
        memory.put(4, &[24]);
        assert!(result(&mut Reader::new(&memory.0, 0, 10), |reader| reader.string()).is_err());
        memory.put(0, &[2]);
        assert!(result(&mut Reader::new(&memory.0, 0, 10), |reader| reader.string()).is_err());
    }
}
