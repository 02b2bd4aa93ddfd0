//! The questions of a decision: what they may be, and what answers them.

use alloc::format;
use alloc::string::String;

use super::data;
use super::options::{Wrong, is_text};
use crate::json::{Field, Value, fields, read};

/// Questions of a decision, criteria of a question.
const MOST: usize = 32;
/// Bytes of an instruction or a criterion.
pub const TEXT_BYTES: usize = 2000;
/// Bytes of the name of a question or a choice.
pub const NAME_BYTES: usize = 64;

/// Checks the questions of a node, in byte order of their names.
#[inline(never)]
pub fn check(questions: Option<&Value>) -> Result<(), Wrong> {
    let questions = questions.and_then(Value::as_object).unwrap_or(&[]);
    if !(1..=MOST).contains(&questions.len()) {
        return Err(("decision needs 1..32 questions", ""));
    }
    questions
        .iter()
        .try_for_each(|(name, question)| check_one(name, question).map_err(|error| (error, "")))
}

#[inline(never)]
fn check_one(name: &str, question: &Value) -> Result<(), &'static str> {
    let get = |key: &str| question.get(key);
    let Some(members) = question.as_object() else { return Err("invalid question") };
    if !(1..=NAME_BYTES).contains(&name.len()) || !is_text(get("instructions"), TEXT_BYTES) {
        return Err("invalid question");
    }
    if !members.iter().all(|(key, _)| matches!(&**key, "criteria" | "instructions" | "type")) {
        return Err("unknown question field");
    }
    let criterion = |value: &Value| is_text(Some(value), TEXT_BYTES);
    let criteria = get("criteria");
    let named = criteria.and_then(Value::as_object);
    match get("type").and_then(Value::as_str) {
        Some("choice") => {
            let named = named.unwrap_or(&[]);
            if !(1..=MOST).contains(&named.len()) {
                return Err("invalid choice criteria");
            }
            let fits = |name: &str| (1..=NAME_BYTES).contains(&name.len());
            match named.iter().all(|(name, value)| fits(name) && criterion(value)) {
                true => Ok(()),
                false => Err("invalid criterion"),
            }
        }
        Some("score") => {
            let ordered = criteria.and_then(Value::as_array).unwrap_or(&[]);
            match (2..=MOST).contains(&ordered.len()) {
                false => Err("invalid score criteria"),
                true if ordered.iter().all(criterion) => Ok(()),
                true => Err("invalid score criterion"),
            }
        }
        Some("noul") => match (criteria, named) {
            (None, _) => Ok(()),
            (_, None) => Err("invalid noul criteria"),
            (_, Some(named)) => {
                let known = |name: &str| matches!(name, "false" | "true");
                if !named.iter().all(|(name, value)| known(name) && criterion(value)) {
                    return Err("invalid noul criterion");
                }
                if named.len() == 2 { Ok(()) } else { Err("invalid noul criteria") }
            }
        },
        _ => Err("unknown question type"),
    }
}

/// What a model said to the questions of a node: one answer to each, an object with `choice`, `score`
/// or `noul`, perhaps `type` and `confidence`; what else it has is passed on.
#[inline(never)]
pub fn answers(questions: &Value, text: &str) -> Result<String, String> {
    let text = data::admit(text)?;
    let given = fields(&text).ok_or("answers: expected an object")?;
    let questions = questions.as_object().unwrap_or(&[]);
    for (name, question) in questions {
        let answer = data::find(&given, &data::quoted(name)).and_then(fields);
        if let Some(expected) = answer.map_or(Some("an object"), |answer| wrong(question, &answer))
        {
            return Err(format!("answers['{name}']: expected {expected}"));
        }
    }
    match given.len() == questions.len() {
        true => Ok(text),
        false => Err("answers: expected no other members than the questions".into()),
    }
}

/// What an answer should have been.
#[inline(never)]
fn wrong(question: &Value, answer: &[Field]) -> Option<&'static str> {
    let kind = question.get("type").and_then(Value::as_str).unwrap_or_default();
    let kind = data::quoted(kind);
    if data::find(answer, "\"type\"").is_some_and(|given| given != kind) {
        return Some("the type of its question");
    }
    if data::find(answer, "\"confidence\"").is_some_and(|value| number(value, 1).is_none()) {
        return Some("a confidence from 0 to 1");
    }
    let said = data::find(answer, &kind).unwrap_or_default();
    let (right, expected) = match question.get("criteria") {
        Some(Value::Array(steps)) => {
            let most = (steps.len() as u32).saturating_sub(1);
            (number(said, most).is_some(), "a score among its criteria, the first being 0")
        }
        Some(choices) if kind == "\"choice\"" => {
            let names = choices.as_object().unwrap_or(&[]);
            (names.iter().any(|(name, _)| data::quoted(name) == said), "a choice of its question")
        }
        _ => (number(said, 1).is_some(), "a noul from 0 to 1"),
    };
    (!right).then_some(expected)
}

/// A number from 0 to the most that it may be.
#[inline(never)]
pub fn number(value: &str, most: u32) -> Option<f64> {
    read("", value).ok()?.as_number().filter(|number| (0.0..=f64::from(most)).contains(number))
}
