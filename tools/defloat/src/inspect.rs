//! Reading the facts off a file.

use sha2::{Digest, Sha256};
use wasmparser::{
    BlockType, CompositeInnerType, CompositeType, ConstExpr, Encoding, ExternalKind, FunctionBody,
    KnownCustom, Name, Operator, Parser, Payload, StorageType, TypeRef, ValType, Validator,
    WasmFeatures, component_types::ComponentEntityType, types::Types,
};

use crate::{Error, FloatTypes, Kind, Memory, Report, features, operator};

/// Reads a component or core module and reports what is in it.
///
/// # Errors
///
/// When the bytes are not a valid wasm file, whatever features are on.
pub fn inspect(wasm: &[u8]) -> Result<Report, Error> {
    let types = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)?;
    let kind = if Parser::is_component(wasm) { Kind::Component } else { Kind::Module };
    let mut reader = Reader { types, depth: 0, first_memory: 0, report: empty(kind, wasm)? };
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::CustomSection(section) = &payload
            && let KnownCustom::Name(section) = section.as_known()
        {
            for name in section {
                if let Name::Module { name, .. } = name? {
                    names.push(name.to_owned());
                }
            }
        }
        reader.payload(payload)?;
    }
    let mut report = reader.report;
    if report.core_modules == 1 {
        report.module_name = names.pop();
    }
    Ok(report)
}

fn empty(kind: Kind, wasm: &[u8]) -> Result<Report, Error> {
    Ok(Report {
        kind,
        bytes: wasm.len(),
        sha256: Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect(),
        core_modules: 0,
        module_name: None,
        imports: Vec::new(),
        exports: Vec::new(),
        memories: Vec::new(),
        features: features::used(wasm)?,
        float_operators: Default::default(),
        float_types: FloatTypes::default(),
        refused: features::refusal(wasm),
    })
}

struct Reader {
    /// Of the file as a whole.
    types: Types,
    /// 1 at the outermost component or module.
    depth: usize,
    /// Where the memories of this core module start in the report.
    first_memory: usize,
    report: Report,
}

impl Reader {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.depth += 1;
                if encoding == Encoding::Module {
                    self.report.core_modules += 1;
                    self.first_memory = self.report.memories.len();
                }
            }
            Payload::End(_) => self.depth -= 1,
            Payload::ComponentImportSection(section) if self.depth == 1 => {
                for import in section {
                    let import = import?;
                    let name = import.name.name;
                    let line = format!("{name}: {}", import.ty.kind().desc());
                    self.report.imports.push(line + &self.members(name, true));
                }
            }
            Payload::ComponentExportSection(section) if self.depth == 1 => {
                for export in section {
                    let export = export?;
                    let name = export.name.name;
                    let line = format!("{name}: {}", export.kind.desc());
                    self.report.exports.push(line + &self.members(name, false));
                }
            }
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.into_types() {
                        self.report.float_types.signatures += floats_in(&ty.composite_type);
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory?;
                    self.report.memories.push(Memory {
                        min_pages: memory.initial,
                        max_pages: memory.maximum,
                        exported_as: None,
                    });
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    self.report.float_types.globals += is_float(global.ty.content_type);
                    self.constant(&global.init_expr)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.export(export?);
                }
            }
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: wasmparser::Import<'_>) {
        if let TypeRef::Global(global) = import.ty {
            self.report.float_types.globals += is_float(global.content_type);
        }
        if self.depth == 1 {
            let kind = match import.ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => "func",
                TypeRef::Table(_) => "table",
                TypeRef::Memory(_) => "memory",
                TypeRef::Global(_) => "global",
                TypeRef::Tag(_) => "tag",
            };
            self.report.imports.push(format!("{}.{}: {kind}", import.module, import.name));
        }
    }

    fn export(&mut self, export: wasmparser::Export<'_>) {
        let kind = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => "func",
            ExternalKind::Table => "table",
            ExternalKind::Memory => "memory",
            ExternalKind::Global => "global",
            ExternalKind::Tag => "tag",
        };
        if self.depth == 1 {
            self.report.exports.push(format!("{}: {kind}", export.name));
        }
        // Imported memories come first in the index space, so a module with both reports the
        // wrong one; such a module breaks the rule on memories either way.
        if let (ExternalKind::Memory, Ok(index)) = (export.kind, usize::try_from(export.index))
            && let Some(memory) = self.report.memories.get_mut(self.first_memory + index)
        {
            memory.exported_as = Some(export.name.to_owned());
        }
    }

    /// ` {admit, decide}` for an instance, nothing for the rest.
    fn members(&self, name: &str, import: bool) -> String {
        let item = if import {
            self.types.component_item_for_import(name)
        } else {
            self.types.component_item_for_export(name)
        };
        let Some(ComponentEntityType::Instance(id)) = item.map(|item| item.ty) else {
            return String::new();
        };
        let Some(instance) = self.types.as_ref().get(id) else {
            return String::new();
        };
        let functions = instance
            .exports
            .iter()
            .filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)))
            .map(|(name, _)| name.as_str());
        format!(" {{{}}}", functions.collect::<Vec<_>>().join(", "))
    }

    fn constant(&mut self, expression: &ConstExpr<'_>) -> Result<(), Error> {
        for operator in expression.get_operators_reader() {
            self.operator(&operator?);
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Error> {
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            self.report.float_types.locals += is_float(ty).saturating_mul(count);
        }
        for operator in body.get_operators_reader()? {
            self.operator(&operator?);
        }
        Ok(())
    }

    fn operator(&mut self, operator: &Operator<'_>) {
        if operator::is_float(operator) {
            let name = operator::text_name(operator::visitor(operator));
            *self.report.float_operators.entry(name).or_default() += 1;
        }
        self.report.float_types.blocks += match operator {
            Operator::Block { blockty: BlockType::Type(ty) }
            | Operator::Loop { blockty: BlockType::Type(ty) }
            | Operator::If { blockty: BlockType::Type(ty) }
            | Operator::TypedSelect { ty } => is_float(*ty),
            _ => 0,
        };
    }
}

/// 1 for a float, 0 for the rest.
fn is_float(ty: ValType) -> usize {
    usize::from(matches!(ty, ValType::F32 | ValType::F64))
}

fn floats_in(ty: &CompositeType) -> usize {
    let field = |storage: &StorageType| match storage {
        StorageType::Val(ty) => is_float(*ty),
        _ => 0,
    };
    match &ty.inner {
        CompositeInnerType::Func(ty) => {
            ty.params().iter().chain(ty.results()).copied().map(is_float).sum()
        }
        CompositeInnerType::Array(ty) => field(&ty.0.element_type),
        CompositeInnerType::Struct(ty) => ty.fields.iter().map(|f| field(&f.element_type)).sum(),
        CompositeInnerType::Cont(_) => 0,
    }
}
