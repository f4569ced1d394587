//! Whose quotas are meant.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, ValueEnum};
use ottla_client::admin::{QuotaEntity, QuotaMatch};

use crate::exit::usage;

/// A user, a client, both, or an address: each by its name, or the default of its kind.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whose")]
pub(super) struct EntityArgs {
    /// Of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Of clients with this client.id
    #[arg(long, value_name = "ID")]
    client: Option<String>,

    /// Of connections from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,

    /// Of all that have none of their own: user, client or ip
    #[arg(long = "default", value_enum, value_name = "KIND")]
    defaults: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    User,
    Client,
    Ip,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::User, Kind::Client, Kind::Ip];

    /// As the protocol calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Client => "client-id",
            Kind::Ip => "ip",
        }
    }
}

impl EntityArgs {
    /// The kinds that were named; none in place of a name is the default of the kind.
    pub(super) fn entity(&self) -> Result<QuotaEntity> {
        let mut entity = QuotaEntity::new();
        for (kind, name) in [(Kind::User, &self.user), (Kind::Client, &self.client), (Kind::Ip, &self.ip)] {
            let is_default = self.defaults.contains(&kind);
            if is_default && name.is_some() {
                return Err(usage(format!(
                    "--default {0} and a name of a {0} exclude each other",
                    kind.name()
                )));
            }
            if is_default || name.is_some() {
                entity.insert(kind.name().to_owned(), name.clone());
            }
        }
        Ok(entity)
    }

    /// The same where one has to be named.
    pub(super) fn named(&self) -> Result<QuotaEntity> {
        let entity = self.entity()?;
        if entity.is_empty() {
            return Err(usage("name whose quotas are meant: --user, --client, --ip or --default KIND"));
        }
        Ok(entity)
    }
}

pub(super) fn exactly(entity: QuotaEntity) -> BTreeMap<String, QuotaMatch> {
    let one =
        |(kind, name): (String, Option<String>)| (kind, name.map_or(QuotaMatch::Default, QuotaMatch::Exact));
    entity.into_iter().map(one).collect()
}

/// A user with a client, a user, a client or an address, as a person names it.
pub(super) fn in_words(entity: &QuotaEntity) -> String {
    let one = |(kind, name): (&String, &Option<String>)| match name {
        Some(name) => format!("{kind} {name}"),
        None => format!("{kind} default"),
    };
    // The user first.
    entity.iter().rev().map(one).collect::<Vec<_>>().join(", ")
}
