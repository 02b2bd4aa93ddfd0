//! The templates.

use serde_json::{Value, json};

use crate::{
    Known, TemplateError,
    option::{Chosen, OptionOf, Takes},
    parts::{able, and, any, best, cheap, cmp, fail_plan, rest},
};

/// A policy with holes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// For whom it is, in one sentence.
    pub says: &'static str,
    /// What may be said about it.
    pub options: &'static [OptionOf],
    make: fn(&Chosen, &Known) -> Result<Parts, TemplateError>,
}

/// A policy that was made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Made {
    /// The term.
    pub policy: Value,
    /// What it is meant to do, in words.
    pub intent: String,
}

/// What differs from template to template.
struct Parts {
    filter: Vec<Value>,
    scorer: Value,
    selector: Value,
    intent: String,
}

/// The highest price that an option may name, in USD per million tokens.
const PRICE: f64 = 1_000_000.0;

const PROVIDERS: OptionOf =
    OptionOf::new("providers", Takes::Names, "null", "these alone, the first of them first");
const INPUT_SHARE: OptionOf = OptionOf::new(
    "input_share",
    Takes::Number(0.0, 1.0),
    "0.8",
    "how much of the price is that of input",
);
const MIN_SUCCESS: OptionOf = OptionOf::new(
    "min_success_rate",
    Takes::Number(0.0, 1.0),
    "0.8",
    "the least share of calls that succeed, where it is known",
);

const fn max_in(default: &'static str) -> OptionOf {
    let says = "the highest price of input, in USD per million tokens";
    OptionOf::new("max_price_in", Takes::Number(0.0, PRICE), default, says)
}

const fn max_out(default: &'static str) -> OptionOf {
    let says = "the highest price of output, in USD per million tokens";
    OptionOf::new("max_price_out", Takes::Number(0.0, PRICE), default, says)
}

const QUALITY: OptionOf = OptionOf::new(
    "quality",
    Takes::Name,
    "null",
    "a declared number that says how good a model is; bench_intelligence where it is declared",
);

const fn quality_share(default: &'static str) -> OptionOf {
    let says = "how much quality counts, and price the rest";
    OptionOf::new("quality_share", Takes::Number(0.0, 1.0), default, says)
}

/// All templates, in the order of their names.
pub const TEMPLATES: [Template; 5] = [
    Template {
        name: "agent",
        says: "for agents: tools, a long context, quality before price",
        options: &[
            OptionOf::new(
                "min_context",
                Takes::Number(0.0, 1e9),
                "128000",
                "the least context, in tokens",
            ),
            QUALITY,
            quality_share("0.8"),
            INPUT_SHARE,
            max_in("15"),
            max_out("30"),
            MIN_SUCCESS,
            PROVIDERS,
        ],
        make: agent,
    },
    Template {
        name: "cheapest-family",
        says: "one family of models, from whoever sells it cheapest",
        options: &[
            OptionOf::new("family", Takes::Name, "null", "the family of models").needed(),
            INPUT_SHARE,
            max_in("5"),
            max_out("25"),
            MIN_SUCCESS,
            PROVIDERS,
        ],
        make: cheapest_family,
    },
    Template {
        name: "fastest",
        says: "most tokens a second, whatever it costs up to a limit",
        options: &[max_in("5"), max_out("25"), MIN_SUCCESS, PROVIDERS],
        make: fastest,
    },
    Template {
        name: "private",
        says: "only who keeps no log, the cheapest first",
        options: &[
            OptionOf::new("tee", Takes::Flag, "false", "only in a trusted execution environment"),
            INPUT_SHARE,
            max_in("1000000"),
            max_out("1000000"),
            PROVIDERS,
        ],
        make: private,
    },
    Template {
        name: "smart-value",
        says: "the most quality for its price",
        options: &[
            QUALITY,
            quality_share("0.5"),
            OptionOf::new("min_quality", Takes::Number(-1e9, 1e9), "null", "the least quality"),
            INPUT_SHARE,
            max_in("5"),
            max_out("25"),
            MIN_SUCCESS,
            PROVIDERS,
        ],
        make: smart_value,
    },
];

/// Makes a policy; `options` is `{option: value}`.
///
/// # Errors
///
/// [`TemplateError`] for a template that there is not, an option that it has not, and a value that
/// an option does not take.
pub fn build(template: &str, options: &Value, known: &Known) -> Result<Made, TemplateError> {
    let found = TEMPLATES.iter().find(|found| found.name == template);
    let Some(found) = found else {
        let names: Vec<_> = TEMPLATES.iter().map(|template| template.name).collect();
        return Err(TemplateError::new(format!("expected one of {}", names.join(", "))));
    };
    let chosen = Chosen::read(found.options, options)?;
    let Parts { mut filter, scorer, selector, mut intent } = (found.make)(&chosen, known)?;
    bound(&chosen, &mut filter, &mut intent);
    let providers = chosen.names("providers");
    if !providers.is_empty() {
        filter.push(any("provider_eq", &providers));
        intent.push_str(&format!("; from {} alone", providers.join(", then ")));
    }
    intent.push_str("; open breakers last");
    let policy = json!(["policy", and(filter), scorer, selector, ["id"], fail_plan()]);
    Ok(Made { policy, intent })
}

/// The bounds that all have in common.
fn bound(chosen: &Chosen, filter: &mut Vec<Value>, intent: &mut String) {
    if let Some(rate) = chosen.number("min_success_rate").filter(|rate| *rate > 0.0) {
        filter.insert(2, cmp("success_rate", "ge", rate));
    }
    let prices =
        ["price_in", "price_out"].map(|field| (field, chosen.number(&format!("max_{field}"))));
    // also a bound that everybody meets says that there has to be a price
    let bounds = prices.map(|(field, price)| cmp(field, "le", price.unwrap_or(PRICE)));
    let at = filter.len().min(3);
    filter.splice(at..at, bounds);
    if let [(_, Some(input)), (_, Some(output))] = prices
        && (input < PRICE || output < PRICE)
    {
        intent.push_str(&format!("; at most {input} USD a million tokens in and {output} out"));
    }
}

fn input_share(chosen: &Chosen) -> (f64, String) {
    let share = chosen.number("input_share").unwrap_or(0.8);
    (share, format!("{} % of the price being that of input", percent(share)))
}

/// As a person writes it.
fn percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

fn cheapest_family(chosen: &Chosen, _: &Known) -> Result<Parts, TemplateError> {
    let family = chosen.name("family").unwrap_or_default();
    let (share, of_input) = input_share(chosen);
    let mut filter = able();
    filter.push(json!(["family_eq", family]));
    Ok(Parts {
        filter,
        scorer: cheap(share),
        selector: best(&chosen.names("providers")),
        intent: format!("the cheapest offer of {family}, {of_input}"),
    })
}

fn fastest(chosen: &Chosen, _: &Known) -> Result<Parts, TemplateError> {
    Ok(Parts {
        filter: able(),
        scorer: json!(["field", "tok_s"]),
        selector: best(&chosen.names("providers")),
        intent: "the most tokens a second".to_owned(),
    })
}

fn private(chosen: &Chosen, _: &Known) -> Result<Parts, TemplateError> {
    let (share, of_input) = input_share(chosen);
    let mut filter = able();
    filter.push(json!(["is", "no_log"]));
    let mut who = "whoever keeps no log";
    if chosen.flag("tee") {
        filter.push(json!(["is", "has_tee"]));
        who = "whoever keeps no log and runs in a trusted execution environment";
    }
    Ok(Parts {
        filter,
        scorer: cheap(share),
        selector: best(&chosen.names("providers")),
        intent: format!("{who}, the cheapest first, {of_input}"),
    })
}

fn agent(chosen: &Chosen, known: &Known) -> Result<Parts, TemplateError> {
    let mut filter = able();
    filter.push(json!(["has_cap", "supports_tools"]));
    let context = chosen.number("min_context").unwrap_or_default();
    filter.push(cmp("context", "ge", context));
    let (scorer, by) = valued(chosen, known)?;
    let selector = best(&chosen.names("providers"));
    let intent = format!("tools and a context of {context} tokens, {by}");
    Ok(Parts { filter, scorer, selector, intent })
}

fn smart_value(chosen: &Chosen, known: &Known) -> Result<Parts, TemplateError> {
    let mut filter = able();
    let (scorer, by) = valued(chosen, known)?;
    if let Some(least) = chosen.number("min_quality") {
        let field = quality(chosen, known)?.ok_or_else(|| undeclared("$.min_quality"))?;
        filter.push(cmp(field, "ge", least));
    }
    let selector = best(&chosen.names("providers"));
    Ok(Parts { filter, scorer, selector, intent: by })
}

/// The number that says how good a model is, where the vocabulary has one.
fn quality<'c>(chosen: &'c Chosen, known: &Known) -> Result<Option<&'c str>, TemplateError> {
    const USUAL: &str = "bench_intelligence";
    let declared = |name: &str| known.numbers.iter().any(|number| number == name);
    match chosen.name("quality") {
        Some(name) if declared(name) => Ok(Some(name)),
        Some(_) => Err(undeclared("$.quality")),
        None => Ok(Some(USUAL).filter(|name| declared(name))),
    }
}

fn undeclared(at: &str) -> TemplateError {
    let expected = "expected a number that the configuration declares in fields";
    TemplateError::new(format!("{at}: {expected}"))
}

/// Quality and price together. Without a number for quality price decides, and the intent says so.
fn valued(chosen: &Chosen, known: &Known) -> Result<(Value, String), TemplateError> {
    let (share, of_input) = input_share(chosen);
    let Some(field) = quality(chosen, known)? else {
        let by = format!("the cheapest, {of_input}; no quality is declared");
        return Ok((cheap(share), by));
    };
    let of_quality = chosen.number("quality_share").unwrap_or(0.5);
    let good = json!(["normalize", ["field", field]]);
    let scorer = match of_quality {
        0.0 => cheap(share),
        1.0 => good,
        part => json!(["add", ["scale", part, good], ["scale", rest(part), cheap(share)]]),
    };
    let by = format!("{} % by {field} and the rest by price, {of_input}", percent(of_quality));
    Ok((scorer, by))
}
