//! From a normal form to something that runs.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::admit::admit;
use crate::fail_plan::FailPlan;
use crate::json::{Members, Value, lookup};
use crate::normal::normalize;
use crate::parameter::link_of;
use crate::predicate::Pred;
use crate::refusal::{Refusal, RefusalCode};
use crate::scorer::Scorer;
use crate::selector::Selector;
use crate::signature::{Op, Rel, Sort};
use crate::term::{Argument, Term};
use crate::transform::{FROM_CTX, Xform};
use crate::vocabulary::{BoolField, Field, NumField, Vocabulary};

/// The five slots of a policy, compiled.
#[derive(Debug)]
pub struct Slots {
    pub filter: Pred,
    pub scorer: Scorer,
    pub selector: Selector,
    pub transform: Xform,
    pub fail_plan: FailPlan,
    /// Every field that the slots look at, as often as they do.
    pub fields: Vec<Field>,
}

/// Compiles normal forms.
pub struct Compiler<'a> {
    vocabulary: &'a Vocabulary,
    /// The definitions of `custom` symbols: a Xform term each.
    customs: &'a Members<'a>,
    fields: RefCell<Vec<Field>>,
}

impl<'a> Compiler<'a> {
    pub const fn new(vocabulary: &'a Vocabulary, customs: &'a Members<'a>) -> Self {
        Self { vocabulary, customs, fields: RefCell::new(Vec::new()) }
    }

    /// The five slots of a policy in normal form.
    pub fn slots(&self, term: &Term) -> Result<Slots, Refusal> {
        use Argument::Term as T;
        match (term.op, term.arguments.as_slice()) {
            (Op::Policy, [T(filter), T(scorer), T(selector), T(transform), T(plan)]) => Ok(Slots {
                filter: self.pred(filter)?,
                scorer: self.scorer(scorer)?,
                selector: self.selector(selector)?,
                transform: self.transform(transform)?,
                fail_plan: fail_plan(plan)?,
                fields: self.fields.take(),
            }),
            _ => Err(unadmitted()),
        }
    }

    fn pred(&self, term: &Term) -> Result<Pred, Refusal> {
        use Argument::{Param as P, Term as T};
        use Value::{Number, String as Text};
        Ok(match (term.op, term.arguments.as_slice()) {
            (Op::Top, []) => Pred::Top,
            (Op::Bot, []) => Pred::Bot,
            (Op::MeetsReq, []) => Pred::MeetsReq,
            (Op::ScopeMatches, []) => Pred::ScopeMatches,
            (Op::And, _) => Pred::And(each(term, |term| self.pred(term))?),
            (Op::Or, _) => Pred::Or(each(term, |term| self.pred(term))?),
            (Op::Not, [T(pred)]) => Pred::Not(Box::new(self.pred(pred)?)),
            (Op::Is, [P(Text(name))]) => Pred::Is(name.to_string(), self.bool(name)?),
            (Op::Cmp, [P(Text(name)), P(Text(rel)), P(Number(bound))]) => {
                let rel = Rel::find(rel).ok_or_else(unadmitted)?;
                Pred::Cmp(name.to_string(), self.num(name)?, rel, *bound)
            }
            (Op::TierEq, [P(Text(tier))]) => Pred::TierEq(tier.to_string()),
            (Op::MinTier, [P(Text(tier))]) => Pred::MinTier(self.vocabulary.rank(tier)),
            (Op::FamilyEq, [P(Text(family))]) => Pred::FamilyEq(family.to_string()),
            (Op::ProviderEq, [P(Text(provider))]) => Pred::ProviderEq(provider.to_string()),
            (Op::ServedByEq, [P(Text(peer))]) => Pred::ServedByEq(peer.to_string()),
            (Op::HasCap, [P(Text(capability))]) => Pred::HasCap(capability.to_string()),
            _ => return Err(unadmitted()),
        })
    }

    fn scorer(&self, term: &Term) -> Result<Scorer, Refusal> {
        use Argument::{Param as P, Term as T};
        use Value::{Number, String as Text};
        let boxed = |term| self.scorer(term).map(Box::new);
        Ok(match (term.op, term.arguments.as_slice()) {
            (Op::Zero, []) => Scorer::Zero,
            (Op::Add, _) => Scorer::Add(each(term, |term| self.scorer(term))?),
            (Op::Scale, [P(Number(factor)), T(kid)]) => Scorer::Scale(*factor, boxed(kid)?),
            (Op::Gate, [T(pred), T(kid)]) => Scorer::Gate(self.pred(pred)?, boxed(kid)?),
            (Op::Neg, [T(kid)]) => Scorer::Neg(boxed(kid)?),
            (Op::Normalize, [T(kid)]) => Scorer::Normalize(boxed(kid)?),
            (Op::Clamp, [P(Number(low)), P(Number(high)), T(kid)]) => {
                Scorer::Clamp(*low, *high, boxed(kid)?)
            }
            (Op::Field, [P(Text(name))]) => Scorer::Field(self.num(name)?),
            (Op::Lit, [P(Number(value))]) => Scorer::Lit(*value),
            _ => return Err(unadmitted()),
        })
    }

    fn selector(&self, term: &Term) -> Result<Selector, Refusal> {
        use Argument::{Param as P, Term as T};
        use Value::Number;
        Ok(match (term.op, term.arguments.as_slice()) {
            (Op::Argmax, []) => Selector::Argmax,
            (Op::Ordered, []) => Selector::Ordered,
            (Op::Sample, [P(Number(temperature))]) => Selector::Sample(*temperature),
            (Op::Chain, [P(links)]) => {
                // an object in place of the array selects nothing
                let links = links.as_array().unwrap_or(&[]).iter();
                Selector::chain(links.filter_map(|link| link_of(link.as_object()?)))
            }
            (Op::TopK, [P(Number(count)), T(inner)]) => {
                Selector::TopK(*count, Box::new(self.selector(inner)?))
            }
            (Op::Prefer, [T(pred), T(inner)]) => {
                Selector::Prefer(self.pred(pred)?, Box::new(self.selector(inner)?))
            }
            _ => return Err(unadmitted()),
        })
    }

    fn transform(&self, term: &Term) -> Result<Xform, Refusal> {
        use Argument::{Param as P, Term as T};
        use Value::{Number, String as Text};
        Ok(match (term.op, term.arguments.as_slice()) {
            (Op::Id, []) => Xform::Id,
            (Op::Seq, _) => Xform::Seq(each(term, |term| self.transform(term))?),
            (Op::SetParam, [P(Text(name)), P(value)]) => match value.as_str() {
                Some(FROM_CTX) => Xform::InjectSeed(name.to_string()),
                _ => Xform::SetParam(name.to_string(), value.to_static()),
            },
            (Op::InjectSeed, [P(Text(name))]) => Xform::InjectSeed(name.to_string()),
            (Op::ClampParam, [P(Text(name)), P(Number(low)), P(Number(high))]) => {
                Xform::ClampParam(name.to_string(), *low, *high)
            }
            (Op::Jitter, [P(Text(name)), P(Number(amplitude))]) => {
                Xform::Jitter(name.to_string(), *amplitude)
            }
            (Op::FilterText, [P(recipe)]) => Xform::Filter("text", recipe.to_canonical()),
            (Op::FilterImage, [P(recipe)]) => Xform::Filter("image", recipe.to_canonical()),
            (Op::Custom, [P(Text(symbol))]) => self.custom(symbol)?,
            (Op::When, [T(pred), T(kid)]) => {
                Xform::When(self.pred(pred)?, Box::new(self.transform(kid)?))
            }
            _ => return Err(unadmitted()),
        })
    }

    /// The definition of a symbol. Definitions do not use symbols themselves, so they end.
    fn custom(&self, symbol: &str) -> Result<Xform, Refusal> {
        let refuse = |message: String| Err(Refusal::new(RefusalCode::UnknownCustom, message));
        let Some(definition) = lookup(self.customs, symbol) else {
            return refuse(format!("interp: custom Sym '{symbol}' not registered"));
        };
        let about = format!("ctx.customs['{symbol}']");
        let admitted = admit(definition, self.vocabulary).map_err(|refusal| {
            Refusal::new(refusal.code, format!("{about}: {}", refusal.message))
        })?;
        if admitted.sort != Sort::Xform {
            return refuse(format!("{about}: expected Xform, got {}", admitted.sort.name()));
        }
        let inner = Compiler::new(self.vocabulary, &[]);
        let transform = inner.transform(&normalize(admitted.term));
        self.fields.borrow_mut().append(&mut inner.fields.borrow_mut());
        transform
    }

    fn num(&self, name: &str) -> Result<NumField, Refusal> {
        match self.vocabulary.find(name) {
            Some(Field::Num(field)) => {
                self.fields.borrow_mut().push(Field::Num(field));
                Ok(field)
            }
            _ => Err(unadmitted()),
        }
    }

    fn bool(&self, name: &str) -> Result<BoolField, Refusal> {
        match self.vocabulary.find(name) {
            Some(Field::Bool(field)) => {
                self.fields.borrow_mut().push(Field::Bool(field));
                Ok(field)
            }
            _ => Err(unadmitted()),
        }
    }
}

fn fail_plan(term: &Term) -> Result<FailPlan, Refusal> {
    use Argument::{Param as P, Term as T};
    match (term.op, term.arguments.as_slice()) {
        (Op::Always, [P(action)]) => Ok(FailPlan::always(action)),
        (Op::Override, [T(plan), P(Value::String(reason)), P(action)]) => {
            Ok(fail_plan(plan)?.with(reason, action))
        }
        _ => Err(unadmitted()),
    }
}

fn each<T>(term: &Term, compile: impl Fn(&Term) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
    term.subterms().map(compile).collect()
}

/// A term that admission would not have let through.
fn unadmitted() -> Refusal {
    Refusal::new(RefusalCode::TermShape, "$: expected an admitted term")
}
