//! Users' SCRAM credentials. What is secret of them is never shown: brokers do not tell it.

use std::io::Write;
use std::num::NonZeroU32;

use anyhow::{Context as _, Result, bail};
use ottla_client::ErrorCode;
use ottla_client::admin::{Admin, ScramAlteration, ScramMechanism};

use super::super::java;
use super::change::Wanted;
use crate::word::Word as _;

/// Fewer are refused, and so many it is unless the command line says more.
const ITERATIONS: u32 = 4096;

pub(super) fn is_mechanism(key: &str) -> bool {
    mechanism(key).is_some()
}

fn mechanism(key: &str) -> Option<ScramMechanism> {
    ScramMechanism::WORDS.iter().find(|(_, word)| *word == key).map(|(mechanism, _)| *mechanism)
}

/// Of these users, or of all; of those who have none it says nothing.
pub(super) async fn describe(users: &[String], admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let users = (!users.is_empty()).then_some(users.as_slice());
    for (user, described) in admin.describe_user_scram_credentials(users).await? {
        match described {
            Err(error) if error.code() == Some(ErrorCode::ResourceNotFound) => {}
            Err(error) => {
                let error = java::shown(&error);
                let error = error.rsplit_once("errors.").map_or(&*error, |(_, class)| class);
                writeln!(
                    out,
                    "Error retrieving SCRAM credential configs for user-principal '{user}': {error}"
                )?;
            }
            Ok(credentials) => {
                let credentials: Vec<String> = credentials
                    .iter()
                    .map(|it| format!("{}=iterations={}", it.mechanism.word(), it.iterations))
                    .collect();
                let credentials = credentials.join(", ");
                writeln!(out, "SCRAM credential configs for user-principal '{user}' are {credentials}")?;
            }
        }
    }
    Ok(())
}

pub(super) async fn change(user: &str, wanted: &Wanted, admin: &Admin) -> Result<()> {
    let mut alterations = Vec::new();
    for mechanism in wanted.deleted.iter().filter_map(|key| mechanism(key)) {
        alterations.push(ScramAlteration::Delete { user: user.into(), mechanism });
    }
    for (key, text) in &wanted.added {
        let Some(mechanism) = mechanism(key) else { continue };
        let (iterations, password) = parse(key, text)?;
        alterations.push(ScramAlteration::upsert_hashed(user, mechanism, password, iterations)?);
    }
    for altered in admin.alter_user_scram_credentials(&alterations).await?.into_values() {
        altered?;
    }
    Ok(())
}

/// `iterations=8192,password=secret`, or the password alone.
fn parse<'a>(mechanism: &str, text: &'a str) -> Result<(NonZeroU32, &'a str)> {
    // Not with what was given: there is a password in it.
    let invalid =
        || format!("Invalid credential property {mechanism}: give it as [iterations=8192,password=secret]");
    let (iterations, rest) = match text.strip_prefix("iterations=") {
        Some(text) => text.split_once(',').with_context(invalid)?,
        None => ("-1", text),
    };
    let password = rest.strip_prefix("password=").with_context(invalid)?;
    let iterations = match iterations.parse::<i64>().ok().with_context(invalid)? {
        -1 => ITERATIONS,
        few if few < i64::from(ITERATIONS) => {
            bail!("Iterations {few} is less than the minimum {ITERATIONS} required for {mechanism}")
        }
        many => u32::try_from(many).ok().with_context(invalid)?,
    };
    Ok((NonZeroU32::new(iterations).with_context(invalid)?, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_a_password_and_perhaps_iterations() {
        for (text, expected) in [
            ("password=a", Some((4096, "a"))),
            ("password=a,b=c", Some((4096, "a,b=c"))),
            ("iterations=8192,password=a", Some((8192, "a"))),
            ("iterations=-1,password=a", Some((4096, "a"))),
            ("iterations=4095,password=a", None),
            ("iterations=x,password=a", None),
            ("iterations=8192", None),
            ("a", None),
        ] {
            let parsed = parse("SCRAM-SHA-256", text);
            if let Err(error) = &parsed {
                assert!(!error.to_string().contains("secret]") || text != "secret", "{error}");
            }
            assert_eq!(
                parsed.ok().map(|(iterations, password)| (iterations.get(), password)),
                expected,
                "{text}"
            );
        }
    }
    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for text in
            ["hunter2", "password:hunter2", "iterations=8,password=hunter2", "iterations=hunter2,password=a"]
        {
            let error = parse("SCRAM-SHA-256", text).expect_err(text).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
