//! What is tried at random, the same in every run, and reaches below what a program sees.

mod changes;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod hostile;
mod random;
