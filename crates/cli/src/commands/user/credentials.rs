//! `ottla user create` and `ottla user alter`.

use anyhow::{Result, bail};
use clap::Args;
use ottla_client::ErrorCode;
use ottla_client::admin::{Admin, ScramAlteration, ScramMechanism};

use super::{alter_each, mechanism};
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::password::PasswordArgs;
use crate::remote::ConnectionArgs;
use crate::word::Word as _;

/// Create a user
#[derive(Debug, Args)]
#[command(after_help = "\
The password is asked for, unless --password-file names a file. Only what SCRAM
makes of it is sent.

Examples:
  ottla user create alice
  ottla user create etl --mechanism SCRAM-SHA-256 --password-file secret.txt
  pass show kafka/etl | ottla user create etl --password-file -")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Give a user another password
#[derive(Debug, Args)]
#[command(after_help = "\
The password is asked for, unless --password-file names a file.

Examples:
  ottla user alter alice
  ottla user alter etl --mechanism SCRAM-SHA-256 --password-file secret.txt")]
pub(crate) struct AlterArgs {
    #[command(flatten)]
    credential: CredentialArgs,
}

#[derive(Debug, Args)]
struct CredentialArgs {
    /// The user's name
    #[arg(value_name = "USER")]
    user: String,

    /// By which hashes the user authenticates
    #[arg(long = "mechanism", value_name = "MECHANISM", value_delimiter = ',', default_value = "SCRAM-SHA-512", value_parser = mechanism)]
    mechanisms: Vec<ScramMechanism>,

    #[command(flatten)]
    password: PasswordArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn create(args: &CreateArgs) -> Result<Outcome> {
    let args = &args.credential;
    let admin = args.connection.connect().await?.admin;
    let there = mechanisms_of(&admin, &args.user).await?;
    if let Some(taken) = args.mechanisms.iter().find(|mechanism| there.contains(mechanism)) {
        let (user, taken) = (&args.user, taken.word());
        bail!("{user} has a password for {taken}: `ottla user alter {user}` gives another one");
    }
    upsert(&admin, args, "created").await
}

pub(super) async fn alter(args: &AlterArgs) -> Result<Outcome> {
    let args = &args.credential;
    let admin = args.connection.connect().await?.admin;
    if mechanisms_of(&admin, &args.user).await?.is_empty() {
        bail!("there is no user {0}: `ottla user create {0}` makes one", args.user);
    }
    upsert(&admin, args, "altered").await
}

/// None of a user who is not there.
async fn mechanisms_of(admin: &Admin, user: &str) -> Result<Vec<ScramMechanism>> {
    let described = admin.describe_user_scram_credentials(Some(&[user])).await?;
    match described.into_values().next() {
        Some(Err(error)) if error.code() == Some(ErrorCode::ResourceNotFound) => Ok(Vec::new()),
        Some(credentials) => Ok(credentials?.iter().map(|credential| credential.mechanism).collect()),
        None => Ok(Vec::new()),
    }
}

async fn upsert(admin: &Admin, args: &CredentialArgs, done: &'static str) -> Result<Outcome> {
    let password = args.password.read(&args.user)?;
    let mut alterations = Vec::new();
    for mechanism in &args.mechanisms {
        alterations.push(ScramAlteration::upsert(args.user.as_str(), *mechanism, &password)?);
    }
    alter_each(admin, &alterations, done).await?.report(args.output)
}
