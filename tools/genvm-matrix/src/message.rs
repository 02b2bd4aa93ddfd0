//! The message that the table was made with, in calldata, written apart from the encoder of the host.

const ADDRESS: [u8; 21] = [0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const TEXT: usize = 4;
const BYTES: usize = 3;

pub fn message(policy: &str, ctx: &str) -> Vec<u8> {
    let mut entry = b"\x16\x03ctx".to_vec();
    value(TEXT, ctx.as_bytes(), &mut entry);
    entry.extend(b"\x06policy");
    value(TEXT, policy.as_bytes(), &mut entry);

    let mut message = b"\x66\x08chain_id\x01\x10contract_address".to_vec();
    message.extend(ADDRESS);
    message.extend(b"\x08datetime");
    value(TEXT, b"1970-01-01T00:00:00Z", &mut message);
    message.extend(b"\x0aentry_data");
    value(BYTES, &entry, &mut message);
    message.extend(b"\x0aentry_kind\x09\x10entry_stage_data\x00\x07is_init\x08");
    for name in ["origin_address", "sender_address", "signer_address"] {
        message.push(14);
        message.extend(name.bytes());
        message.extend(ADDRESS);
    }
    message.extend(b"\x05stack\x05\x05value\x01");
    message
}

/// Bytes behind their tag and length.
fn value(tag: usize, bytes: &[u8], out: &mut Vec<u8>) {
    let mut head = bytes.len() << 3 | tag;
    while head >= 0x80 {
        out.push((head & 0x7f | 0x80) as u8);
        head >>= 7;
    }
    out.push(head as u8);
    out.extend(bytes);
}
