//! What is tried at random, the same in every run, and reaches below what a program sees.

#[cfg(unix)]
#[path = "../../../../tests/attack/mod.rs"]
mod attack;
mod changes;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod hostile;
mod random;
