//! Flows: graphs of calls.

use super::{Draw, Terms, Words};

/// A flow.
#[derive(Debug)]
pub struct Flow {
    /// `["flow", {id: node}]`.
    pub text: String,
    /// The ids of its `llm` nodes.
    pub calls: Vec<String>,
}

const IDS: [&str; 6] = ["a", "b", "n", "é", "a b", ""];
const TEMPLATES: [&str; 6] = ["", "$1", "$2 and $1", "$$1 $33", "$0 $", "é\n$1$1"];

/// Most often in order: without a cycle, every node between the input and the output.
pub fn flow(draw: &mut Draw<'_>, words: &Words) -> Flow {
    let mut nodes = vec![(id(draw, 0), r#"{"kind":"input"}"#.to_owned())];
    // those that nobody takes yet
    let mut ends = vec![nodes[0].0.clone()];
    let mut calls = Vec::new();
    for number in 1..=draw.below(8) {
        let mut inputs = vec![ends.remove(draw.below(ends.len()))];
        for _ in 0..draw.below(3) {
            inputs.push(nodes[draw.below(nodes.len())].0.clone());
        }
        ends.retain(|end| !inputs.contains(end));
        if draw.one_in(3) {
            // somebody else takes it as well
            ends.push(inputs[0].clone());
        }
        let id = id(draw, number);
        nodes.push((id.clone(), call(draw, words, &inputs)));
        ends.push(id.clone());
        calls.push(id);
    }
    if ends.len() > 1 {
        let id = id(draw, 8);
        nodes.push((id.clone(), call(draw, words, &ends)));
        ends = vec![id.clone()];
        calls.push(id);
    }
    let inputs = strings(draw, &ends);
    let output = draw.object(vec![("kind", "\"output\"".to_owned()), ("inputs", inputs)]);
    nodes.push((id(draw, 9), output));
    if draw.wrong(3) {
        break_one(draw, words, &mut nodes);
    }
    let members = nodes.iter().map(|(id, node)| (id.as_str(), node.clone())).collect();
    let nodes = draw.object(members);
    Flow { text: draw.array(&["\"flow\"".to_owned(), nodes]), calls }
}

fn break_one(draw: &mut Draw<'_>, words: &Words, nodes: &mut Vec<(String, String)>) {
    let at = draw.below(nodes.len());
    match draw.below(4) {
        0 => drop(nodes.remove(at)),
        1 => nodes[at].1 = draw.anything(2),
        2 => nodes[at].1 = nodes[draw.below(nodes.len())].1.clone(),
        // of itself, or of nobody
        _ => {
            let inputs = [id(draw, 10)];
            nodes.push((id(draw, 10), call(draw, words, &inputs)));
        }
    }
}

/// Different for every number.
fn id(draw: &mut Draw<'_>, number: usize) -> String {
    format!("{}{number}", draw.pick(&IDS))
}

fn strings(draw: &mut Draw<'_>, texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| draw.string(text)).collect();
    draw.array(&texts)
}

fn call(draw: &mut Draw<'_>, words: &Words, inputs: &[String]) -> String {
    let policy = match draw.one_in(4) {
        true => Terms::new(draw, words).of("Policy", draw, 1),
        false => r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#
            .to_owned(),
    };
    let system = draw.pick(&["", "S", "\"é\\"]);
    let mut members = vec![
        ("kind", draw.string("llm")),
        ("inputs", strings(draw, inputs)),
        ("system", draw.string(system)),
        ("policy", policy),
    ];
    if draw.one_in(2) {
        let template = draw.pick(&TEMPLATES);
        members.push(("template", draw.string(template)));
    }
    if draw.wrong(20) {
        members.remove(draw.below(members.len()));
    }
    draw.object(members)
}
