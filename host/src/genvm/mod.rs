//! GenVM: a virtual machine of a blockchain that runs core modules, has no floating point in its
//! deterministic mode, and whose validators compare what is left in memory.

pub mod calldata;
