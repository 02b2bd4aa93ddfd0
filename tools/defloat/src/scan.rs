//! The first reading of a core module: where its routines are, and what type each function has.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CompositeInnerType, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef,
    ValType,
};

use crate::{
    Error, operator,
    routine::{self, Routine},
};

/// What the rewriting of a core module has to know before it starts.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// From the name section.
    pub module_name: Option<String>,
    /// How many functions are imported: the index of the first function with a body.
    pub imported_functions: u32,
    /// Function index of each routine there is, by name.
    routines: BTreeMap<&'static str, u32>,
    /// Function names by function index.
    names: BTreeMap<u32, String>,
    /// Function types by type index; other types are `None`.
    types: Vec<Option<Signature>>,
    /// Type index of each function, imported ones first.
    functions: Vec<u32>,
    /// Functions that take nothing, do nothing and return nothing.
    idle: BTreeSet<u32>,
}

/// A function type, with floats as integers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Signature {
    params: Vec<ValType>,
    results: Vec<ValType>,
}

impl Scan {
    /// Reads the module in `data`, which starts where `parser` is.
    pub(crate) fn new(parser: Parser, data: &[u8]) -> Result<Self, Error> {
        let mut scan = Self::default();
        let mut bodies = Vec::new();
        for payload in parser.parse_all(data) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        let types = group?.into_types();
                        scan.types.extend(types.map(|ty| signature(&ty.composite_type.inner)));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import?.ty {
                            scan.functions.push(ty);
                            scan.imported_functions += 1;
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        scan.functions.push(ty?);
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            scan.read_name(name?)?;
                        }
                    }
                }
                _ => {}
            }
        }
        scan.check_types()?;
        scan.check_recursion(&bodies)?;
        for (function, body) in (scan.imported_functions..).zip(&bodies) {
            let plain = scan.signature_of(function).is_some_and(|ty| *ty == Signature::default());
            let mut operators = body.get_operators_reader()?;
            if plain && matches!(operators.read()?, Operator::End) && operators.eof() {
                scan.idle.insert(function);
            }
        }
        Ok(scan)
    }

    /// Whether a call of this function does nothing.
    pub(crate) fn is_idle(&self, function: u32) -> bool {
        self.idle.contains(&function)
    }

    /// The function index of `routine`, if the module has it.
    pub(crate) fn find(&self, routine: &Routine) -> Option<u32> {
        let mut names = [routine.name].into_iter().chain(routine.aliases.iter().copied());
        names.find_map(|name| self.routines.get(name).copied())
    }

    /// How many parameters a function has.
    pub(crate) fn param_count(&self, function: u32) -> Option<u32> {
        let params = self.signature_of(function)?.params.len();
        u32::try_from(params).ok()
    }

    /// What to call a function in a message.
    pub(crate) fn display_name(&self, function: u32) -> String {
        self.names.get(&function).cloned().unwrap_or_else(|| function.to_string())
    }

    fn signature_of(&self, function: u32) -> Option<&Signature> {
        let ty = self.functions.get(usize::try_from(function).ok()?)?;
        self.types.get(usize::try_from(*ty).ok()?)?.as_ref()
    }

    fn read_name(&mut self, name: Name<'_>) -> Result<(), Error> {
        match name {
            Name::Module { name, .. } => self.module_name = Some(name.to_owned()),
            Name::Function(map) => {
                for naming in map {
                    let naming = naming?;
                    self.names.insert(naming.index, naming.name.to_owned());
                    if let Some(routine) = routine::ALL.iter().find(|r| r.name == naming.name) {
                        self.routines.entry(routine.name).or_insert(naming.index);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A routine of another type would give wrong results, or an invalid module at best.
    fn check_types(&self) -> Result<(), Error> {
        for routine in routine::ALL {
            let Some(&function) = self.routines.get(routine.name) else { continue };
            let found = self.signature_of(function);
            if !found.is_some_and(|s| s.params == routine.params && s.results == [routine.result]) {
                return Err(Error::RoutineType {
                    routine: routine.name,
                    found: found.map_or("none".to_owned(), |s| text(&s.params, &s.results)),
                    expected: text(routine.params, &[routine.result]),
                });
            }
        }
        Ok(())
    }

    /// A routine that reaches itself, now that operators are calls, would never return.
    fn check_recursion(&self, bodies: &[FunctionBody<'_>]) -> Result<(), Error> {
        let mut calls = BTreeMap::new();
        for (function, body) in (self.imported_functions..).zip(bodies) {
            calls.insert(function, self.calls(body)?);
        }
        for (&routine, &function) in &self.routines {
            let mut seen = BTreeSet::new();
            let mut open = vec![function];
            while let Some(next) = open.pop() {
                for &callee in calls.get(&next).into_iter().flatten() {
                    if callee == function {
                        return Err(Error::RecursiveRoutine { routine });
                    }
                    if seen.insert(callee) {
                        open.push(callee);
                    }
                }
            }
        }
        Ok(())
    }

    /// The functions that a body calls after lowering, indirect calls apart.
    fn calls(&self, body: &FunctionBody<'_>) -> Result<BTreeSet<u32>, Error> {
        let mut calls = BTreeSet::new();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Operator::Call { function_index } | Operator::ReturnCall { function_index } =
                operator
            {
                calls.insert(function_index);
            } else if let Some(routine) = operator::lower(operator).routine() {
                calls.extend(self.find(routine));
            }
        }
        Ok(calls)
    }
}

fn signature(ty: &CompositeInnerType) -> Option<Signature> {
    let CompositeInnerType::Func(ty) = ty else {
        return None;
    };
    let lowered = |types: &[ValType]| types.iter().copied().map(integer).collect();
    Some(Signature { params: lowered(ty.params()), results: lowered(ty.results()) })
}

/// The type that a value of type `ty` has after lowering.
pub(crate) fn integer(ty: ValType) -> ValType {
    match ty {
        ValType::F32 => ValType::I32,
        ValType::F64 => ValType::I64,
        other => other,
    }
}

/// `(i64, i64) -> (i32)`.
fn text(params: &[ValType], results: &[ValType]) -> String {
    let list =
        |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(params), list(results))
}
