//! `ottla token renew` and `ottla token expire`.

use std::io;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use clap::Args;
use serde::Serialize;

use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;
use crate::timestamp::{Iso, parse_duration};

/// Let a token live longer
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla token renew - < hmac.txt
  ottla token renew MWpiLMlX4P5f+tGqnwZcCA== --by 24h")]
pub(crate) struct RenewArgs {
    /// The token's HMAC in base64; - reads it from standard input
    hmac: String,

    /// For how much longer [default: the broker's]
    #[arg(long, value_name = "TIME")]
    by: Option<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// End a token, at once or after some time
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla token expire - --yes < hmac.txt
  ottla token expire MWpiLMlX4P5f+tGqnwZcCA== --after 1h --yes")]
pub(crate) struct ExpireArgs {
    /// The token's HMAC in base64; - reads it from standard input
    hmac: String,

    /// After how long [default: at once]
    #[arg(long, value_name = "TIME")]
    after: Option<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Lifetime {
    expires_at: String,
}

impl Answer for Lifetime {
    const LAYOUT: Layout = Layout::Rows(&[Column::new("EXPIRES-AT", "expiresAt")]);
}

pub(super) async fn renew(args: &RenewArgs) -> Result<Outcome> {
    let (hmac, by) = (hmac(&args.hmac)?, duration("--by", args.by.as_deref())?);
    let admin = args.connection.connect().await?.admin;
    let expires_at = Iso(admin.renew_delegation_token(&hmac, by).await?).to_string();
    args.output.print_one(&Lifetime { expires_at })?;
    Ok(Outcome::Success)
}

pub(super) async fn expire(args: &ExpireArgs) -> Result<Outcome> {
    let (hmac, after) = (hmac(&args.hmac)?, duration("--after", args.after.as_deref())?);
    if !args.confirm.allows("end this token, so that nobody authenticates with it any more")? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let expires_at = Iso(admin.expire_delegation_token(&hmac, after).await?).to_string();
    args.output.print_one(&Lifetime { expires_at })?;
    Ok(Outcome::Success)
}

fn hmac(text: &str) -> Result<Bytes> {
    let text = match text {
        "-" => io::read_to_string(io::stdin()).context("cannot read the HMAC from standard input")?,
        text => text.to_owned(),
    };
    let decoded = BASE64_STANDARD.decode(text.trim());
    let wrong = |error| usage(format!("the HMAC is not base64 ({error}): `ottla token list -o wide` has it"));
    decoded.map(Bytes::from).map_err(wrong)
}

fn duration(flag: &str, text: Option<&str>) -> Result<Option<Duration>> {
    let Some(text) = text else { return Ok(None) };
    let parsed = parse_duration(text);
    parsed.ok_or_else(|| usage(format!("{flag} {text}: say it as 90s, 12h or 7d"))).map(Some)
}
