//! The routines on the floats of this machine.

/// The soft-float routines as libgcc defines them, on the floats of this machine.
pub fn soft(name: &str, args: &[u64]) -> u64 {
    let a = f64::from_bits(args[0]);
    let b = f64::from_bits(args.get(1).copied().unwrap_or(0));
    let a32 = f32::from_bits(args[0] as u32);
    let b32 = f32::from_bits(args.get(1).copied().unwrap_or(0) as u32);
    let signed32 = |v: i32| u64::from(v.cast_unsigned());
    let order = |order: Option<std::cmp::Ordering>, unordered| {
        signed32(order.map_or(unordered, |order| order as i32))
    };
    let narrow = |v: f32| u64::from(v.to_bits());
    match name {
        "__adddf3" => (a + b).to_bits(),
        "__subdf3" => (a - b).to_bits(),
        "__muldf3" => (a * b).to_bits(),
        "__divdf3" => (a / b).to_bits(),
        "__eqdf2" | "__nedf2" | "__ltdf2" | "__ledf2" => order(a.partial_cmp(&b), 1),
        "__gtdf2" | "__gedf2" => order(a.partial_cmp(&b), -1),
        "__floatsidf" => f64::from(args[0] as i32).to_bits(),
        "__floatunsidf" => f64::from(args[0] as u32).to_bits(),
        "__floatdidf" => (args[0].cast_signed() as f64).to_bits(),
        "__floatundidf" => (args[0] as f64).to_bits(),
        "__fixdfsi" => signed32(a as i32),
        "__fixunsdfsi" => u64::from(a as u32),
        "__fixdfdi" => (a as i64).cast_unsigned(),
        "__fixunsdfdi" => a as u64,
        "__addsf3" => narrow(a32 + b32),
        "__subsf3" => narrow(a32 - b32),
        "__mulsf3" => narrow(a32 * b32),
        "__divsf3" => narrow(a32 / b32),
        "__eqsf2" | "__nesf2" | "__ltsf2" | "__lesf2" => order(a32.partial_cmp(&b32), 1),
        "__gtsf2" | "__gesf2" => order(a32.partial_cmp(&b32), -1),
        "__floatsisf" => narrow(args[0] as i32 as f32),
        "__floatunsisf" => narrow(args[0] as u32 as f32),
        "__floatdisf" => narrow(args[0].cast_signed() as f32),
        "__floatundisf" => narrow(args[0] as f32),
        "__fixsfsi" => signed32(a32 as i32),
        "__fixunssfsi" => u64::from(a32 as u32),
        "__fixsfdi" => (a32 as i64).cast_unsigned(),
        "__fixunssfdi" => a32 as u64,
        "__extendsfdf2" => f64::from(a32).to_bits(),
        "__truncdfsf2" => narrow(a as f32),
        "sqrt" => a.sqrt().to_bits(),
        "ceil" => a.ceil().to_bits(),
        "floor" => a.floor().to_bits(),
        "trunc" => a.trunc().to_bits(),
        "roundeven" => a.round_ties_even().to_bits(),
        "fminimum" => pick(a, b, a < b || a == b && a.is_sign_negative()).to_bits(),
        "fmaximum" => pick(a, b, a > b || a == b && a.is_sign_positive()).to_bits(),
        "sqrtf" => narrow(a32.sqrt()),
        "ceilf" => narrow(a32.ceil()),
        "floorf" => narrow(a32.floor()),
        "truncf" => narrow(a32.trunc()),
        "roundevenf" => narrow(a32.round_ties_even()),
        "fminimumf" | "fmaximumf" => {
            let wide = [f64::from(a32).to_bits(), f64::from(b32).to_bits()];
            narrow(f64::from_bits(soft(name.trim_end_matches('f'), &wide)) as f32)
        }
        other => panic!("no routine {other}"),
    }
}

fn pick(a: f64, b: f64, first: bool) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if first {
        a
    } else {
        b
    }
}
