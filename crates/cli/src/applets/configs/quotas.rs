//! Quotas of users, clients, clients of users, and addresses.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{Admin, QuotaAlteration, QuotaEntity, QuotaMatch};

use super::super::java;
use super::change::Wanted;
use super::entity::{Entity, Kind};
use super::scram;

/// What the protocol calls kinds, and what the script calls one of them, in the order in which it names them.
const NAMES: [(Kind, &str, &str); 3] = [
    (Kind::Users, "user", "user-principal"),
    (Kind::Clients, "client-id", "client-id"),
    (Kind::Ips, "ip", "ip"),
];

const CLIENT_QUOTAS: [&str; 4] =
    ["producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"];

const IP_QUOTAS: [&str; 1] = ["connection_creation_rate"];

fn protocol_name(kind: Kind) -> &'static str {
    NAMES.iter().find(|(known, _, _)| *known == kind).map_or("", |(_, name, _)| name)
}

pub(super) async fn describe(entity: &Entity, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    for (entity, quotas) in admin.describe_client_quotas(&filter(entity), true).await? {
        let quotas: Vec<String> =
            quotas.iter().map(|(key, value)| format!("{key}={}", java::double(*value))).collect();
        writeln!(out, "Quota configs for {} are {}", shown(&entity), quotas.join(", "))?;
    }
    let is_of_users = entity.kinds == [Kind::Users] && !entity.names.contains(&String::new());
    if is_of_users { scram::describe(&entity.names, admin, out).await } else { Ok(()) }
}

/// A kind without a name stands for all of it.
fn filter(entity: &Entity) -> BTreeMap<String, QuotaMatch> {
    let names = entity.names.iter().map(|name| match name.as_str() {
        "" => QuotaMatch::Default,
        name => QuotaMatch::Exact(name.to_owned()),
    });
    let names = names.chain(std::iter::repeat(QuotaMatch::Any));
    entity.kinds.iter().map(|kind| protocol_name(*kind).to_owned()).zip(names).collect()
}

fn shown(entity: &QuotaEntity) -> String {
    let one = |(_, protocol_name, kind): &(Kind, &str, &str)| {
        Some(match entity.get(*protocol_name)? {
            Some(name) => format!("{kind} '{name}'"),
            None => format!("the default {kind}"),
        })
    };
    NAMES.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

/// What users have besides are credentials, which are changed by themselves.
pub(super) async fn change(entity: &Entity, wanted: &Wanted, admin: &Admin) -> Result<()> {
    check(entity, wanted)?;
    if wanted.keys().any(scram::is_mechanism) {
        return scram::change(entity.name().unwrap_or_default(), wanted, admin).await;
    }
    let there = admin.describe_client_quotas(&filter(entity), true).await?.into_values().next();
    let there = there.unwrap_or_default();
    let missing: Vec<&str> =
        wanted.deleted.iter().map(String::as_str).filter(|key| !there.contains_key(*key)).collect();
    if !missing.is_empty() {
        bail!("Invalid config(s): {}", missing.join(","));
    }
    let mut values = BTreeMap::new();
    for (key, text) in &wanted.added {
        let unparsed = || format!("Cannot parse quota configuration value for {key}: {text}");
        values.insert(key.clone(), Some(text.parse().ok().with_context(unparsed)?));
    }
    values.extend(wanted.deleted.iter().map(|key| (key.clone(), None)));
    let names = entity.names.iter().map(|name| (!name.is_empty()).then(|| name.clone()));
    let kinds = entity.kinds.iter().map(|kind| protocol_name(*kind).to_owned());
    let alteration = QuotaAlteration { entity: kinds.zip(names).collect(), values };
    for altered in admin.alter_client_quotas(&[alteration], false).await?.into_values() {
        altered?;
    }
    Ok(())
}

/// That these are what such entities have.
fn check(entity: &Entity, wanted: &Wanted) -> Result<()> {
    let (what, whose): (&str, &str) = match entity.kinds[..] {
        [Kind::Ips] => ("connection quota configs", "ips"),
        [Kind::Users] => ("quota and SCRAM credential configs", "users"),
        _ => ("quota configs", "clients"),
    };
    let is_known = |key: &str| match whose {
        "ips" => IP_QUOTAS.contains(&key),
        "users" => CLIENT_QUOTAS.contains(&key) || scram::is_mechanism(key),
        _ => CLIENT_QUOTAS.contains(&key),
    };
    for (keys, done) in
        [(wanted.added.keys().collect::<Vec<_>>(), "added"), (wanted.deleted.iter().collect(), "deleted")]
    {
        let unknown: Vec<&str> = keys.into_iter().map(String::as_str).filter(|key| !is_known(key)).collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(",");
            bail!(
                "Only {what} can be {done} for '{whose}' using --bootstrap-server. Unexpected config names: {unknown}"
            );
        }
    }
    if !wanted.keys().any(scram::is_mechanism) {
        return Ok(());
    }
    if entity.names.iter().any(String::is_empty) {
        bail!(
            "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using \
             --bootstrap-server."
        );
    }
    if !wanted.keys().all(scram::is_mechanism) {
        bail!(
            "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server."
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refusal(kinds: &[Kind], name: &str, added: &[&str], expected: Option<&str>) {
        let entity = Entity { kinds: kinds.to_vec(), names: vec![name.to_owned()] };
        let added = added.iter().map(|key| ((*key).to_owned(), String::new())).collect();
        let refused = check(&entity, &Wanted { added, deleted: Vec::new() }).err().map(|it| it.to_string());
        let agrees = match (&refused, expected) {
            (Some(refused), Some(expected)) => refused.starts_with(expected),
            (refused, expected) => refused.is_none() && expected.is_none(),
        };
        assert!(agrees, "{kinds:?} {refused:?}");
    }

    #[test]
    fn each_kind_has_quotas_of_its_own_and_users_have_credentials() {
        check_refusal(&[Kind::Users], "u", &["consumer_byte_rate"], None);
        check_refusal(&[Kind::Users], "u", &["SCRAM-SHA-256"], None);
        check_refusal(&[Kind::Ips], "1.2.3.4", &["connection_creation_rate"], None);
        let both = Some("Cannot alter both quota and SCRAM credential configs");
        check_refusal(&[Kind::Users], "u", &["SCRAM-SHA-256", "consumer_byte_rate"], both);
        let of_all = Some("The use of --entity-default or --user-defaults is not allowed");
        check_refusal(&[Kind::Users], "", &["SCRAM-SHA-256"], of_all);
        let of_clients = Some("Only quota configs can be added for 'clients'");
        check_refusal(&[Kind::Clients], "c", &["SCRAM-SHA-256"], of_clients);
        check_refusal(&[Kind::Users, Kind::Clients], "u", &["SCRAM-SHA-256"], of_clients);
        let of_ips = Some("Only connection quota configs can be added for 'ips'");
        check_refusal(&[Kind::Ips], "1.2.3.4", &["consumer_byte_rate"], of_ips);
    }
}
