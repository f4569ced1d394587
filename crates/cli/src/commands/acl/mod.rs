//! `ottla acl`: who may do what.
//!
//! ```text
//! resources              what access is controlled to, as flags name it
//! binding                an access control list entry, as it is shown
//! matching               which of them are meant
//! list, create, delete   the commands
//! ```

mod binding;
mod create;
mod delete;
mod list;
mod matching;
mod resources;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Outcome;
use crate::remote::block_on;
use crate::word::Word;

#[derive(Debug, Subcommand)]
pub(crate) enum AclCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Create(create::CreateArgs),
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
}

pub(crate) fn run(command: AclCommand) -> Result<Outcome> {
    block_on(async {
        match command {
            AclCommand::List(args) => Box::pin(list::run(&args)).await,
            AclCommand::Create(args) => Box::pin(create::run(&args)).await,
            AclCommand::Delete(args) => Box::pin(delete::run(&args)).await,
        }
    })
}

/// For clap: a word, or all that there are.
fn word<T: Word>(text: &str) -> Result<T, String> {
    T::of_word(text).ok_or_else(|| {
        let words: Vec<String> = T::WORDS.iter().map(|(_, word)| word.to_lowercase()).collect();
        format!("give one of {}", words.join(", "))
    })
}
