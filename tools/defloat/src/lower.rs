//! Rewriting: the same file, without floats.

use wasm_encoder::{
    BlockType, CodeSection, Component, Function, Instruction, Module, ModuleSection, NameSection,
    reencode::{self, Reencode, ReencodeComponent},
};
use wasmparser::{FunctionBody, Operator, Parser, Payload, Validator, WasmFeatures};

use crate::{
    Error,
    operator::{self, Lowered, Range, Width},
    scan::{self, Scan},
};

type Result<T, E = reencode::Error<Error>> = std::result::Result<T, E>;

/// Lowers every float operator of a core module, or of all core modules in a component, and retypes
/// `f64` to `i64` and `f32` to `i32` in them.
///
/// The types that a component shows to others stay as they are. Custom sections go, because names,
/// line tables and tool notes are about the code before lowering; the name of the module stays.
///
/// # Errors
///
/// When the input is not valid, when an operator has no integer form or no routine, when a routine
/// has the wrong type or is made of the operator it replaces, and when the output is not valid: a
/// component whose functions take or return a float outside of memory cannot be lowered.
pub fn lower(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    lower_named(wasm, None)
}

/// [`lower`], and gives every core module `name`. Compilers take the name from the file they write,
/// so it is one of the things that make the bytes depend on where they were built.
///
/// # Errors
///
/// Those of [`lower`].
pub fn lower_named(wasm: &[u8], name: Option<&str>) -> Result<Vec<u8>, Error> {
    // Whatever the input needs, floats included.
    Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)?;
    let mut rewriter = Rewriter { name, scan: Scan::default(), function: 0 };
    let output = if Parser::is_component(wasm) {
        let mut component = Component::new();
        rewriter.parse_component(&mut component, Parser::new(0), wasm)?;
        component.finish()
    } else {
        rewriter.core_module(Parser::new(0), wasm)?.finish()
    };
    Validator::new_with_features(WasmFeatures::all().difference(WasmFeatures::FLOATS))
        .validate_all(&output)
        .map_err(Error::Output)?;
    Ok(output)
}

/// The only core module of a component, or the module itself when given one.
///
/// # Errors
///
/// When the file is not a wasm file, and when it has no core module or several.
pub fn core_module(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    if Parser::is_core_wasm(wasm) {
        return Ok(wasm.to_vec());
    }
    let mut modules = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload? {
            modules.push(unchecked_range);
        }
    }
    let count = modules.len();
    let [range] = <[_; 1]>::try_from(modules).map_err(|_| Error::CoreModules(count))?;
    let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
    let module = range.and_then(|(start, end)| wasm.get(start..end));
    module.map(<[u8]>::to_vec).ok_or(Error::CoreModules(count))
}

/// Walks the input and everything nested in it.
struct Rewriter<'n> {
    name: Option<&'n str>,
    /// Of the core module being rewritten.
    scan: Scan,
    /// Index of the function whose body is being rewritten.
    function: u32,
}

impl Rewriter<'_> {
    fn core_module(&mut self, parser: Parser, data: &[u8]) -> Result<Module> {
        self.scan = Scan::new(parser.clone(), data).map_err(reencode::Error::UserError)?;
        self.function = self.scan.imported_functions;
        let mut module = Module::new();
        reencode::utils::parse_core_module(self, &mut module, parser, data)?;
        if let Some(name) = self.name.or(self.scan.module_name.as_deref()) {
            let mut names = NameSection::new();
            names.module(name);
            module.section(&names);
        }
        Ok(module)
    }

    /// Writes the replacement of one operator; `scratch` is a local of the width asked for.
    fn write(
        &mut self,
        out: &mut Function,
        operator: Operator<'_>,
        offset: u64,
        scratch: Scratch,
    ) -> Result<()> {
        let visitor = operator::visitor(&operator);
        let lowered = operator::lower(operator);
        if let Some(routine) = lowered.routine() {
            let callee = self.scan.find(routine).ok_or_else(|| {
                reencode::Error::UserError(Error::MissingRoutine {
                    offset,
                    function: self.scan.display_name(self.function),
                    operator: operator::text_name(visitor),
                    routine: routine.name,
                })
            })?;
            if let Lowered::Checked(_, range) = lowered {
                check(out, range, scratch);
            }
            out.instruction(&Instruction::Call(callee));
        }
        match lowered {
            Lowered::Nothing | Lowered::Call(_) | Lowered::Checked(..) => {}
            Lowered::One(operator) => {
                out.instruction(&reencode::utils::instruction(self, operator)?);
            }
            Lowered::Two(first, second) => {
                out.instruction(&reencode::utils::instruction(self, first)?);
                out.instruction(&reencode::utils::instruction(self, second)?);
            }
            Lowered::Compare(_, comparison) => {
                out.instruction(&Instruction::I32Const(0));
                out.instruction(&reencode::utils::instruction(self, comparison)?);
            }
            Lowered::CopySign(Width::W32) => {
                out.instruction(&Instruction::LocalSet(scratch.local32))
                    .instruction(&Instruction::I32Const(i32::MAX))
                    .instruction(&Instruction::I32And)
                    .instruction(&Instruction::LocalGet(scratch.local32))
                    .instruction(&Instruction::I32Const(i32::MIN))
                    .instruction(&Instruction::I32And)
                    .instruction(&Instruction::I32Or);
            }
            Lowered::CopySign(Width::W64) => {
                out.instruction(&Instruction::LocalSet(scratch.local64))
                    .instruction(&Instruction::I64Const(i64::MAX))
                    .instruction(&Instruction::I64And)
                    .instruction(&Instruction::LocalGet(scratch.local64))
                    .instruction(&Instruction::I64Const(i64::MIN))
                    .instruction(&Instruction::I64And)
                    .instruction(&Instruction::I64Or);
            }
            Lowered::Unsupported(reason) => {
                return Err(reencode::Error::UserError(Error::Unsupported {
                    offset,
                    function: self.scan.display_name(self.function),
                    operator: operator::text_name(visitor),
                    reason,
                }));
            }
        }
        Ok(())
    }
}

/// Traps unless the float on the stack is within the range, and leaves it there.
fn check(out: &mut Function, range: Range, scratch: Scratch) {
    // without its sign a negative float is its magnitude, and any other is larger than all of those
    match range.width {
        Width::W32 => out
            .instruction(&Instruction::LocalTee(scratch.local32))
            .instruction(&Instruction::I32Const(range.above as u32 as i32))
            .instruction(&Instruction::I32LtU)
            .instruction(&Instruction::LocalGet(scratch.local32))
            .instruction(&Instruction::I32Const(i32::MIN))
            .instruction(&Instruction::I32Sub)
            .instruction(&Instruction::I32Const(range.below as u32 as i32))
            .instruction(&Instruction::I32LtU),
        Width::W64 => out
            .instruction(&Instruction::LocalTee(scratch.local64))
            .instruction(&Instruction::I64Const(range.above.cast_signed()))
            .instruction(&Instruction::I64LtU)
            .instruction(&Instruction::LocalGet(scratch.local64))
            .instruction(&Instruction::I64Const(i64::MIN))
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::I64Const(range.below.cast_signed()))
            .instruction(&Instruction::I64LtU),
    };
    out.instruction(&Instruction::I32Or)
        .instruction(&Instruction::I32Eqz)
        .instruction(&Instruction::If(BlockType::Empty))
        .instruction(&Instruction::Unreachable)
        .instruction(&Instruction::End);
    out.instruction(&Instruction::LocalGet(match range.width {
        Width::W32 => scratch.local32,
        Width::W64 => scratch.local64,
    }));
}

/// Locals of a function whose replacements need an operand twice.
#[derive(Clone, Copy)]
struct Scratch {
    local32: u32,
    local64: u32,
}

impl Reencode for Rewriter<'_> {
    type Error = Error;

    fn val_type(&mut self, ty: wasmparser::ValType) -> Result<wasm_encoder::ValType> {
        reencode::utils::val_type(self, scan::integer(ty))
    }

    fn val_types(&mut self, types: Vec<wasmparser::ValType>) -> Result<Vec<wasm_encoder::ValType>> {
        types.into_iter().map(|ty| self.val_type(ty)).collect()
    }

    /// Constant expressions come here; function bodies do not.
    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>> {
        match operator::lower(operator) {
            Lowered::One(operator) => reencode::utils::instruction(self, operator),
            _ => Err(reencode::Error::InvalidConstExpr),
        }
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<()> {
        let mut locals = Vec::new();
        let mut count = self.scan.param_count(self.function).unwrap_or(0);
        for group in body.get_locals_reader()? {
            let (size, ty) = group?;
            count += size;
            locals.push((size, self.val_type(ty)?));
        }
        let scratch = Scratch { local32: count, local64: count + 1 };
        if needs_scratch(&body)? {
            locals.push((1, wasm_encoder::ValType::I32));
            locals.push((1, wasm_encoder::ValType::I64));
        }
        let mut out = Function::new(locals);
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset()?;
            if matches!(operator, Operator::Call { function_index } if self.scan.is_idle(function_index))
            {
                continue;
            }
            self.write(&mut out, operator, offset, scratch)?;
        }
        code.function(&out);
        self.function += 1;
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<()> {
        Ok(())
    }
}

impl ReencodeComponent for Rewriter<'_> {
    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        parser: Parser,
        module: &[u8],
    ) -> Result<()> {
        self.push_depth();
        component.section(&ModuleSection(&self.core_module(parser, module)?));
        self.pop_depth();
        Ok(())
    }

    fn parse_component_custom_section(
        &mut self,
        _: &mut Component,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<()> {
        Ok(())
    }
}

fn needs_scratch(body: &FunctionBody<'_>) -> Result<bool> {
    for operator in body.get_operators_reader()? {
        if matches!(operator::lower(operator?), Lowered::CopySign(_) | Lowered::Checked(..)) {
            return Ok(true);
        }
    }
    Ok(false)
}
