//! Subscriptions to client metrics (KIP-714): what Kafka refuses beyond the type of a value.

use crate::{error::Refusal, options::Scope, settings::Overrides, value::Value};

const INTERVAL_LEAST_MS: i32 = 100;
const INTERVAL_MOST_MS: i32 = 60 * 60 * 1000;

/// What a client can be matched by.
const MATCHED: &[&str] = &[
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

pub(crate) fn check_subscription(overrides: &Overrides) -> Result<(), Refusal> {
    for (name, text) in overrides {
        let Some(option) = Scope::ClientMetrics.find(name) else {
            return Err(Refusal::request(format!("Unknown client metrics configuration: {name}")));
        };
        let value = option.parse(text)?;
        if let Value::Int(interval) = value {
            check_interval(interval)?;
        } else if let Value::List(items) = value
            && name == "match"
        {
            check_patterns(&items)?;
        }
    }
    Ok(())
}

fn check_interval(interval: i32) -> Result<(), Refusal> {
    if (INTERVAL_LEAST_MS..=INTERVAL_MOST_MS).contains(&interval) {
        return Ok(());
    }
    Err(Refusal::request(format!(
        "Invalid value {interval} for interval.ms, interval must be between {INTERVAL_LEAST_MS} and \
         {INTERVAL_MOST_MS} (1 hour)"
    )))
}

/// `client_id=REGEX`. The expressions are told apart from plain nonsense by their brackets alone: nothing matches
/// clients yet.
fn check_patterns(items: &[String]) -> Result<(), Refusal> {
    match items.iter().find(|item| !is_pattern(item)) {
        Some(item) => Err(Refusal::config(format!("Illegal client matching pattern: {item}"))),
        None => Ok(()),
    }
}

fn is_pattern(item: &str) -> bool {
    let mut parts = item.split('=');
    let (name, pattern, rest) = (parts.next(), parts.next(), parts.next());
    name.is_some_and(|name| MATCHED.contains(&name.trim()))
        && pattern.is_some_and(|pattern| has_matching_brackets(pattern.trim()))
        && rest.is_none()
}

fn has_matching_brackets(pattern: &str) -> bool {
    let mut open = Vec::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        let in_class = open.last() == Some(&']');
        match c {
            '\\' if characters.next().is_none() => return false,
            ']' if in_class => drop(open.pop()),
            '[' => open.push(']'),
            '(' if !in_class => open.push(')'),
            ')' if !in_class && open.pop() != Some(')') => return false,
            _ => {}
        }
    }
    open.is_empty()
}
