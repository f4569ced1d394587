//! `ottla user`: users that authenticate with SCRAM.

mod credentials;
mod delete;
mod list;

use anyhow::Result;
use clap::Subcommand;
use ottla_client::admin::{Admin, ScramAlteration, ScramCredential, ScramMechanism};

use crate::commands::changes::Changes;
use crate::exit::Outcome;
use crate::remote::block_on;
use crate::word::Word as _;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Create(credentials::CreateArgs),
    Alter(credentials::AlterArgs),
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
}

pub(crate) fn run(command: UserCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            UserCommand::List(args) => Box::pin(list::run(&args)).await,
            UserCommand::Create(args) => Box::pin(credentials::create(&args)).await,
            UserCommand::Alter(args) => Box::pin(credentials::alter(&args)).await,
            UserCommand::Delete(args) => Box::pin(delete::run(&args)).await,
        }
    })
}

/// One after the other: brokers refuse two changes of a user in one request.
async fn alter_each(admin: &Admin, alterations: &[ScramAlteration], done: &'static str) -> Result<Changes> {
    let mut changes = Changes::default();
    for alteration in alterations {
        let (ScramAlteration::Upsert { credential: ScramCredential { mechanism, .. }, .. }
        | ScramAlteration::Delete { mechanism, .. }) = alteration;
        let name = mechanism.word();
        for (user, result) in admin.alter_user_scram_credentials(std::slice::from_ref(alteration)).await? {
            changes.add(format_args!("{user} {name}"), result, done);
        }
    }
    Ok(changes)
}

/// For clap: by SASL's name, or by the hash alone.
fn mechanism(text: &str) -> Result<ScramMechanism, String> {
    let is_named = |name: &str| {
        name.eq_ignore_ascii_case(text) || name.trim_start_matches("SCRAM-").eq_ignore_ascii_case(text)
    };
    let found =
        ScramMechanism::WORDS.iter().find(|(_, name)| is_named(name)).map(|(mechanism, _)| *mechanism);
    found.ok_or_else(|| "give SCRAM-SHA-256 or SCRAM-SHA-512".to_owned())
}
