//! What calls take of a stack that counts values: the size of each frame, and who calls whom.

use serde::Serialize;
use wasmparser::{
    CompositeInnerType, ElementItems, FuncToValidate, FuncType, FuncValidatorAllocations,
    FunctionBody, Operator, Parser, Payload, TypeRef, ValidPayload, Validator, ValidatorResources,
    WasmFeatures,
};

use crate::{Error, graph::Graph};

/// The most value slots that a frame of a file that is to run everywhere may need.
pub const SLOTS: u32 = 65_535;

/// The frames of a core module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Frames {
    /// One for each function with a body, in order: the value slots it needs. A slot holds a value
    /// of any type; a function needs one for each parameter and local, and as many as its operand
    /// stack is ever high.
    #[serde(skip)]
    pub slots: Vec<u32>,
    /// The index of the function that needs most, imported functions counted, and how much.
    pub largest: Option<(u32, u32)>,
    /// How many functions can call themselves, by way of others or not.
    pub recursive: usize,
    /// How many groups they are in, each of functions that can all reach one another.
    pub groups: usize,
    /// The most frames of a chain of calls in which no function is twice, or more than that: every
    /// function of a group counts. A call through a table may reach any function of its type that
    /// is in a table or has its reference taken.
    pub chain_frames: u64,
    /// The most slots of such a chain.
    pub chain_slots: u64,
    /// Whether there is a call that takes the place of its caller.
    pub tail_calls: bool,
}

impl Frames {
    /// What keeps the module from running where a frame has [`SLOTS`] slots; one line each.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let large = self.largest.filter(|(_, slots)| *slots > SLOTS);
        let line = |(function, slots)| {
            format!("function {function}: {slots} value slots, expected at most {SLOTS}")
        };
        large.map(line).into_iter().collect()
    }
}

/// Reads the frames of a core module.
///
/// # Errors
///
/// When the bytes are not a valid core module, whatever features are on.
pub fn frames(module: &[u8]) -> Result<Frames, Error> {
    let mut reader = Reader::default();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            reader.body(function, &body)?;
        }
        reader.payload(payload)?;
    }
    Ok(reader.finish())
}

#[derive(Default)]
struct Reader {
    /// By type index; other types are `None`.
    types: Vec<Option<FuncType>>,
    /// Type index of each function, imported ones first.
    functions: Vec<u32>,
    imported: usize,
    /// Functions that a call through a table may reach.
    in_tables: Vec<u32>,
    bodies: Vec<Body>,
}

#[derive(Default)]
struct Body {
    slots: u32,
    calls: Vec<u32>,
    /// Type indices.
    indirect: Vec<u32>,
    tail_call: bool,
}

impl Reader {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    let types = group?.into_types().map(|ty| match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => Some(ty),
                        _ => None,
                    });
                    self.types.extend(types);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import?.ty {
                        self.functions.push(ty);
                        self.imported += 1;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.references(global?.init_expr.get_operators_reader())?;
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    match element?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                self.in_tables.push(function?);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                self.references(expression?.get_operators_reader())?;
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn references(&mut self, operators: wasmparser::OperatorsReader<'_>) -> Result<(), Error> {
        for operator in operators {
            if let Operator::RefFunc { function_index } = operator? {
                self.in_tables.push(function_index);
            }
        }
        Ok(())
    }

    fn body(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut validator = function.into_validator(FuncValidatorAllocations::default());
        let mut locals = body.get_binary_reader();
        validator.read_locals(&mut locals)?;
        let mut frame = Body::default();
        let mut peak = 0;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            validator.op(offset, &operator)?;
            peak = peak.max(validator.operand_stack_height());
            match operator {
                Operator::Call { function_index } => frame.calls.push(function_index),
                Operator::ReturnCall { function_index } => {
                    frame.calls.push(function_index);
                    frame.tail_call = true;
                }
                Operator::CallIndirect { type_index, .. } | Operator::CallRef { type_index } => {
                    frame.indirect.push(type_index)
                }
                Operator::ReturnCallIndirect { type_index, .. }
                | Operator::ReturnCallRef { type_index } => {
                    frame.indirect.push(type_index);
                    frame.tail_call = true;
                }
                Operator::RefFunc { function_index } => self.in_tables.push(function_index),
                _ => {}
            }
        }
        frame.slots = validator.len_locals().saturating_add(peak);
        self.bodies.push(frame);
        Ok(())
    }

    fn finish(mut self) -> Frames {
        self.in_tables.sort_unstable();
        self.in_tables.dedup();
        let calls = self.bodies.iter().map(|body| self.callees(body)).collect();
        let slots: Vec<u32> = self.bodies.iter().map(|body| body.slots).collect();
        let graph = Graph::new(calls);
        let largest =
            (self.imported..).zip(&slots).max_by_key(|(at, slots)| (**slots, usize::MAX - at));
        Frames {
            largest: largest.and_then(|(at, slots)| Some((u32::try_from(at).ok()?, *slots))),
            recursive: graph.recursive().map(<[_]>::len).sum(),
            groups: graph.recursive().count(),
            chain_frames: graph.longest(|_| 1),
            chain_slots: graph.longest(|at| slots.get(at).copied().unwrap_or(0).into()),
            tail_calls: self.bodies.iter().any(|body| body.tail_call),
            slots,
        }
    }

    /// The bodies that a body may call, by their place among the bodies.
    fn callees(&self, body: &Body) -> Vec<usize> {
        let ty = |index: u32| self.types.get(usize::try_from(index).ok()?)?.as_ref();
        let reached = |function: u32| {
            let own = self.functions.get(usize::try_from(function).unwrap_or(usize::MAX));
            let own = own.and_then(|own| ty(*own));
            own.is_some() && body.indirect.iter().any(|called| ty(*called) == own)
        };
        let indirect = self.in_tables.iter().copied().filter(|function| reached(*function));
        let mut callees: Vec<usize> = body
            .calls
            .iter()
            .copied()
            .chain(indirect)
            .filter_map(|function| usize::try_from(function).ok()?.checked_sub(self.imported))
            .collect();
        callees.sort_unstable();
        callees.dedup();
        callees
    }
}
