//! `kafka-delegation-tokens`.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use ottla_client::admin::{Admin, DelegationToken, NewToken, Principal};
use ottla_records::Timestamp;

use super::columns::Columns;
use super::connection::connect;
use super::ending::Misuse;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;
use crate::timestamp::{Civil, go_time};

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to create, renew, expire, or describe delegation tokens.",
    options: &[
        Opt::value("bootstrap-server", "String", "REQUIRED: server(s) to use for bootstrapping."),
        Opt::value(
            "command-config",
            "String",
            "REQUIRED: Options of the client. Tokens are for those who have authenticated.",
        ),
        Opt::flag("create", "Create a new delegation token."),
        Opt::flag("renew", "Renew a delegation token."),
        Opt::flag("expire", "Expire a delegation token."),
        Opt::flag("describe", "Describe the tokens of the given principals, or all that may be seen."),
        Opt::optional("owner-principal", "String", "Whose the token is, as User:name."),
        Opt::optional("renewer-principal", "String", "Who may renew it besides, as User:name."),
        Opt::optional(
            "max-life-time-period",
            "Long",
            "How long it can be renewed; -1: as the broker has it.",
        ),
        Opt::optional("renew-time-period", "Long", "For how long it is renewed; -1: as the broker has it."),
        Opt::optional("expiry-time-period", "Long", "After how long it expires; -1: at once."),
        Opt::optional("hmac", "String", "HMAC of the delegation token."),
    ],
};

const ACTIONS: [&str; 4] = ["create", "renew", "expire", "describe"];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    check(&options)?;
    block_on(async {
        let admin = connect(&options).await?.admin;
        Box::pin(act(&options, &admin, out)).await?;
        Ok(Outcome::Success)
    })
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    if options.count(&ACTIONS) != 1 {
        return Err(options
            .misuse("Command must include exactly one action: --create, --renew, --expire or --describe"));
    }
    options.require(&["bootstrap-server", "command-config"])?;
    for (action, required) in [
        ("create", &["max-life-time-period"][..]),
        ("renew", &["hmac", "renew-time-period"]),
        ("expire", &["hmac", "expiry-time-period"]),
    ] {
        if options.has(action) {
            options.require(required)?;
        }
    }
    options.exclude("create", &["hmac", "renew-time-period", "expiry-time-period"])?;
    options.exclude(
        "renew",
        &["renewer-principal", "max-life-time-period", "expiry-time-period", "owner-principal"],
    )?;
    options.exclude("expire", &["renew", "max-life-time-period", "renew-time-period", "owner-principal"])?;
    options.exclude("describe", &["renew-time-period", "max-life-time-period", "hmac", "expiry-time-period"])
}

async fn act(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    match ACTIONS.iter().find(|action| options.has(action)) {
        Some(&"create") => create(options, admin, out).await,
        Some(&"renew") => {
            let (hmac, ms) = (options.value("hmac")?.unwrap_or_default(), ms(options, "renew-time-period")?);
            writeln!(out, "Calling renew token operation with hmac :{hmac} , renew-time-period :{ms}")?;
            out.flush()?;
            let until = admin.renew_delegation_token(&decoded(hmac)?, duration(ms)).await?;
            Ok(write!(out, "Completed renew operation. New expiry date : {}", minute(until))?)
        }
        Some(&"expire") => {
            let (hmac, ms) = (options.value("hmac")?.unwrap_or_default(), ms(options, "expiry-time-period")?);
            writeln!(out, "Calling expire token operation with hmac :{hmac} , expire-time-period :{ms}")?;
            out.flush()?;
            let until = admin.expire_delegation_token(&decoded(hmac)?, duration(ms)).await?;
            Ok(write!(out, "Completed expire operation. New expiry date : {}", minute(until))?)
        }
        _ => describe(options, admin, out).await,
    }
}

async fn create(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let (renewers, ms) = (principals(options, "renewer-principal")?, ms(options, "max-life-time-period")?);
    let shown = listed(&renewers);
    writeln!(out, "Calling create token operation with renewers :{shown} , max-life-time-period :{ms}")?;
    out.flush()?;
    let owner = principals(options, "owner-principal")?.into_iter().next();
    let wanted = NewToken { owner, renewers, lifetime_max: duration(ms) };
    let token = admin.create_delegation_token(&wanted).await?;
    writeln!(out, "Created delegation token with tokenId : {}", token.id)?;
    write_tokens(out, &[token])
}

async fn describe(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let owners = principals(options, "owner-principal")?;
    match owners[..] {
        [] => writeln!(out, "Calling describe token operation for current user.")?,
        _ => writeln!(out, "Calling describe token operation for owners: {}", listed(&owners))?,
    }
    out.flush()?;
    // As Kafka's: an empty list of owners is told as none, which means all.
    let owners = (!owners.is_empty()).then_some(&owners[..]);
    let mut tokens = admin.describe_delegation_tokens(owners).await?;
    tokens.sort_by(|a, b| (a.issued_at, &a.id).cmp(&(b.issued_at, &b.id)));
    write!(out, "Total number of tokens : {}", tokens.len())?;
    write_tokens(out, &tokens)
}

fn write_tokens(out: &mut dyn Write, tokens: &[DelegationToken]) -> Result<()> {
    let columns = Columns::fixed(&[15, 30, 15, 15, 25, 15, 15, 15]);
    let headings =
        ["TOKENID", "HMAC", "OWNER", "REQUESTER", "RENEWERS", "ISSUEDATE", "EXPIRYDATE", "MAXDATE"];
    writeln!(out)?;
    columns.write(out, &headings)?;
    writeln!(out)?;
    for token in tokens {
        writeln!(out)?;
        columns.write(out, &row(token))?;
        writeln!(out)?;
    }
    Ok(())
}

fn row(token: &DelegationToken) -> [String; 8] {
    [
        token.id.to_string(),
        BASE64_STANDARD.encode(&token.hmac),
        token.owner.to_string(),
        token.requester.as_ref().map_or_else(|| "null".to_owned(), Principal::to_string),
        listed(&token.renewers),
        minute(token.issued_at),
        minute(token.expires_at),
        minute(token.renewable_until),
    ]
}

/// As Java shows a list.
fn listed(principals: &[Principal]) -> String {
    format!("[{}]", principals.iter().map(Principal::to_string).collect::<Vec<_>>().join(", "))
}

fn principals(options: &Options, name: &str) -> Result<Vec<Principal>> {
    options.values(name).map(|text| principal(text.trim())).collect()
}

/// In the script's words, which takes empty kinds and names to the broker.
fn principal(text: &str) -> Result<Principal> {
    match text.split_once(':') {
        Some((kind, name)) => Ok(Principal { kind: kind.into(), name: name.into() }),
        None => bail!("expected a string in format principalType:principalName but got {text}"),
    }
}

/// An option that is there without a number is none, which Java cannot unbox.
fn ms(options: &Options, name: &str) -> Result<i64> {
    match options.number(name)? {
        Some(ms) => Ok(ms),
        None => bail!("--{name} wants a number of milliseconds"),
    }
}

/// Below zero it is for the broker to say.
fn duration(ms: i64) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}

fn decoded(hmac: &str) -> Result<Bytes> {
    match BASE64_STANDARD.decode(hmac) {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => bail!("the HMAC is not base64: {error}"),
    }
}

/// In UTC.
fn minute(timestamp: Timestamp) -> String {
    go_time("2006-01-02T15:04", &Civil::of(timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_have_a_kind_and_a_name() {
        let parsed = |text: &str| principal(text).map(|it| it.to_string()).ok();
        assert_eq!(parsed("User:a:b").as_deref(), Some("User:a:b"));
        for wrong in ["", "a"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
        assert_eq!(listed(&[Principal::user("a"), Principal::user("b")]), "[User:a, User:b]");
        assert_eq!(minute(0), "1970-01-01T00:00");
    }

    #[test]
    fn what_is_below_zero_is_for_the_broker_to_say() {
        assert_eq!((duration(-1), duration(5)), (None, Some(Duration::from_millis(5))));
    }
}
