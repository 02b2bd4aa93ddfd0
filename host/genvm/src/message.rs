//! What a package is given, and what it asks its machine for.

use super::{
    calldata::{Value, decode, encode},
    vm_result::{VmResult, map, text, user_error},
};

/// What is wrong with a message: the words of the shim.
const EXPECTED: &str = "expected entry_data, the calldata of ctx and policy, both text";

/// The message that a machine puts on standard input, as far as the shim reads it: calldata with
/// `entry_data`, bytes that are the calldata of the request.
pub fn message(policy: &str, ctx: &str) -> Vec<u8> {
    let request = map([("ctx", text(ctx)), ("policy", text(policy))]);
    envelope(&encode(&request).unwrap_or_default())
}

/// A message around the bytes of an entry.
pub fn envelope(entry_data: &[u8]) -> Vec<u8> {
    let address = || Value::Address([0; 20]);
    let message = map([
        ("chain_id", Value::Int(0.into())),
        ("contract_address", address()),
        ("datetime", text("1970-01-01T00:00:00Z")),
        ("entry_data", Value::Bytes(entry_data.to_vec())),
        ("entry_kind", Value::Int(1.into())),
        ("entry_stage_data", Value::Null),
        ("is_init", Value::Bool(false)),
        ("origin_address", address()),
        ("sender_address", address()),
        ("signer_address", address()),
        ("stack", Value::Array(Vec::new())),
        ("value", Value::Int(0.into())),
    ]);
    encode(&message).unwrap_or_default()
}

/// The policy and the ctx of a message.
///
/// # Errors
///
/// The user error that the shim gives for anything else.
pub fn request(message: &[u8]) -> Result<(String, String), VmResult> {
    read(message).ok_or_else(|| user_error("message", EXPECTED))
}

fn read(message: &[u8]) -> Option<(String, String)> {
    let Value::Map(mut members) = decode(message).ok()? else { return None };
    let Value::Bytes(entry) = members.remove("entry_data")? else { return None };
    let Value::Map(mut members) = decode(&entry).ok()? else { return None };
    match (members.remove("policy")?, members.remove("ctx")?, members.len()) {
        (Value::Text(policy), Value::Text(ctx), 0) => Some((policy, ctx)),
        _ => None,
    }
}

/// How a call of the machine ends the run: `{Return: value}` or `{UserError: value}`; `None` if it
/// is no such call.
pub(super) fn end(call: &[u8]) -> Option<VmResult> {
    let Value::Map(mut members) = decode(call).ok()? else { return None };
    match (members.remove("Return"), members.remove("UserError"), members.len()) {
        (Some(value), None, 0) => Some(VmResult::Return(value)),
        (None, Some(value), 0) => Some(VmResult::UserError(value)),
        _ => None,
    }
}
