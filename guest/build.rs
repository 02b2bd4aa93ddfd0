//! Linker arguments of the component. They are here and not in flags of the command line so that
//! every way to build the crate gives the same module.

use std::{env, path::PathBuf, process::Command};

/// The most memory the module can ask for, whatever its host allows.
const MAX_MEMORY_BYTES: u32 = 256 << 20;

/// Terms nest 64 deep and JSON 128, at well under 1 KiB a level; the default of 1 MiB would only be
/// more pages to touch at the start.
const STACK_BYTES: u32 = 256 << 10;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=--max-memory={MAX_MEMORY_BYTES}");
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
        if has_libc() {
            println!("cargo::rustc-link-arg-cdylib=-lc");
        }
    }
}

/// The WASI targets leave `memcmp` and its like to the C library they come with, which imports
/// nothing by itself. A target without one has them in its compiler_builtins.
fn has_libc() -> bool {
    let (Some(rustc), Some(target)) = (env::var_os("RUSTC"), env::var_os("TARGET")) else {
        return false;
    };
    let mut command = Command::new(rustc);
    command.args(["--print", "target-libdir", "--target"]).arg(target);
    let Ok(output) = command.output() else { return false };
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    folder.join("self-contained/libc.a").is_file()
}
