//! Small modules that compute with floats.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, Ieee32, Ieee64,
    ImportSection, Instruction, MemArg, MemorySection, MemoryType, Module, NameMap, NameSection,
    RefType, TableSection, TableType, TypeSection, ValType,
};

use super::Draw;
use super::operators::{COMPUTED, EXACT, ROUTINES, TRAPPING};

/// A module that exports `f`, and what to call it with.
#[derive(Debug)]
pub struct Program {
    /// The module. It imports every routine, so that lowering finds them.
    pub wasm: Vec<u8>,
    /// Arguments as bits, one list a call.
    pub calls: Vec<Vec<u64>>,
}

/// What `f` takes; the function beside it takes the same.
const PARAMS: [ValType; 6] =
    [ValType::F64, ValType::F64, ValType::F32, ValType::F32, ValType::I64, ValType::I32];
const TYPES: [ValType; 4] = [ValType::F64, ValType::F32, ValType::I64, ValType::I32];

/// The local of a type, after the parameters.
fn scratch(ty: ValType) -> u32 {
    let known = (0..).zip(TYPES).find(|(_, known)| *known == ty);
    PARAMS.len() as u32 + known.map_or(0, |(at, _)| at)
}

/// Values that find mistakes.
const F64_BITS: [u64; 14] = [
    0,
    1 << 63,
    1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff8_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
    0x43e0_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0xfff8_1234_5678_9abc,
];
const F32_BITS: [u32; 12] = [
    0,
    1 << 31,
    1,
    0x007f_ffff,
    0x3f80_0000,
    0xbfc0_0000,
    0x4f00_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7f80_0001,
    0xffc1_2345,
];

/// A value of a type, as bits.
fn value(draw: &mut Draw<'_>, ty: ValType) -> u64 {
    match (draw.below(3), ty) {
        (0, ValType::F64) => draw.pick(&F64_BITS),
        (0, ValType::F32) => draw.pick(&F32_BITS).into(),
        (0, _) => draw.pick(&[0, 1, u64::MAX, 1 << 31, 1 << 63, (1 << 53) + 1]),
        // near to each other, so that sums cancel and products do not overflow
        (1, ValType::F64) => (draw.bits() >> 12) | (0x3fe + draw.bits() % 5) << 52,
        (1, ValType::F32) => (draw.bits() >> 41) | (0x7e + draw.bits() % 5) << 23,
        _ => draw.bits(),
    }
}

/// A program.
pub fn program(draw: &mut Draw<'_>) -> Program {
    let results = [draw.pick(&TYPES), draw.pick(&TYPES)];
    let traps = draw.one_in(4);
    let first = ROUTINES.len() as u32;
    let mut body = Body { draw, out: Vec::new(), traps, helper: None };
    let mut code = CodeSection::new();
    for (number, result) in results.into_iter().enumerate() {
        body.helper = (number == 1).then_some((first, results[0]));
        body.expression(result, 6);
        let mut function = Function::new(TYPES.map(|ty| (1, ty)));
        for instruction in body.out.drain(..) {
            function.instruction(&instruction);
        }
        function.instruction(&Instruction::End);
        code.function(&function);
    }
    let wasm = assemble(&results, &code);
    let calls = (0..4).map(|_| PARAMS.iter().map(|ty| value(draw, *ty)).collect()).collect();
    Program { wasm, calls }
}

/// The sections around the code of two functions: the one beside, and `f`.
fn assemble(results: &[ValType; 2], code: &CodeSection) -> Vec<u8> {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    let mut names = NameMap::new();
    for (index, (name, params, result)) in (0..).zip(ROUTINES) {
        types.ty().function(params.iter().copied(), [result]);
        imports.import("soft", name, EntityType::Function(index));
        names.append(index, name);
    }
    let first = ROUTINES.len() as u32;
    let mut functions = FunctionSection::new();
    for (index, result) in (first..).zip(results) {
        types.ty().function(PARAMS, [*result]);
        functions.function(index);
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 1,
        maximum: Some(1),
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    for init in [ConstExpr::f64_const((-0.1).into()), ConstExpr::f32_const(f32::NAN.into())] {
        let val_type = if globals.is_empty() { ValType::F64 } else { ValType::F32 };
        globals.global(GlobalType { val_type, mutable: true, shared: false }, &init);
    }
    let mut exports = ExportSection::new();
    exports.export("f", ExportKind::Func, first + 1);
    let mut elements = ElementSection::new();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions([first].as_slice().into()));
    let mut section = NameSection::new();
    section.functions(&names);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables);
    module.section(&memories).section(&globals).section(&exports).section(&elements);
    module.section(code).section(&section);
    module.finish()
}

struct Body<'d, 'a> {
    draw: &'d mut Draw<'a>,
    out: Vec<Instruction<'static>>,
    /// Whether conversions may trap: what follows them is not seen then.
    traps: bool,
    /// The other function and what it returns.
    helper: Option<(u32, ValType)>,
}

impl Body<'_, '_> {
    /// Leaves a value of a type on the stack.
    fn expression(&mut self, ty: ValType, room: usize) {
        if room == 0 {
            return self.leaf(ty);
        }
        match self.draw.below(12) {
            0 => self.leaf(ty),
            1 => self.place(ty, room - 1),
            2 => {
                self.expression(ty, room - 1);
                self.expression(ty, room - 1);
                self.expression(ValType::I32, room - 1);
                self.out.push(Instruction::TypedSelect(ty));
            }
            3 => {
                self.expression(ValType::I32, room - 1);
                self.out.push(Instruction::If(BlockType::Result(ty)));
                self.expression(ty, room - 1);
                self.out.push(Instruction::Else);
                self.expression(ty, room - 1);
                self.out.push(Instruction::End);
            }
            4 => match self.helper {
                Some((helper, result)) if result == ty => self.call(helper, room - 1),
                _ => self.operator(ty, room - 1),
            },
            _ => self.operator(ty, room - 1),
        }
    }

    fn leaf(&mut self, ty: ValType) {
        if self.draw.one_in(2) {
            let places = (0..).zip(PARAMS).filter(|(_, param)| *param == ty);
            let places: Vec<u32> = places.map(|(at, _)| at).collect();
            let at = self.draw.pick(&places);
            return self.out.push(Instruction::LocalGet(at));
        }
        let bits = value(self.draw, ty);
        self.out.push(match ty {
            ValType::F64 => Instruction::F64Const(Ieee64::new(bits)),
            ValType::F32 => Instruction::F32Const(Ieee32::new(bits as u32)),
            ValType::I64 => Instruction::I64Const(bits.cast_signed()),
            _ => Instruction::I32Const(bits as i32),
        });
    }

    /// By way of a local, a global or memory.
    fn place(&mut self, ty: ValType, room: usize) {
        let local = scratch(ty);
        let wide = ty == ValType::F64;
        let memory = |offset| MemArg { offset, align: if wide { 3 } else { 2 }, memory_index: 0 };
        match (self.draw.below(3), ty) {
            (0, ValType::F64 | ValType::F32) => {
                let global = u32::from(!wide);
                self.expression(ty, room);
                self.out.push(Instruction::GlobalSet(global));
                self.out.push(Instruction::GlobalGet(global));
            }
            (1, ValType::F64 | ValType::F32) => {
                self.out.push(Instruction::I32Const(3));
                self.expression(ty, room);
                self.out.extend(match wide {
                    true => [Instruction::F64Store(memory(5)), Instruction::I32Const(5)],
                    false => [Instruction::F32Store(memory(5)), Instruction::I32Const(5)],
                });
                self.out.push(match wide {
                    true => Instruction::F64Load(memory(3)),
                    false => Instruction::F32Load(memory(3)),
                });
            }
            _ => {
                self.expression(ty, room);
                self.out.push(Instruction::LocalTee(local));
                self.out.push(Instruction::Drop);
                self.out.push(Instruction::LocalGet(local));
            }
        }
    }

    /// Calls the other function, by name or through the table.
    fn call(&mut self, helper: u32, room: usize) {
        for ty in PARAMS {
            self.expression(ty, room.min(2));
        }
        if self.draw.one_in(2) {
            self.out.push(Instruction::I32Const(0));
            let indirect = Instruction::CallIndirect { type_index: helper, table_index: 0 };
            return self.out.push(indirect);
        }
        self.out.push(Instruction::Call(helper));
    }

    fn operator(&mut self, ty: ValType, room: usize) {
        let integer = matches!(ty, ValType::I32 | ValType::I64);
        let computed = !integer && self.draw.one_in(2);
        let table = match integer && self.traps && self.draw.one_in(4) {
            true => TRAPPING.as_slice(),
            false if computed => COMPUTED.as_slice(),
            false => EXACT.as_slice(),
        };
        let fitting: Vec<_> = table.iter().filter(|(.., result)| *result == ty).collect();
        let (instruction, operands, _) = self.draw.pick(&fitting);
        match operands {
            // equal operands, which chance does not bring
            [first, _] if self.draw.one_in(4) => {
                let local = scratch(*first);
                self.expression(*first, room);
                self.out.extend([Instruction::LocalTee(local), Instruction::LocalGet(local)]);
            }
            _ => operands.iter().for_each(|operand| self.expression(*operand, room)),
        }
        self.out.push(instruction.clone());
        if computed {
            self.one_nan(ty);
        }
    }

    /// One NaN for all: which one an operator leaves is not determined by WebAssembly, and `neg`,
    /// `copysign`, `reinterpret` and memory would show it.
    fn one_nan(&mut self, ty: ValType) {
        let local = scratch(ty);
        let (nan, equal) = match ty {
            ValType::F64 => (Instruction::F64Const(f64::NAN.into()), Instruction::F64Eq),
            _ => (Instruction::F32Const(f32::NAN.into()), Instruction::F32Eq),
        };
        let get = Instruction::LocalGet(local);
        let tee = Instruction::LocalTee(local);
        self.out.extend([tee, nan, get.clone(), get, equal, Instruction::Select]);
    }
}
