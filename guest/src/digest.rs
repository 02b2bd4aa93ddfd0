//! SHA-256 as text.

use alloc::string::String;

use sha2::{Digest, Sha256};

/// The SHA-256 of bytes, 64 lower-case hexadecimal digits: the form of every digest in the
/// contract.
///
/// ```
/// assert_eq!(
///     sigmapol_engine::digest::sha256_hex(b"abc"),
///     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
/// );
/// ```
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
    }
    hex
}
