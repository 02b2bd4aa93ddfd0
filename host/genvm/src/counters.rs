//! A module with counters of frames and value slots in it.
//!
//! Each function becomes two: its body, under a new index, and at the old index one of the same
//! type that counts, calls the body and counts back. Bodies are not changed, so calls, tables and
//! exports reach what counts. Memory is not touched: what is left in it is what the plain module
//! leaves.
//!
//! A frame counts for the slots that the module declares for it, however much of its operand stack
//! is in use; calls of imported functions count for nothing.

use std::collections::BTreeMap;

use defloat::Frames;
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, InstructionSink, Module, RawSection, SectionId, TypeSection, ValType,
    reencode::{Reencode as _, RoundtripReencoder},
};
use wasmparser::{CompositeInnerType, Parser, Payload, TypeRef};

use super::{profile::Invalid, rules::Rules};

/// The names of the counters: the most frames that were open, and the most slots.
pub(super) const MOST_FRAMES: &str = "counted frames";
pub(super) const MOST_SLOTS: &str = "counted slots";

/// The order of sections; names of functions are left out, they would be wrong.
const ORDER: [SectionId; 12] = [
    SectionId::Type,
    SectionId::Import,
    SectionId::Function,
    SectionId::Table,
    SectionId::Memory,
    SectionId::Global,
    SectionId::Export,
    SectionId::Start,
    SectionId::Element,
    SectionId::DataCount,
    SectionId::Code,
    SectionId::Data,
];

/// Puts counters into a module that is in order. Past the limits it stops with `unreachable`.
pub(super) fn insert(module: &[u8], frames: &Frames, rules: &Rules) -> Result<Vec<u8>, Invalid> {
    let parts = Parts::read(module).map_err(Invalid::validating)?;
    parts.counted(frames, rules).map_err(Invalid::validating)
}

#[derive(Default)]
struct Parts<'m> {
    raw: BTreeMap<u8, &'m [u8]>,
    types: TypeSection,
    /// By type index, how many parameters a function of it has.
    params: Vec<u32>,
    imported_functions: u32,
    globals: GlobalSection,
    imported_globals: u32,
    exports: ExportSection,
    /// Type index of each function with a body.
    functions: Vec<u32>,
    bodies: Vec<&'m [u8]>,
}

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

impl<'m> Parts<'m> {
    fn read(module: &'m [u8]) -> Result<Self> {
        let mut parts = Self::default();
        let mut same = RoundtripReencoder;
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section() {
                let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
                parts.raw.insert(id, module.get(range).unwrap_or_default());
            }
            match payload {
                Payload::TypeSection(section) => {
                    for group in section.clone() {
                        let params = group?.into_types().map(|ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => ty.params().len(),
                            _ => 0,
                        });
                        for count in params {
                            parts.params.push(u32::try_from(count)?);
                        }
                    }
                    same.parse_type_section(&mut parts.types, section)?;
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        match import?.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                                parts.imported_functions += 1
                            }
                            TypeRef::Global(_) => parts.imported_globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    parts.functions = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::GlobalSection(section) => {
                    same.parse_global_section(&mut parts.globals, section)?;
                }
                Payload::ExportSection(section) => {
                    same.parse_export_section(&mut parts.exports, section)?;
                }
                Payload::CodeSectionEntry(body) => parts.bodies.push(body.as_bytes()),
                _ => {}
            }
        }
        Ok(parts)
    }

    fn counted(mut self, frames: &Frames, rules: &Rules) -> Result<Vec<u8>> {
        let count = u32::try_from(self.functions.len())?;
        let first_body = self.imported_functions + count;
        let (enter, leave) = (first_body + count, first_body + count + 1);
        let counters = Counters(self.imported_globals + self.globals.len());
        let change = self.types.len();
        self.types.ty().function([ValType::I32], []);
        for name in [None, None, Some(MOST_FRAMES), Some(MOST_SLOTS)] {
            let index = self.imported_globals + self.globals.len();
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            self.globals.global(ty, &ConstExpr::i32_const(0));
            if let Some(name) = name {
                self.exports.export(name, ExportKind::Global, index);
            }
        }
        let mut functions = FunctionSection::new();
        let types = self.functions.iter().chain(&self.functions).copied();
        types.chain([change, change]).for_each(|ty| {
            functions.function(ty);
        });
        let mut code = CodeSection::new();
        for ((body, ty), slots) in (first_body..).zip(&self.functions).zip(&frames.slots) {
            let params = self.params.get(usize::try_from(*ty)?).copied().unwrap_or(0);
            let slots = i32::try_from(*slots)?;
            code.function(&with(|out| {
                out.i32_const(slots).call(enter);
                (0..params).for_each(|param| {
                    out.local_get(param);
                });
                out.call(body).i32_const(slots).call(leave);
            }));
        }
        self.bodies.iter().for_each(|body| {
            code.raw(body);
        });
        code.function(&counters.enter(rules)).function(&counters.leave());
        let mut module = Module::new();
        for id in ORDER {
            match id {
                SectionId::Type => module.section(&self.types),
                SectionId::Function => module.section(&functions),
                SectionId::Global => module.section(&self.globals),
                SectionId::Export => module.section(&self.exports),
                SectionId::Code => module.section(&code),
                id => match self.raw.get(&u8::from(id)) {
                    Some(data) => module.section(&RawSection { id: id.into(), data }),
                    None => &mut module,
                },
            };
        }
        Ok(module.finish())
    }
}

/// The index of the first of four globals: frames, slots, and the most that there were of each.
struct Counters(u32);

impl Counters {
    /// Counts a frame of so many slots, and stops what has too many.
    fn enter(&self, rules: &Rules) -> Function {
        let limits = [rules.frames, rules.slots].map(u32::cast_signed);
        with(|out| {
            for (now, limit) in (self.0..).zip(limits) {
                let most = now + 2;
                out.global_get(now);
                self.change(now, out);
                out.i32_add().global_set(now);
                out.global_get(now).global_get(most).global_get(now).global_get(most);
                out.i32_gt_u().select().global_set(most);
                out.global_get(now).i32_const(limit).i32_gt_u();
                out.if_(wasm_encoder::BlockType::Empty).unreachable().end();
            }
        })
    }

    /// Counts it back.
    fn leave(&self) -> Function {
        with(|out| {
            for now in [self.0, self.0 + 1] {
                out.global_get(now);
                self.change(now, out);
                out.i32_sub().global_set(now);
            }
        })
    }

    /// One frame, or its slots, which are the parameter.
    fn change(&self, counter: u32, out: &mut InstructionSink<'_>) {
        if counter == self.0 {
            out.i32_const(1);
        } else {
            out.local_get(0);
        }
    }
}

/// A function without locals of its own.
fn with(write: impl FnOnce(&mut InstructionSink<'_>)) -> Function {
    let mut function = Function::new([]);
    let mut out = function.instructions();
    write(&mut out);
    out.end();
    function
}
