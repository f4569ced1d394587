//! `ottla user create` and `ottla user alter`.

use std::num::NonZeroU32;

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::TypedValueParser;
use ottla_client::ErrorCode;
use ottla_client::admin::{Admin, ScramAlteration, ScramCredential, ScramMechanism};

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
  ottla user create ops --mechanism sha-256,sha-512 --iterations 8192
  pass show kafka/etl | ottla user create etl --password-file -")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Give a user another password
#[derive(Debug, Args)]
#[command(after_help = "\
The password is asked for, unless --password-file names a file. It takes as many
iterations as the one before it, unless --iterations says more.

Examples:
  ottla user alter alice
  ottla user alter alice --iterations 16384
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

    /// How often the hash is applied, 4096 to 16384 times: guessing a password
    /// that was stolen takes as much longer [default: 4096]
    #[arg(long, value_name = "N", value_parser = iterations())]
    iterations: Option<NonZeroU32>,

    #[command(flatten)]
    password: PasswordArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// As few as brokers take.
const ITERATIONS_MIN: NonZeroU32 = NonZeroU32::new(4096).expect("it is not zero");

/// For clap: as many as brokers take.
fn iterations() -> impl TypedValueParser<Value = NonZeroU32> {
    clap::value_parser!(u32).range(i64::from(ITERATIONS_MIN.get())..=16384).try_map(NonZeroU32::try_from)
}

pub(super) async fn create(args: &CreateArgs) -> Result<Outcome> {
    let args = &args.credential;
    let admin = args.connection.connect().await?.admin;
    let there = credentials_of(&admin, &args.user).await?;
    if let Some(taken) = there.iter().find(|credential| args.mechanisms.contains(&credential.mechanism)) {
        let (user, taken) = (&args.user, taken.mechanism.word());
        bail!("{user} has a password for {taken}: `ottla user alter {user}` gives another one");
    }
    upsert(&admin, args, &there, "created").await
}

pub(super) async fn alter(args: &AlterArgs) -> Result<Outcome> {
    let args = &args.credential;
    let admin = args.connection.connect().await?.admin;
    let there = credentials_of(&admin, &args.user).await?;
    if there.is_empty() {
        bail!("there is no user {0}: `ottla user create {0}` makes one", args.user);
    }
    upsert(&admin, args, &there, "altered").await
}

/// None of a user who is not there.
async fn credentials_of(admin: &Admin, user: &str) -> Result<Vec<ScramCredential>> {
    let described = admin.describe_user_scram_credentials(Some(&[user])).await?;
    match described.into_values().next() {
        Some(Err(error)) if error.code() == Some(ErrorCode::ResourceNotFound) => Ok(Vec::new()),
        Some(credentials) => Ok(credentials?),
        None => Ok(Vec::new()),
    }
}

async fn upsert(
    admin: &Admin,
    args: &CredentialArgs,
    there: &[ScramCredential],
    done: &'static str,
) -> Result<Outcome> {
    let password = args.password.read(&args.user)?;
    let mut alterations = Vec::new();
    for mechanism in &args.mechanisms {
        let iterations = args.iterations.unwrap_or_else(|| iterations_before(there, *mechanism));
        let user = args.user.as_str();
        alterations.push(ScramAlteration::upsert_hashed(user, *mechanism, &password, iterations)?);
    }
    alter_each(admin, &alterations, done).await?.report(args.output)
}

/// A new password is as hard to guess as the one that it takes the place of.
fn iterations_before(there: &[ScramCredential], mechanism: ScramMechanism) -> NonZeroU32 {
    let before = there.iter().find(|credential| credential.mechanism == mechanism);
    let iterations = before.and_then(|it| u32::try_from(it.iterations).ok()).and_then(NonZeroU32::new);
    iterations.unwrap_or(ITERATIONS_MIN)
}
