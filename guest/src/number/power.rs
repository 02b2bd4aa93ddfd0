//! Powers of ten to 190 bits, and what they multiply.
//!
//! Printing a double and reading one are the same question: where `c · 2^q · 10^k` lies among the
//! integers. Big integers answer it exactly and take long for it, longest where a caller writes few
//! bytes (`1e-310`). Here it is one product of 256 bits, whatever the number is, and still the exact
//! answer: the product is too large by less than 2^-127, and no number that can be asked for is
//! nearer than 2^-80 to an integer without being one. That is no estimate: `proof.rs` computes, for
//! every exponent, how near one comes.

/// From one entry of [`POWERS`] to the next: 5^27 is the last power of five in 63 bits.
const STEP: i32 = 27;

/// The first 192 bits of 5^-351, 5^-324, …, 5^324, the lowest limb first.
const POWERS: [[u64; 3]; 26] = [
    [0xac26_1e9f_5141_430b, 0x205b_896d_777d_6278, 0x8049_a4ac_0c58_11ae],
    [0x475f_2b7d_7df1_ad7a, 0x5206_4cac_8286_75b9, 0xcf42_894a_5dce_35ea],
    [0x657c_8f4d_4332_3a36, 0xaf2a_f2b8_0af6_f24e, 0xa76c_5823_38ed_2621],
    [0xcc35_eddf_cf09_96d7, 0x5a77_44a6_e804_a291, 0x873e_4f75_e222_4e68],
    [0xa302_94cc_2934_e662, 0xaf39_a475_506a_899e, 0xda7f_5bf5_9096_6848],
    [0xfe13_a5c8_6af6_4418, 0xbd8d_794d_96aa_cfb3, 0xb080_392c_c434_9dec],
    [0x41b0_230e_1421_487d, 0x547e_b47b_7282_ee9c, 0x8e93_8662_882a_f53e],
    [0xa3b5_61b1_cb20_8396, 0x0cb4_a5a3_112a_5112, 0xe658_29b3_046b_0afa],
    [0x21a0_183e_1058_3cd3, 0x92f3_4d62_616c_e413, 0xba12_1a46_50e4_ddeb],
    [0xe908_2f25_e9c5_e9ec, 0x3a6a_07f8_d510_f86f, 0x964e_858c_91ba_2655],
    [0x3695_dad7_e885_8901, 0xfae2_7299_423f_b9c3, 0xf2d5_6790_ab41_c2a2],
    [0x9684_2dc9_5323_f5a8, 0xaa97_e14c_3c26_b886, 0xc428_d05a_a475_1e4c],
    [0xca49_f1c0_5120_c9c7, 0x775e_a264_cf55_347d, 0x9e74_d1b7_91e0_7e48],
    [0x0000_0000_0000_0000, 0x0000_0000_0000_0000, 0x8000_0000_0000_0000],
    [0x0000_0000_0000_0000, 0x0000_0000_0000_0000, 0xcecb_8f27_f420_0f3a],
    [0x0000_0000_0000_0000, 0x9990_90b6_5f67_d924, 0xa70c_3c40_a64e_6c51],
    [0xdf9f_9156_27c0_4e28, 0x69a0_28bb_3ded_71a3, 0x86f0_ac99_b4e8_dafd],
    [0xd74b_aad0_3bc1_d8d3, 0xe80e_6f48_20cc_9495, 0xda01_ee64_1a70_8de9],
    [0xc04c_79ff_e324_301f, 0x5ec0_5dcf_f72e_7f8f, 0xb01a_e745_b101_e9e4],
    [0x23bd_6a20_59c0_02f5, 0x1458_8f13_be84_7307, 0x8e41_ade9_fbeb_c27d],
    [0xf0b5_ccf5_176e_cc7c, 0x8f16_68c8_a86d_a5fa, 0xe5d3_ef28_2a24_2e81],
    [0x88ef_b003_7ac0_8bde, 0x6d95_3e2b_d717_3692, 0xb9a7_4a06_37ce_2ee1],
    [0x0d5a_4af7_b3a9_8e47, 0x4abd_af10_1564_f98e, 0x95f8_3d0a_1fb6_9cd9],
    [0x3d9c_44cd_2f36_917c, 0xbc63_3b39_673c_8cec, 0xf24a_01a7_3cf2_dccf],
    [0x0260_6ea0_1029_dc37, 0x0a86_2f80_ec47_00c8, 0xc3b8_3581_09e8_4f07],
    [0x4944_d9f5_2cd0_dec2, 0x6c07_a2c2_6a83_46d1, 0x9e19_db92_b4e3_1ba9],
];

/// The first of [`POWERS`], in steps.
const FIRST: i32 = -13;

/// 10^k, or more by 2 in the last bit at most.
pub struct PowerOf10 {
    /// 190 bits or more, the lowest limb first.
    pub limbs: [u64; 3],
    /// The power of two of the last bit.
    pub exponent: i32,
}

impl PowerOf10 {
    /// For k from -351 up to 350.
    pub fn new(k: i32) -> Self {
        let (quotient, rest) = (k.div_euclid(STEP), k.rem_euclid(STEP));
        let (step, zeros) = normalised(5_u64.pow(rest.unsigned_abs()));
        if quotient == 0 {
            return Self { limbs: [0, 0, step], exponent: k - zeros - 128 };
        }
        let power = POWERS.get((quotient - FIRST) as usize).copied().unwrap_or_default();
        let [_, low, middle, high] = times(power, step);
        // less than 1 was cut from the power, and less than 1 from the product
        let (low, carry) = low.overflowing_add(2);
        let (middle, carry) = middle.overflowing_add(u64::from(carry));
        let high = high + u64::from(carry);
        let exponent = log2_of_power_of_5(quotient * STEP) - 191 - zeros + 64 + k;
        Self { limbs: [low, middle, high], exponent }
    }

    /// `c · 2^q · 10^k` without its fraction, and 1 in the last bit if there is one. So twice an
    /// integer compares with the result as it does with the number.
    ///
    /// `c` is not 0, and the number below 2^60.
    pub fn scaled(&self, c: u64, q: i32) -> u64 {
        let (c, zeros) = normalised(c);
        let [_, low, middle, high] = match self.limbs {
            [0, 0, only] => {
                let (middle, high) = wide(only, c, 0);
                [0, 0, middle, high]
            }
            limbs => times(limbs, c),
        };
        // the last bit of the highest limb is 2^-shift
        let shift = zeros - (self.exponent + 192 + q);
        if shift >= 64 {
            return 1;
        }
        // what the product is too large by is below the upper half of the limb
        let fraction = high << (64 - shift) | middle | low >> 32;
        high >> shift | u64::from(fraction != 0)
    }
}

/// `⌊log2 5^n⌋`, for the multiples of 27 in [`POWERS`].
const fn log2_of_power_of_5(n: i32) -> i32 {
    (n * 152_170) >> 16
}

/// `⌊log2 10^n⌋`, for n from -400 up to 400.
pub const fn log2_of_power_of_10(n: i32) -> i32 {
    (n * 217_706) >> 16
}

/// `⌊log10 2^n⌋`, for n from -1100 up to 1100.
pub const fn log10_of_power_of_2(n: i32) -> i32 {
    (n * 1_262_611) >> 22
}

/// `⌊log10 ¾·2^n⌋`, for n from -1100 up to 1100.
pub const fn log10_of_three_quarters(n: i32) -> i32 {
    (n * 1_262_611 - 524_031) >> 22
}

/// With the highest bit set, and by how many bits it was shifted for that.
const fn normalised(value: u64) -> (u64, i32) {
    let zeros = value.leading_zeros();
    (value << zeros, zeros as i32)
}

fn times(limbs: [u64; 3], factor: u64) -> [u64; 4] {
    let [low, middle, high] = limbs;
    let (low, carry) = wide(low, factor, 0);
    let (middle, carry) = wide(middle, factor, carry);
    let (high, carry) = wide(high, factor, carry);
    [low, middle, high, carry]
}

/// The lower and the upper half of `a · b + c`.
pub fn wide(a: u64, b: u64, c: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b) + u128::from(c);
    (product as u64, (product >> 64) as u64)
}
