//! What of an answer has not been passed on yet, in the order in which it came.

/// A part of the answer that is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum New {
    /// The text, up to here.
    Text(usize),
    /// The reasoning, up to here.
    Reasoning(usize),
    /// The block of thinking at this place is whole.
    Thinking(usize),
    /// Of the call at this place.
    Call(usize),
}

/// The parts that are new, and what has been passed on of the others, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Live {
    new: Vec<New>,
    pub(crate) text: usize,
    /// Text up to here may be passed on once there is more than white space: that alone is no answer.
    pub(crate) held: usize,
    /// A call has been passed on, and what there is is an answer.
    pub(crate) called: bool,
    pub(crate) reasoning: usize,
}

impl Live {
    /// Something is new. What goes on with the part before it is one with it.
    pub(crate) fn note(&mut self, new: New) {
        match (self.new.last_mut(), new) {
            (Some(New::Text(end)), New::Text(now))
            | (Some(New::Reasoning(end)), New::Reasoning(now)) => *end = now,
            (Some(last), _) if *last == new => {}
            _ => self.new.push(new),
        }
    }

    /// The parts that are new, which are new no more.
    pub(crate) fn take(&mut self) -> Vec<New> {
        std::mem::take(&mut self.new)
    }

    /// Gives back the room of a list that was taken.
    pub(crate) fn reuse(&mut self, mut list: Vec<New>) {
        list.clear();
        self.new = list;
    }
}
