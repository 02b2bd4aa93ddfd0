//! What there is to say about a file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::features;

/// The facts about a file, as [`inspect`](crate::inspect) finds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Component or core module.
    pub kind: Kind,
    /// Size of the file in bytes.
    pub bytes: usize,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// How many core modules there are at any depth; 1 for a core module.
    pub core_modules: usize,
    /// The name of the core module, when there is one core module and it has a name.
    pub module_name: Option<String>,
    /// What the file as a whole needs from outside: `name: kind` in a component,
    /// `module.name: kind` in a core module. What core modules inside of a component get from that
    /// component does not count.
    pub imports: Vec<String>,
    /// What the file as a whole offers: `name: kind`, and for an instance its functions in braces.
    pub exports: Vec<String>,
    /// The memories that core modules define, in order.
    pub memories: Vec<Memory>,
    /// Names of the WebAssembly features without which the file is not valid, sorted; `floats`
    /// stands for float operators and types.
    pub features: Vec<String>,
    /// How often each float operator occurs, by its name in the text format, constants included.
    pub float_operators: BTreeMap<String, usize>,
    /// How often a float type occurs in core modules.
    pub float_types: FloatTypes,
    /// Why a validator that has only mutable globals, sign extension, multiple values, bulk memory
    /// and the component model refuses the file; `None` when it does not.
    pub refused: Option<String>,
}

/// What a wasm file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A component.
    Component,
    /// A core module.
    Module,
}

/// A linear memory. Sizes are in pages of 64 KiB, unless the memory says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Memory {
    /// Size at the start.
    pub min_pages: u64,
    /// The most it can grow to; `None` when the module does not say.
    pub max_pages: Option<u64>,
    /// Name under which its core module exports it.
    pub exported_as: Option<String>,
}

/// Occurrences of `f32` and `f64`, and of nothing else, in the types of core modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FloatTypes {
    /// Parameters, results and fields of defined types.
    pub signatures: usize,
    /// Locals.
    pub locals: usize,
    /// Globals, imported ones included.
    pub globals: usize,
    /// Block results and typed `select`.
    pub blocks: usize,
}

impl FloatTypes {
    /// The sum of all counts.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.signatures + self.locals + self.globals + self.blocks
    }
}

impl Report {
    /// What keeps the file from being closed and integer-only, one line each; empty when it is:
    /// one core module, no import, no float, no feature beyond mutable globals, sign extension,
    /// multiple values, bulk memory and the component model, and one memory, with a maximum,
    /// exported as `memory`.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.core_modules != 1 {
            lines.push(format!("{} core modules, expected 1", self.core_modules));
        }
        for import in &self.imports {
            lines.push(format!("import {import}, expected none"));
        }
        for (operator, count) in &self.float_operators {
            lines.push(format!("float operator {operator}: {count}, expected 0"));
        }
        let FloatTypes { signatures, locals, globals, blocks } = self.float_types;
        for (count, place) in [
            (signatures, "signatures"),
            (locals, "locals"),
            (globals, "globals"),
            (blocks, "block types"),
        ] {
            if count > 0 {
                lines.push(format!("float types in {place}: {count}, expected 0"));
            }
        }
        let forbidden: Vec<_> =
            self.features.iter().filter(|name| !features::is_allowed(name)).collect();
        for feature in &forbidden {
            lines.push(format!("feature {feature} is used, expected off"));
        }
        if let (true, Some(reason)) = (forbidden.is_empty(), &self.refused) {
            lines.push(format!("not valid with the allowed features alone: {reason}"));
        }
        lines.extend(self.memory_violations());
        lines
    }

    fn memory_violations(&self) -> Vec<String> {
        let [memory] = self.memories.as_slice() else {
            return vec![format!("{} memories, expected 1", self.memories.len())];
        };
        let mut lines = Vec::new();
        if memory.max_pages.is_none() {
            lines.push("memory without a maximum, expected one".to_owned());
        }
        match memory.exported_as.as_deref() {
            Some("memory") => {}
            Some(name) => lines.push(format!("memory exported as `{name}`, expected `memory`")),
            None => lines.push("memory not exported, expected as `memory`".to_owned()),
        }
        lines
    }
}
