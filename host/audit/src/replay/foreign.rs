//! What a component from somebody else may be, so that compiling it has an end.
//!
//! A call has limits, and what is compiled for it has none: code of a few kilobytes can be made that
//! a compiler which optimises takes minutes and gigabytes for. So a component is measured before it
//! is compiled. Each bound is some seven times what the engine itself has.

use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload};

/// Of a component, in bytes: today's has less than half a million.
pub(super) const BYTES: usize = 4 << 20;

/// Functions, in all its modules.
const FUNCTIONS: u64 = 4096;

/// Bytes of the code of a function.
const CODE_BYTES: u64 = 64 << 10;

/// Local variables of a function, without its parameters.
const LOCALS: u64 = 512;

/// Places where the control of a function goes apart or together: registers are assigned across all
/// of them.
const BLOCKS: u64 = 4096;

/// Blocks times locals, of all functions together: each local may have another value in each block.
const VALUES: u64 = 4 << 20;

/// Says in what a component is more than is compiled.
///
/// # Errors
///
/// The bound, or that it is no WebAssembly.
pub(super) fn check(wasm: &[u8]) -> Result<(), String> {
    if wasm.len() > BYTES {
        return Err(format!("expected at most {BYTES} bytes, got {}", wasm.len()));
    }
    let (mut functions, mut values) = (0_u64, 0_u64);
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload.map_err(wrong)? {
            functions += 1;
            within("functions", functions, FUNCTIONS)?;
            let measured =
                measure(&body).map_err(|what| format!("function {functions}: {what}"))?;
            values = values.saturating_add(measured);
        }
    }
    within("values in blocks", values, VALUES)
}

/// The values that a function may have in its blocks.
fn measure(body: &FunctionBody<'_>) -> Result<u64, String> {
    within("bytes of code", body.as_bytes().len() as u64, CODE_BYTES)?;
    let mut locals = 0_u64;
    for group in body.get_locals_reader().map_err(wrong)? {
        locals = locals.saturating_add(u64::from(group.map_err(wrong)?.0));
    }
    within("locals", locals, LOCALS)?;
    let mut blocks = 1_u64;
    for operator in body.get_operators_reader().map_err(wrong)? {
        blocks = blocks.saturating_add(u64::from(matches!(
            operator.map_err(wrong)?,
            Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Else
                | Operator::BrIf { .. }
                | Operator::BrTable { .. }
        )));
    }
    within("blocks", blocks, BLOCKS)?;
    Ok(blocks.saturating_mul(locals.saturating_add(1)))
}

fn wrong(error: BinaryReaderError) -> String {
    format!("expected WebAssembly: {error}")
}

fn within(what: &str, number: u64, most: u64) -> Result<(), String> {
    if number > most {
        return Err(format!("expected at most {most} {what}, got {number}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bounds that are too tight would be found with the next release alone.
    #[test]
    fn the_engine_is_well_within() {
        check(sigmapol::artifact::COMPONENT).unwrap();
        check(sigmapol::artifact::CORE_MODULE).unwrap();
    }
}
