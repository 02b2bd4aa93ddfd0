//! Measures the gateway beside an upstream, a floor that decides nothing, and other gateways.

mod config;
mod floor;
mod upstream;

use std::env;

use anyhow::{Result, bail};
use tokio::runtime::Builder;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    match *arguments {
        ["upstream", address] => runtime.block_on(upstream::serve(address.parse()?)),
        ["floor", address, upstream] => {
            runtime.block_on(floor::serve(address.parse()?, upstream.parse()?))
        }
        ["config", upstream, candidates] => {
            println!("{}", config::config(upstream.parse()?, candidates.parse()?));
            Ok(())
        }
        _ => bail!(
            "usage: bench-gateway upstream ADDRESS | floor ADDRESS UPSTREAM | config UPSTREAM CANDIDATES"
        ),
    }
}
