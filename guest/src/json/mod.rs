//! JSON: values, how they are read, strictly, and how they are written.

mod object;
mod raw;
mod read;
mod string;
mod token;

mod value;
mod write;

pub use object::Object;
pub use raw::{Field, compact, fields};
pub use read::read;
pub use string::unescaped;
pub use value::{Member, Members, NOTHING, Value, lookup, reborrow, set, to_static};
pub use write::object_text;
