//! Whose options are meant.

use anyhow::{Result, bail};
use ottla_client::admin::ConfigResource;

use super::super::options::Options;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Topics,
    Brokers,
    BrokerLoggers,
    ClientMetrics,
    Groups,
}

/// A kind, and perhaps one of it; the empty name is what all of them have.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
}

const KINDS: [(&str, &str, Kind); 5] = [
    ("topics", "topic", Kind::Topics),
    ("brokers", "broker", Kind::Brokers),
    ("broker-loggers", "broker-logger", Kind::BrokerLoggers),
    ("client-metrics", "client-metrics", Kind::ClientMetrics),
    ("groups", "group", Kind::Groups),
];

/// Kinds that the original has besides.
const OTHERS: [&str; 3] = ["users", "clients", "ips"];

impl Kind {
    /// As `--entity-type` has it.
    pub(super) fn plural(self) -> &'static str {
        KINDS.iter().find(|(_, _, kind)| *kind == self).map_or("", |(plural, _, _)| plural)
    }

    /// Without its last letter, whatever that is.
    pub(super) fn singular(self) -> &'static str {
        let plural = self.plural();
        &plural[..plural.len() - 1]
    }

    pub(super) fn resource(self, name: &str) -> Result<ConfigResource> {
        Ok(match self {
            Kind::Topics => ConfigResource::topic(name),
            Kind::Brokers if name.is_empty() => ConfigResource::Broker(None),
            Kind::Brokers => ConfigResource::Broker(Some(self.broker(name)?)),
            Kind::BrokerLoggers => ConfigResource::BrokerLogger(self.broker(name)?),
            Kind::ClientMetrics => ConfigResource::ClientMetrics(name.into()),
            Kind::Groups => ConfigResource::group(name),
        })
    }

    fn broker(self, name: &str) -> Result<i32> {
        match name.parse() {
            Ok(id) => Ok(id),
            Err(_not_a_number) => {
                bail!(
                    "The entity name for {} must be a valid integer broker id, but it is: {name}",
                    self.plural()
                )
            }
        }
    }
}

impl Entity {
    pub(super) fn parse(options: &Options) -> Result<Entity> {
        let is_general = options.count(&["entity-type", "entity-name", "entity-default"]) > 0;
        let mut found = Vec::new();
        for (_, flag, kind) in KINDS {
            found.extend(options.value(flag)?.map(|name| (kind, Some(name.to_owned()))));
        }
        found.extend(options.has("broker-defaults").then(|| (Kind::Brokers, Some(String::new()))));
        if is_general && !found.is_empty() {
            bail!(
                "--entity-{{type,name,default}} should not be used in conjunction with specific entity flags"
            );
        }
        for plural in options.values("entity-type") {
            if OTHERS.contains(&plural) {
                bail!("entities of type {plural} are not served by this script yet");
            }
            let kind = KINDS.iter().find(|(known, _, _)| *known == plural).map(|(_, _, kind)| *kind);
            let Some(kind) = kind else {
                bail!(
                    "Invalid entity type {plural}, the entity type must be one of topics, clients, users, brokers, \
                     ips, client-metrics, groups, broker-loggers with a --bootstrap-server or \
                     --bootstrap-controller argument"
                );
            };
            let default = options.has("entity-default").then(String::new);
            let name = options.value("entity-name")?.map(str::to_owned).or(default);
            found.push((kind, name));
        }
        match <[_; 1]>::try_from(found) {
            Ok([(kind, name)]) => {
                let named = name.as_deref().filter(|name| !name.is_empty());
                if let (Kind::Brokers | Kind::BrokerLoggers, Some(named)) = (kind, named) {
                    kind.broker(named)?;
                }
                Ok(Entity { kind, name })
            }
            Err(found) if found.is_empty() => bail!("At least one entity type must be specified"),
            Err(_several) => bail!("Only 'users' and 'clients' entity types may be specified together"),
        }
    }

    fn is_named(&self) -> bool {
        self.name.as_deref().is_some_and(|name| !name.is_empty())
    }

    pub(super) fn check_describe(&self, options: &Options) -> Result<()> {
        let kind = self.kind.plural();
        if self.kind != Kind::Brokers && options.has("entity-default") {
            bail!("--entity-default must not be specified with --describe of {kind}");
        }
        if self.kind == Kind::BrokerLoggers && !self.is_named() {
            bail!("An entity name must be specified with --describe of {kind}");
        }
        Ok(())
    }

    pub(super) fn check_alter(&self) -> Result<()> {
        if self.kind == Kind::Brokers {
            if self.name.is_none() {
                bail!(
                    "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips"
                );
            }
        } else if !self.is_named() {
            bail!("An entity name must be specified with --alter of {}", self.kind.plural());
        }
        Ok(())
    }
}
