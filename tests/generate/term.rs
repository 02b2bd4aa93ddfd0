//! Terms of every sort.

use super::parameter::parameter;
use super::signature::{Operation, SORTED, SORTS};
use super::{Draw, Words};

/// Makes terms until there is no more room.
#[derive(Debug)]
pub struct Terms<'w> {
    words: &'w Words,
    /// Terms that may still be made; where there are none, leaves.
    nodes: usize,
    /// Whether `custom` may be used.
    customs: bool,
}

/// A policy, with its size drawn first.
pub fn policy(draw: &mut Draw<'_>, words: &Words) -> String {
    Terms::new(draw, words).of("Policy", draw, 1)
}

/// A term of any sort.
pub fn term(draw: &mut Draw<'_>, words: &Words) -> String {
    let sort = draw.pick(&SORTS);
    if draw.one_in(100) {
        return extreme(draw, sort, 0);
    }
    Terms::new(draw, words).of(sort, draw, 1)
}

/// Sorts whose terms can be large by themselves.
const TALL: [&str; 3] = ["Pred", "Scorer", "Xform"];

/// Near the bounds of depth and size, so many terms being above; small where a sort has no such.
fn extreme(draw: &mut Draw<'_>, sort: &str, above: usize) -> String {
    let (wide, tall, leaf) = match sort {
        "Pred" => ("and", "not", "[\"scope_matches\"]"),
        "Scorer" => ("add", "neg", "[\"lit\",2]"),
        _ => ("seq", "seq", "[\"inject_seed\",\"seed\"]"),
    };
    if draw.one_in(2) {
        let nodes = 4_088 + draw.below(10);
        return format!("[\"{wide}\"{}]", format!(",{leaf}").repeat(nodes));
    }
    let depth = 60 - above + draw.below(6);
    format!("[\"{tall}\",").repeat(depth) + leaf + &"]".repeat(depth)
}

impl<'w> Terms<'w> {
    /// Room for a number of terms that is drawn: most often few.
    pub fn new(draw: &mut Draw<'_>, words: &'w Words) -> Self {
        let nodes = match draw.below(32) {
            31 => draw.below(400),
            _ => draw.below(40),
        };
        Self { words, nodes, customs: true }
    }

    /// The definitions of customs do not use customs.
    pub fn without_customs(mut self) -> Self {
        self.customs = false;
        self
    }

    /// A term of a sort, at a depth from 1.
    pub fn of(&mut self, sort: &str, draw: &mut Draw<'_>, depth: usize) -> String {
        self.nodes = self.nodes.saturating_sub(1);
        if draw.wrong(80) {
            return self.malformed(draw, depth);
        }
        let small = self.nodes == 0 || depth > 60 + draw.below(6);
        let place = SORTS.iter().position(|known| *known == sort).unwrap();
        let [leaves, inner] = &SORTED[place];
        let leaf = inner.is_empty() || !leaves.is_empty() && (small || draw.one_in(3));
        let mut operation = draw.pick(if leaf { leaves } else { inner });
        if operation.op == "custom" && !self.customs && !draw.wrong(4) {
            operation = leaves[0];
        }
        let mut items = vec![draw.string(&operation.op)];
        items.extend(self.arguments(operation, draw, depth));
        draw.array(&items)
    }

    fn arguments(
        &mut self,
        operation: &Operation,
        draw: &mut Draw<'_>,
        depth: usize,
    ) -> Vec<String> {
        let mut arguments: Vec<String> = Vec::new();
        if let (true, [sort]) = (operation.variadic, operation.arguments.as_slice()) {
            let count = if draw.wrong(60) { 0 } else { 1 + draw.below(4) };
            for _ in 0..count {
                match arguments.last().cloned() {
                    // equal arguments stay, all of them; of long ones, level by level, there would
                    // be no end
                    Some(last) if last.len() < 1_000 && draw.one_in(8) => arguments.push(last),
                    _ => arguments.push(self.of(sort, draw, depth + 1)),
                }
            }
            return arguments;
        }
        for sort in &operation.arguments {
            arguments.push(match SORTS.contains(&sort.as_str()) {
                // a filter that lets everybody through, often: the rest has something to do
                true if operation.op == "policy" && sort == "Pred" && !draw.one_in(2) => {
                    "[\"top\"]".to_owned()
                }
                true if operation.op == "policy"
                    && TALL.contains(&sort.as_str())
                    && draw.one_in(2_000) =>
                {
                    extreme(draw, sort, 1)
                }
                true => self.of(sort, draw, depth + 1),
                false => parameter(draw, self.words, sort),
            });
        }
        if draw.wrong(60) {
            match draw.below(2) {
                0 => drop(arguments.pop()),
                _ => arguments.push(draw.anything(1)),
            }
        }
        arguments
    }

    /// A term of the wrong sort, or no term.
    fn malformed(&mut self, draw: &mut Draw<'_>, depth: usize) -> String {
        match draw.below(4) {
            0 => draw.anything(2),
            1 => "[\"no such operation\"]".to_owned(),
            2 => "[]".to_owned(),
            _ => {
                let sort = draw.pick(&SORTS);
                let sort = if depth > 60 { "Pred" } else { sort };
                let mut items = vec![draw.string("not")];
                items.push(self.of(sort, draw, depth + 2));
                draw.array(&items)
            }
        }
    }
}
