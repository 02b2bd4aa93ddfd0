//! Calldata: the encoding of values that GenVM's contracts and hosts speak.
//!
//! Each value has one encoding and each encoding one value; anything else is refused. It begins
//! with an integer in unsigned LEB128 of any size, whose low three bits say what it is and whose
//! rest is its length, its count or itself.
//!
//! | tag | value | the rest |
//! |---|---|---|
//! | 0 | null (0), false (1), true (2), address (3, and 20 bytes) | which |
//! | 1 | an integer, not negative | n |
//! | 2 | a negative integer | −n − 1 |
//! | 3, 4 | bytes, UTF-8 text | length |
//! | 5 | array | count |
//! | 6 | map: for each entry the length of the key in LEB128, the key, the value | count |
//!
//! Keys are strictly increasing, by bytes. There are no floating-point numbers: what is no integer
//! travels as decimal text.

use std::{collections::BTreeMap, fmt};

use num_bigint::{BigInt, BigUint, Sign};

/// The most arrays and maps in one another.
pub const DEPTH: usize = 128;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An account.
    Address([u8; 20]),
    /// An integer of any size.
    Int(BigInt),
    /// Bytes, fewer than 2^32.
    Bytes(Vec<u8>),
    /// Text, less than 2^32 bytes of it.
    Text(String),
    /// Values in order.
    Array(Vec<Value>),
    /// Values by key; strings are in the order of their bytes.
    Map(BTreeMap<String, Value>),
}

/// Why bytes are no calldata, or a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalldataError {
    /// Bytes before the place.
    pub at: usize,
    /// What was expected there.
    pub expected: String,
}

impl fmt::Display for CalldataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calldata: byte {}: expected {}", self.at, self.expected)
    }
}

impl std::error::Error for CalldataError {}

const SPECIAL: u8 = 0;
const NATURAL: u8 = 1;
const NEGATIVE: u8 = 2;
const BYTES: u8 = 3;
const TEXT: u8 = 4;
const ARRAY: u8 = 5;
const MAP: u8 = 6;

const TAG_BITS: usize = 3;

/// Writes a value.
///
/// # Errors
///
/// More than [`DEPTH`] arrays and maps in one another, or a length of 2^32 or more.
pub fn encode(value: &Value) -> Result<Vec<u8>, CalldataError> {
    let mut out = Vec::new();
    write(value, 0, &mut out)?;
    Ok(out)
}

fn write(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), CalldataError> {
    match value {
        Value::Null => out.push(0),
        Value::Bool(false) => out.push(1 << TAG_BITS),
        Value::Bool(true) => out.push(2 << TAG_BITS),
        Value::Address(address) => {
            out.push(3 << TAG_BITS);
            out.extend(address);
        }
        Value::Int(number) => match number.sign() {
            Sign::Minus => tagged(NEGATIVE, number.magnitude() - 1_u8, out),
            Sign::NoSign | Sign::Plus => tagged(NATURAL, number.magnitude().clone(), out),
        },
        Value::Bytes(bytes) => {
            length(BYTES, bytes.len(), out)?;
            out.extend(bytes);
        }
        Value::Text(text) => {
            length(TEXT, text.len(), out)?;
            out.extend(text.bytes());
        }
        Value::Array(values) => {
            nested(depth, out.len())?;
            length(ARRAY, values.len(), out)?;
            values.iter().try_for_each(|value| write(value, depth + 1, out))?;
        }
        Value::Map(entries) => {
            nested(depth, out.len())?;
            length(MAP, entries.len(), out)?;
            for (key, value) in entries {
                leb(checked(key.len(), out.len())?.into(), out);
                out.extend(key.bytes());
                write(value, depth + 1, out)?;
            }
        }
    }
    Ok(())
}

fn length(tag: u8, length: usize, out: &mut Vec<u8>) -> Result<(), CalldataError> {
    tagged(tag, checked(length, out.len())?.into(), out);
    Ok(())
}

fn checked(length: usize, at: usize) -> Result<u32, CalldataError> {
    u32::try_from(length).map_err(|_| error(at, "a length below 2^32"))
}

fn tagged(tag: u8, rest: BigUint, out: &mut Vec<u8>) {
    leb((rest << TAG_BITS) | BigUint::from(tag), out);
}

fn leb(number: BigUint, out: &mut Vec<u8>) {
    let digits = number.to_radix_le(128);
    let last = digits.len() - 1;
    out.extend(digits.iter().enumerate().map(
        |(at, digit)| {
            if at < last { digit | 0x80 } else { *digit }
        },
    ));
}

fn nested(depth: usize, at: usize) -> Result<(), CalldataError> {
    match depth < DEPTH {
        true => Ok(()),
        false => Err(error(at, "at most 128 arrays and maps in one another")),
    }
}

/// Reads a value, and nothing after it.
///
/// # Errors
///
/// Anything but the one encoding of a value, with the place and what was expected there.
pub fn decode(bytes: &[u8]) -> Result<Value, CalldataError> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(0)?;
    match reader.at == bytes.len() {
        true => Ok(value),
        false => Err(error(reader.at, "the end")),
    }
}

fn error(at: usize, expected: &str) -> CalldataError {
    CalldataError { at, expected: expected.to_owned() }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn value(&mut self, depth: usize) -> Result<Value, CalldataError> {
        let at = self.at;
        let (tag, rest) = self.tagged()?;
        Ok(match tag {
            SPECIAL => match u32::try_from(&rest) {
                Ok(0) => Value::Null,
                Ok(1) => Value::Bool(false),
                Ok(2) => Value::Bool(true),
                Ok(3) => Value::Address(self.address()?),
                _ => return Err(error(at, "null, false, true or an address")),
            },
            NATURAL => Value::Int(rest.into()),
            NEGATIVE => Value::Int(-BigInt::from(rest + 1_u8)),
            BYTES => Value::Bytes(self.slice(&rest, at)?.to_vec()),
            TEXT => Value::Text(self.text(&rest, at)?),
            ARRAY => {
                nested(depth, at)?;
                // a value has a byte at least
                let count = self.count(&rest, 1, at)?;
                let values = (0..count).map(|_| self.value(depth + 1));
                Value::Array(values.collect::<Result<_, _>>()?)
            }
            MAP => {
                nested(depth, at)?;
                let count = self.count(&rest, 2, at)?;
                Value::Map(self.entries(count, depth)?)
            }
            _ => return Err(error(at, "a tag from 0 to 6")),
        })
    }

    fn entries(
        &mut self,
        count: usize,
        depth: usize,
    ) -> Result<BTreeMap<String, Value>, CalldataError> {
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let at = self.at;
            let length = self.leb()?;
            let key = self.text(&length, at)?;
            if entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(error(at, "a key after the one before"));
            }
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
        }
        Ok(entries)
    }

    fn tagged(&mut self) -> Result<(u8, BigUint), CalldataError> {
        let number = self.leb()?;
        let tag = number.iter_u32_digits().next().unwrap_or_default() & ((1 << TAG_BITS) - 1);
        Ok((u8::try_from(tag).unwrap_or_default(), number >> TAG_BITS))
    }

    /// All digits at once: the time does not grow with the square of their number.
    fn leb(&mut self) -> Result<BigUint, CalldataError> {
        let at = self.at;
        let rest = self.bytes.get(at..).unwrap_or_default();
        let more = rest.iter().take_while(|byte| **byte >= 0x80).count();
        let digits = rest.get(..=more).ok_or_else(|| error(self.bytes.len(), "another byte"))?;
        if more > 0 && digits.last() == Some(&0) {
            return Err(error(at, "an integer without leading zeros"));
        }
        self.at += digits.len();
        let digits: Vec<u8> = digits.iter().map(|digit| digit & 0x7f).collect();
        Ok(BigUint::from_radix_le(&digits, 128).unwrap_or_default())
    }

    /// A number of things of so many bytes at least.
    fn count(&self, number: &BigUint, each: usize, at: usize) -> Result<usize, CalldataError> {
        let left = self.bytes.len() - self.at;
        let count = usize::try_from(number).ok().filter(|count| *count <= left / each);
        count.ok_or_else(|| error(at, &format!("a length that {left} bytes have room for")))
    }

    fn slice(&mut self, length: &BigUint, at: usize) -> Result<&'b [u8], CalldataError> {
        let end = self.at + self.count(length, 1, at)?;
        let slice = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        Ok(slice)
    }

    fn text(&mut self, length: &BigUint, at: usize) -> Result<String, CalldataError> {
        let from = self.at;
        let text = str::from_utf8(self.slice(length, at)?);
        text.map(str::to_owned).map_err(|bad| error(from + bad.valid_up_to(), "UTF-8"))
    }

    fn address(&mut self) -> Result<[u8; 20], CalldataError> {
        let address = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        let address = address.ok_or_else(|| error(self.bytes.len(), "20 bytes of an address"))?;
        self.at += address.len();
        Ok(*address)
    }
}

#[cfg(test)]
mod tests;
