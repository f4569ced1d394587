//! Clients' quotas.

use std::collections::BTreeMap;

use ottla_wire::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use ottla_wire::messages::describe_client_quotas_request::ComponentData;
use ottla_wire::messages::{AlterClientQuotasRequest, DescribeClientQuotasRequest};

use super::{Admin, Results};
use crate::Result;

/// Whose quota it is: names by kind (`user`, `client-id`, `ip`), none for the default of the kind.
pub type QuotaEntity = BTreeMap<String, Option<String>>;

/// Which names of a kind are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaMatch {
    /// This one.
    Exact(String),
    /// The default of the kind.
    Default,
    /// All that have a quota.
    Any,
}

/// A change of an entity's quotas: values by key (`producer_byte_rate`, ...), none removes it.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaAlteration {
    /// Whose.
    pub entity: QuotaEntity,
    /// What.
    pub values: BTreeMap<String, Option<f64>>,
}

impl Admin {
    /// Quotas of the entities that have all these kinds and match; with `strict`, none but these.
    pub async fn describe_client_quotas(
        &self,
        kinds: &BTreeMap<String, QuotaMatch>,
        strict: bool,
    ) -> Result<BTreeMap<QuotaEntity, BTreeMap<String, f64>>> {
        let components = kinds.iter().map(|(kind, names)| ComponentData {
            entity_type: kind.as_str().into(),
            match_type: match names {
                QuotaMatch::Exact(_) => 0,
                QuotaMatch::Default => 1,
                QuotaMatch::Any => 2,
            },
            r#match: match names {
                QuotaMatch::Exact(name) => Some(name.as_str().into()),
                QuotaMatch::Default | QuotaMatch::Any => None,
            },
        });
        let request = DescribeClientQuotasRequest { components: components.collect(), strict };
        self.ask_any(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let entries = response.entries.iter().flatten().map(|entry| {
                let names = entry.entity.iter().map(|it| (&*it.entity_type, it.entity_name.as_deref()));
                let values = entry.values.iter().map(|value| (value.key.to_string(), value.value));
                (entity(names), values.collect())
            });
            Ok(entries.collect())
        })
        .await
    }

    /// Changes quotas; with `validate_only` says whether it could.
    pub async fn alter_client_quotas(
        &self,
        alterations: &[QuotaAlteration],
        validate_only: bool,
    ) -> Result<Results<QuotaEntity, ()>> {
        let entries = alterations.iter().map(|alteration| EntryData {
            entity: alteration
                .entity
                .iter()
                .map(|(kind, name)| EntityData {
                    entity_type: kind.as_str().into(),
                    entity_name: name.as_deref().map(Into::into),
                })
                .collect(),
            ops: alteration
                .values
                .iter()
                .map(|(key, value)| OpData {
                    key: key.as_str().into(),
                    value: value.unwrap_or_default(),
                    remove: value.is_none(),
                })
                .collect(),
        });
        let request = AlterClientQuotasRequest { entries: entries.collect(), validate_only };
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.entries.iter().map(|entry| entry.error_code))?;
            let results = response.entries.iter().map(|entry| {
                let names = entry.entity.iter().map(|it| (&*it.entity_type, it.entity_name.as_deref()));
                (entity(names), answer.check(entry.error_code, entry.error_message.as_deref()))
            });
            Ok(results.collect())
        })
        .await
    }
}

fn entity<'a>(names: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> QuotaEntity {
    names.map(|(kind, name)| (kind.to_owned(), name.map(str::to_owned))).collect()
}
