//! JSON: values, how they are read, strictly, and how they are written.

mod object;
mod raw;
mod read;
mod string;
mod text;
mod token;

mod value;
mod write;

pub use object::Object;
pub use raw::{Field, compact, fields};
pub use read::{by_key, read, read_first};
pub use string::unescaped;
pub use text::{ObjectText, push, write_numbers};
pub use value::{Member, Members, NOTHING, Value, lookup, reborrow, set, to_static};
pub use write::{object_text, write_string};
