//! What the command line speaks of: resources, and who may do what with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{
    AclBinding, AclEntry, AclFilter, AclOperation, AclPermission, PatternType, ResourceType,
};

use super::super::options::Options;
use crate::acl::{CLUSTER, CONSUMER, PRODUCER, is_operation_of, operations_of};
use crate::word::Word as _;

/// A resource, or several by a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern {
    resource_type: ResourceType,
    name: String,
    pattern_type: PatternType,
}

/// What is said of resources.
pub(super) type Entries = BTreeMap<Pattern, BTreeSet<AclEntry>>;

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource_type, pattern_type) = (self.resource_type.word(), self.pattern_type.word());
        let name = &self.name;
        write!(f, "ResourcePattern(resourceType={resource_type}, name={name}, patternType={pattern_type})")
    }
}

/// As Java's client shows an entry.
pub(super) fn shown(entry: &AclEntry) -> String {
    let AclEntry { principal, host, operation, permission } = entry;
    let (operation, permission) = (operation.word(), permission.word());
    format!("(principal={principal}, host={host}, operation={operation}, permissionType={permission})")
}

impl Pattern {
    pub(super) fn of(binding: &AclBinding) -> Pattern {
        Pattern {
            resource_type: binding.resource_type,
            name: binding.resource_name.to_string(),
            pattern_type: binding.pattern_type,
        }
    }

    pub(super) fn binding(&self, entry: &AclEntry) -> AclBinding {
        AclBinding {
            resource_type: self.resource_type,
            resource_name: self.name.as_str().into(),
            pattern_type: self.pattern_type,
            entry: entry.clone(),
        }
    }

    /// Whatever is said of it.
    pub(super) fn filter(&self) -> AclFilter {
        AclFilter {
            resource_type: self.resource_type,
            resource_name: Some(self.name.as_str().into()),
            pattern_type: self.pattern_type,
            ..AclFilter::default()
        }
    }

    /// This and nothing else of what is said of it.
    pub(super) fn filter_of(&self, entry: &AclEntry) -> AclFilter {
        AclFilter {
            principal: Some(entry.principal.clone()),
            host: Some(entry.host.clone()),
            operation: entry.operation,
            permission: entry.permission,
            ..self.filter()
        }
    }
}

pub(super) fn to_add(options: &Options) -> Result<Entries> {
    let pattern_type = pattern_type(options)?;
    if !matches!(pattern_type, PatternType::Literal | PatternType::Prefixed) {
        let word = pattern_type.word();
        let message = format!("A '--resource-pattern-type' value of '{word}' is not valid when adding acls.");
        return Err(options.misuse(message).into());
    }
    let wanted = entries(options)?;
    if wanted.values().any(BTreeSet::is_empty) {
        let message = "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.";
        return Err(options.misuse(message).into());
    }
    Ok(wanted)
}

/// A resource without entries stands for all that is said of it.
pub(super) fn to_remove(options: &Options) -> Result<Entries> {
    entries(options)
}

/// The resources, of which none stand for all, and the principals, of which none stand for everybody.
pub(super) fn to_list(options: &Options) -> Result<(Vec<Pattern>, Vec<String>)> {
    Ok((patterns(options)?, principals(options, "principal")?))
}

fn entries(options: &Options) -> Result<Entries> {
    let patterns = patterns(options)?;
    if patterns.is_empty() {
        let message = "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or \
                       --delegation-token <Delegation Token ID>";
        return Err(options.misuse(message).into());
    }
    let mut wanted = Entries::new();
    let is_producer = options.has("producer");
    if !is_producer && !options.has("consumer") {
        let operations = operations(options, &patterns)?;
        for pattern in &patterns {
            wanted.insert(pattern.clone(), entries_of(options, &operations)?);
        }
    }
    for (role, needs) in [("producer", PRODUCER), ("consumer", CONSUMER)] {
        let needs = needs.iter().filter(|_| options.has(role));
        for (resource_type, operations) in needs {
            for pattern in patterns.iter().filter(|pattern| pattern.resource_type == *resource_type) {
                wanted.entry(pattern.clone()).or_default().extend(entries_of(options, operations)?);
            }
        }
    }
    if options.has("idempotent") {
        wanted.insert(cluster(), entries_of(options, &[AclOperation::IdempotentWrite])?);
    }
    Ok(wanted)
}

/// What all of the resources know.
fn operations(options: &Options, patterns: &[Pattern]) -> Result<Vec<AclOperation>> {
    let names: Vec<&str> = options.values("operation").collect();
    let names = if names.is_empty() { vec!["All"] } else { names };
    let operations: Vec<AclOperation> = names
        .iter()
        .map(|name| AclOperation::of_word(name.trim()).unwrap_or(AclOperation::Unknown))
        .collect();
    for Pattern { resource_type, .. } in patterns {
        if !operations.iter().all(|operation| is_operation_of(*resource_type, *operation)) {
            let known = operations_of(*resource_type).iter();
            let mut words: Vec<&str> = known.map(|operation| operation.word()).collect();
            words.push(AclOperation::All.word());
            let message = format!(
                "ResourceType {} only supports operations [{}]",
                resource_type.word(),
                words.join(", ")
            );
            return Err(options.misuse(message).into());
        }
    }
    Ok(operations)
}

/// That those who are named may do these, or may not.
fn entries_of(options: &Options, operations: &[AclOperation]) -> Result<BTreeSet<AclEntry>> {
    let mut entries = BTreeSet::new();
    for (who, whence, permission) in [
        ("allow-principal", "allow-host", AclPermission::Allow),
        ("deny-principal", "deny-host", AclPermission::Deny),
    ] {
        let mut hosts: Vec<&str> = options.values(whence).map(str::trim).collect();
        if hosts.is_empty() {
            hosts.push("*");
        }
        for principal in principals(options, who)? {
            for operation in operations {
                entries.extend(hosts.iter().map(|host| AclEntry {
                    principal: principal.as_str().into(),
                    host: (*host).into(),
                    operation: *operation,
                    permission,
                }));
            }
        }
    }
    Ok(entries)
}

fn principals(options: &Options, name: &str) -> Result<Vec<String>> {
    let principals = options.values(name).map(|text| match text.trim() {
        text if text.contains(':') => Ok(text.to_owned()),
        text => bail!("expected a string in format principalType:principalName but got {text}"),
    });
    principals.collect()
}

/// How each kind of resource is named.
const RESOURCES: [(&str, ResourceType); 5] = [
    ("topic", ResourceType::Topic),
    ("group", ResourceType::Group),
    ("transactional-id", ResourceType::TransactionalId),
    ("delegation-token", ResourceType::DelegationToken),
    ("user-principal", ResourceType::User),
];

fn patterns(options: &Options) -> Result<Vec<Pattern>> {
    let pattern_type = pattern_type(options)?;
    let mut patterns = BTreeSet::new();
    for (flag, resource_type) in RESOURCES {
        let names = options.values(flag).map(|name| name.trim().to_owned());
        patterns.extend(names.map(|name| Pattern { resource_type, name, pattern_type }));
    }
    if pattern_type == PatternType::Literal && options.count(&["cluster", "idempotent"]) > 0 {
        patterns.insert(cluster());
    }
    Ok(patterns.into_iter().collect())
}

fn cluster() -> Pattern {
    Pattern {
        resource_type: ResourceType::Cluster,
        name: CLUSTER.to_owned(),
        pattern_type: PatternType::Literal,
    }
}

fn pattern_type(options: &Options) -> Result<PatternType> {
    match options.value("resource-pattern-type")? {
        None => Ok(PatternType::Literal),
        Some(text) => PatternType::of_word(text)
            .with_context(|| format!("Cannot parse argument '{text}' of option resource-pattern-type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Options {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        super::super::SYNTAX.parse(&args).expect("it parses")
    }

    fn check(line: &str, expected: &[&str]) {
        let wanted = to_add(&options(line)).unwrap_or_else(|error| panic!("{line}: {error}"));
        let wanted: Vec<String> = wanted
            .iter()
            .flat_map(|(pattern, entries)| {
                entries.iter().map(move |it| {
                    let (resource, operation) = (pattern.resource_type.word(), it.operation.word());
                    let (name, who, permission) = (&pattern.name, &it.principal, it.permission.word());
                    format!("{resource} {name}: {permission} {who}@{} {operation}", it.host)
                })
            })
            .collect();
        assert_eq!(wanted, expected, "{line}");
    }

    #[test]
    fn roles_stand_for_what_they_need() {
        check("--topic a --allow-principal User:x", &["TOPIC a: ALLOW User:x@* ALL"]);
        check(
            "--topic a --deny-principal User:x --deny-host 1.2.3.4 --operation Read --operation DESCRIBE",
            &["TOPIC a: DENY User:x@1.2.3.4 READ", "TOPIC a: DENY User:x@1.2.3.4 DESCRIBE"],
        );
        check(
            "--producer --idempotent --topic a --transactional-id t --allow-principal User:x",
            &[
                "TOPIC a: ALLOW User:x@* WRITE",
                "TOPIC a: ALLOW User:x@* CREATE",
                "TOPIC a: ALLOW User:x@* DESCRIBE",
                "CLUSTER kafka-cluster: ALLOW User:x@* IDEMPOTENT_WRITE",
                "TRANSACTIONAL_ID t: ALLOW User:x@* WRITE",
                "TRANSACTIONAL_ID t: ALLOW User:x@* DESCRIBE",
            ],
        );
        check(
            "--consumer --topic a --group g --allow-principal User:x",
            &[
                "TOPIC a: ALLOW User:x@* READ",
                "TOPIC a: ALLOW User:x@* DESCRIBE",
                "GROUP g: ALLOW User:x@* READ",
            ],
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_kafkas_words() {
        for (line, expected) in [
            ("--allow-principal User:x", "You must provide at least one resource: "),
            ("--topic a", "You must specify one of: --allow-principal, --deny-principal when"),
            ("--topic a --allow-principal x", "expected a string in format principalType:principalName but"),
            ("--topic a --allow-principal U:x --operation nonsense", "ResourceType TOPIC only supports "),
            ("--group a --allow-principal U:x --operation Write", "ResourceType GROUP only supports "),
            ("--topic a --resource-pattern-type any", "A '--resource-pattern-type' value of 'ANY' is not"),
            ("--topic a --resource-pattern-type x", "Cannot parse argument 'x' of option resource-pattern"),
        ] {
            let error = to_add(&options(line)).expect_err(line).to_string();
            assert!(error.starts_with(expected), "{line}: {error}");
        }
    }
}
