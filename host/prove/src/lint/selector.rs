//! Selectors.

use serde_json::Value;

use super::{Lint, term::Term};

impl Lint<'_> {
    pub(super) fn selector(
        &mut self,
        term: &Term<'_>,
        filter: Option<&Value>,
        scorer: Option<&Term<'_>>,
    ) {
        if let Some(scorer) = scorer.filter(|scorer| scorer.op != "zero")
            && matches!(leaf(term).op, "ordered" | "chain")
        {
            let leaf = leaf(term).op;
            self.warn(
                "L022",
                &scorer.path,
                format!("the selector is {leaf}, which asks no scorer"),
            );
        }
        self.selected(term, filter, false);
    }

    fn selected(&mut self, term: &Term<'_>, filter: Option<&Value>, cut: bool) {
        let inner = term.term(2);
        match term.op {
            "sample" => {
                let temperature = term.number(1).unwrap_or(1.0);
                if temperature == 0.0 {
                    self.warn("L031", &term.path, "sample 0 is argmax");
                } else if temperature < 0.0 {
                    let message = format!("sample {temperature} is argmax: below 0 counts as 0");
                    self.warn("L031", &term.path, message);
                } else if self.facts.seed == Some(false) {
                    let message = "sample without a seed: every decision draws alike";
                    self.warn("L030", &term.path, message);
                }
            }
            "chain" => self.chain(term, filter),
            "prefer" => {
                if inner.as_ref().is_some_and(|inner| inner.op == "top_k") {
                    let message = "prefer outside of top_k only reorders what top_k leaves";
                    self.note("L033", &term.path, message);
                }
                if let Some(predicate) = term.term(1) {
                    self.predicate(&predicate);
                }
            }
            "top_k" if cut => self.note("L034", &term.path, "top_k within top_k"),
            _ => {}
        }
        if let Some(inner) = inner.filter(|_| matches!(term.op, "prefer" | "top_k")) {
            self.selected(&inner, filter, cut || term.op == "top_k");
        }
    }
}

/// What makes the order, inside of what cuts and regroups it.
fn leaf<'t>(term: &Term<'t>) -> Term<'t> {
    let inner = term.term(2).filter(|_| matches!(term.op, "prefer" | "top_k"));
    inner.map_or_else(|| term.clone(), |inner| leaf(&inner))
}
