//! Candidates in columns: read and typed once, observed many times.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::bits::Bits;
use crate::call_scoped::CallScoped;
use crate::candidate::{CARRIED, FieldValue, OBSERVED, number, pair, required, text, typed};
use crate::json::{Value, lookup};
use crate::names::{NONE, Names};
use crate::refusal::Refusal;
use crate::vocabulary::{BoolField, Declared, Field, NumField, Profile, Vocabulary};

/// A column of names: each name once, a number a row.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    pub names: Names,
    pub rows: Vec<u32>,
}

impl Labels {
    fn push(&mut self, name: Option<&str>) {
        let number = name.map_or(NONE, |name| self.names.intern(name));
        self.rows.push(number);
    }

    /// The number in a row, [`NONE`] where there is no name.
    pub fn at(&self, row: usize) -> u32 {
        self.rows.get(row).copied().unwrap_or(NONE)
    }

    /// One value for each name.
    pub fn each<T>(&self, value: impl Fn(&str) -> T, default: T) -> Vec<T>
    where
        T: Clone,
    {
        let mut values = vec![default; self.names.len()];
        for (name, number) in self.names.iter() {
            if let Some(slot) = values.get_mut(number as usize) {
                *slot = value(name);
            }
        }
        values
    }
}

/// The candidates of a decision, column by column. What a candidate does not have is the default
/// of the field; what the state has for it instead is laid over in [`crate::observation`].
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    len: usize,
    pub providers: Labels,
    pub families: Labels,
    /// `provider|family`
    pub pairs: Labels,
    pub tiers: Labels,
    pub scopes: Labels,
    /// Who answers in the end: the peer of an offer, else the provider.
    pub served_by: Labels,
    capabilities: Names,
    /// For each capability, the candidates that have it.
    capable: Vec<Bits>,
    pub quality: Vec<f64>,
    nums: Vec<Option<Column<Vec<f64>>>>,
    bools: Vec<Option<Column<Bits>>>,
}

/// The declared fields that a catalog keeps. Those of the core are always there.
#[derive(Clone, Copy, Debug)]
pub enum Columns<'a> {
    /// Policies are yet to come.
    All,
    /// One policy looks at them. A column for each field of a vocabulary would make a decision
    /// dearer than its cost says.
    Of(&'a [Field]),
}

/// A field of every candidate.
#[derive(Clone, Debug)]
struct Column<T> {
    values: T,
    /// The candidates that have a value of their own.
    given: Bits,
}

/// The prices, which the state may have where a candidate has none.
pub const PRICES: [(&str, NumField); 2] =
    [("price_in", NumField::PRICE_IN), ("price_out", NumField::PRICE_OUT)];

impl<T> Column<T> {
    fn new(values: T, rows: usize) -> Self {
        // at its full size: a patch must not grow it
        Self { values, given: Bits::all(rows, false) }
    }
}

impl Catalog {
    /// Reads an array of candidates; `position` is its place, for messages.
    pub fn read(
        candidates: &Value,
        position: &str,
        vocabulary: &Vocabulary,
        columns: Columns,
    ) -> Result<Self, Refusal> {
        let expected = || Refusal::ctx(format!("{position}: expected an array"));
        let records = candidates.as_array().ok_or_else(expected)?;
        let strict = vocabulary.profile == Profile::Strict;
        let count = records.len();
        let mut catalog = CallScoped::new(Self {
            nums: vec![None; vocabulary.nums.len()],
            bools: vec![None; vocabulary.bools.len()],
            quality: vec![0.0; count],
            ..Self::default()
        });
        vocabulary.core().for_each(|field| catalog.keep(field, vocabulary, count));
        match columns {
            Columns::All => {
                vocabulary.extensions().for_each(|(_, at)| catalog.keep(at, vocabulary, count));
            }
            Columns::Of(fields) => {
                fields.iter().for_each(|field| catalog.keep(*field, vocabulary, count));
            }
        }
        for (index, record) in records.iter().enumerate() {
            catalog
                .ingest(record, vocabulary, strict)
                .map_err(|message| Refusal::ctx(format!("{position}[{index}]{message}")))?;
        }
        Ok(CallScoped::into_inner(catalog))
    }

    /// Makes room for a field of so many candidates.
    fn keep(&mut self, field: Field, vocabulary: &Vocabulary, count: usize) {
        match field {
            Field::Num(at) => fill(&mut self.nums, &vocabulary.nums, at.0, |default| {
                Column::new(vec![default; count], count)
            }),
            Field::Bool(at) => fill(&mut self.bools, &vocabulary.bools, at.0, |default| {
                Column::new(Bits::all(count, default), count)
            }),
        }
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    pub fn column(&self, field: NumField) -> &[f64] {
        self.num(field).map_or(&[], |column| column.values.as_slice())
    }

    /// The candidates that have a value of their own.
    pub fn given(&self, field: NumField) -> &Bits {
        const NOBODY: &Bits = &Bits::NONE;
        self.num(field).map_or(NOBODY, |column| &column.given)
    }

    fn num(&self, field: NumField) -> Option<&Column<Vec<f64>>> {
        self.nums.get(field.0)?.as_ref()
    }

    pub fn flags(&self, field: BoolField) -> &Bits {
        const NOBODY: &Bits = &Bits::NONE;
        let column = self.bools.get(field.0).and_then(Option::as_ref);
        column.map_or(NOBODY, |column| &column.values)
    }

    /// The candidates that have a capability.
    pub fn capable(&self, name: &str) -> &Bits {
        const NOBODY: &Bits = &Bits::NONE;
        self.capable.get(self.capabilities.find(name) as usize).unwrap_or(NOBODY)
    }

    /// Sets a field of one candidate; whether it had none of its own.
    fn set_num(&mut self, row: usize, field: NumField, value: f64) -> bool {
        let Some(Some(column)) = self.nums.get_mut(field.0) else { return false };
        if let Some(slot) = column.values.get_mut(row) {
            *slot = value;
        }
        column.given.add(row)
    }

    fn set_bool(&mut self, row: usize, field: BoolField, value: bool) -> bool {
        let Some(Some(column)) = self.bools.get_mut(field.0) else { return false };
        column.values.set(row, value);
        column.given.add(row)
    }

    /// Sets a field of one candidate; whether it had none of its own.
    pub fn set(&mut self, row: usize, field: Field, value: FieldValue) -> bool {
        match (field, value) {
            (Field::Num(field), FieldValue::Num(value)) => self.set_num(row, field, value),
            (Field::Bool(field), FieldValue::Bool(value)) => self.set_bool(row, field, value),
            _ => false,
        }
    }

    /// Takes a field from one candidate, which is left with the default.
    pub fn unset(&mut self, row: usize, field: Field, vocabulary: &Vocabulary) {
        match field {
            Field::Num(at) => {
                let default = vocabulary.nums.get(at.0).map_or(0.0, |field| field.default);
                self.set_num(row, at, default);
                if let Some(Some(column)) = self.nums.get_mut(at.0) {
                    column.given.set(row, false);
                }
            }
            Field::Bool(at) => {
                let default = vocabulary.bools.get(at.0).is_some_and(|field| field.default);
                self.set_bool(row, at, default);
                if let Some(Some(column)) = self.bools.get_mut(at.0) {
                    column.given.set(row, false);
                }
            }
        }
    }

    /// Reads one record into the next row. An error is the rest of a position and what was
    /// expected.
    fn ingest(
        &mut self,
        record: &Value,
        vocabulary: &Vocabulary,
        strict: bool,
    ) -> Result<(), String> {
        let record = record.as_object().ok_or(": expected an object")?;
        let provider = required(record, "provider_id")?;
        let family = required(record, "model_family")?;
        let (mut tier, mut scope, mut peer) = (None, None, None);
        let row = self.len;
        for (key, value) in record {
            let extension = vocabulary.extension(key);
            if let Some(field) = extension {
                self.set(row, field, typed(key, value, field)?);
            }
            if let Some((_, field)) = OBSERVED.iter().find(|(name, _)| name == key) {
                self.set(row, *field, typed(key, value, *field)?);
                continue;
            }
            match &**key {
                "provider_id" | "model_family" => {}
                "tier" => tier = Some(text(key, value)?),
                "scope" => scope = Some(text(key, value)?),
                "quality_hint" => {
                    let hint = number(key, value)?;
                    if let Some(slot) = self.quality.get_mut(row) {
                        *slot = hint;
                    }
                }
                "capabilities" => self.capabilities(key, value)?,
                "offer" => {
                    value.as_object().ok_or_else(|| format!(".{key}: expected an object"))?;
                    if let Some(named) = value.get("peer_id").filter(|peer| peer.is_truthy()) {
                        peer = Some(text("offer.peer_id", named)?);
                    }
                }
                _ if extension.is_some() || CARRIED.contains(&&**key) => {}
                _ if strict => {
                    return Err(format!(
                        ": unknown key '{key}', expected a candidate key or a field declared in \
                         vocabulary.fields"
                    ));
                }
                _ => {}
            }
        }
        self.providers.push(Some(provider));
        self.families.push(Some(family));
        self.pairs.push(Some(&pair(provider, family)));
        self.tiers.push(tier);
        self.scopes.push(scope);
        self.served_by.push(Some(peer.unwrap_or(provider)));
        self.len += 1;
        Ok(())
    }

    fn capabilities(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let named = value.as_object().ok_or_else(|| format!(".{key}: expected an object"))?;
        if let Some(context) = lookup(named, "context") {
            let tokens = number("capabilities.context", context)?;
            self.set_num(self.len, NumField::CONTEXT, tokens);
        }
        for (name, value) in named {
            if value.is_truthy() {
                let number = self.capabilities.intern(name) as usize;
                if number >= self.capable.len() {
                    self.capable.push(Bits::NONE);
                }
                if let Some(bits) = self.capable.get_mut(number) {
                    bits.set(self.len, true);
                }
            }
        }
        Ok(())
    }
}

/// Makes a column of a field, which is filled with its default, unless there is one.
fn fill<C, T: Copy>(
    columns: &mut [Option<C>],
    fields: &[Declared<T>],
    at: usize,
    column: impl Fn(T) -> C,
) {
    if let (Some(slot @ None), Some(field)) = (columns.get_mut(at), fields.get(at)) {
        *slot = Some(column(field.default));
    }
}
