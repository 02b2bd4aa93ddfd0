//! Arithmetic on doubles as integers, correctly rounded: the bits are those of the hardware.
//!
//! In the component every float operator is a call of a routine that has to be ready for anything.
//! Where many doubles are divided by the same one, or the operands are known to be plain, the same
//! result is had for less. What is not plain goes the general way.

mod add;
mod divide;
mod multiply;
mod parts;
#[cfg(test)]
mod tests;

pub use add::{add, complement};
pub use divide::{Divisor, Span};
pub use multiply::Factor;
pub use parts::is_nan;
