//! `sigmapol enable` and `sigmapol disable`

use std::io::Write;

use crate::{
    Failure, Global,
    shared::{
        input,
        router::{RouterArgs, State},
        text::safe,
    },
};

/// Use a provider again at once: it is no more disabled, and its breaker is closed
#[derive(Debug, clap::Args)]
pub(crate) struct EnableArgs {
    /// The provider, as the configuration names it
    provider: String,
    #[command(flatten)]
    router: RouterArgs,
}

/// Leave a provider alone, as long as a failure would disable it
#[derive(Debug, clap::Args)]
pub(crate) struct DisableArgs {
    /// The provider, as the configuration names it
    provider: String,
    #[command(flatten)]
    router: RouterArgs,
}

pub(crate) fn enable(
    args: &EnableArgs,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let router = router(&args.router, global)?;
    let said = match router.enable(&args.provider)? {
        true => "enabled",
        false => "was enabled already",
    };
    router.save()?;
    Ok(writeln!(out, "{}: {said}", safe(&args.provider))?)
}

pub(crate) fn disable(
    args: &DisableArgs,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let router = router(&args.router, global)?;
    router.disable(&args.provider)?;
    router.save()?;
    Ok(writeln!(out, "{}: disabled", safe(&args.provider))?)
}

fn router(args: &RouterArgs, global: &Global) -> Result<sigmapol_router::Router, Failure> {
    if args.state.is_none() {
        return Err(Failure::Usage("expected --state FILE: that is what is changed".to_owned()));
    }
    input::check_stdin(args.paths())?;
    Ok(args.builder(args.config()?, State::Held, global)?.build()?)
}
