//! A policy that stays.

use alloc::string::String;

use crate::compile::Slots;
use crate::cost;
use crate::digest::sha256_hex;
use crate::json::Members;
use crate::policy::Policy;

/// A policy that is ready to decide over one catalog, without the text it was made of.
#[derive(Debug)]
pub struct PreparedPolicy {
    pub slots: Slots,
    pub identity: String,
    pub encoding_bytes: u64,
    /// Of every decision over the catalog.
    pub work: u64,
}

impl PreparedPolicy {
    /// For a catalog of so many candidates.
    #[inline(never)]
    pub fn new(policy: Policy, customs: &Members, candidates: usize) -> Self {
        let encoding = policy.encoding();
        Self {
            identity: sha256_hex(&encoding),
            encoding_bytes: encoding.len() as u64,
            work: cost::work(policy.normal(), customs, candidates as u64),
            slots: policy.slots,
        }
    }

    /// Of a decision without failures, over a ctx of this weight.
    pub const fn cost(&self, weight: u64) -> u64 {
        let Self { encoding_bytes: encoding, work, .. } = *self;
        cost::of(cost::Sizes { encoding, weight, work, failures: 0 })
    }
}
