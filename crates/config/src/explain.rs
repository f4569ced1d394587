//! Every option with its value and where that comes from (`ottla config explain`), and the manual.

use std::fmt::Write;

use crate::{
    option::{Change, ConfigOption, Importance, Kind},
    options::{NODE_DEFAULTS, Scope},
    origin::Origin,
    settings::Settings,
};

/// A broker's option as it stands.
#[derive(Debug, Clone)]
pub struct Explained {
    pub option: &'static ConfigOption,
    /// The value in force; `None` is null, and a secret is hidden.
    pub value: Option<String>,
    pub origin: Origin,
    /// In words, as `[1,...]`; empty where every value of the type is taken.
    pub range: String,
    /// The topics' or groups' options that take their default from this one.
    pub default_of: Vec<&'static str>,
}

impl Settings {
    /// Every option of the broker that anybody acts on or somebody has given, in the order of the declarations.
    pub fn explain(&self) -> Vec<Explained> {
        Scope::Broker
            .options()
            .map(|option| self.explain_option(option))
            .filter(|one| (one.option.acts && one.option.listed) || one.origin != Origin::Default)
            .collect()
    }

    fn explain_option(&self, option: &'static ConfigOption) -> Explained {
        Explained {
            option,
            value: self.value(option.name).map(|value| value.to_string()),
            origin: self.origin(option.name),
            range: option.check.to_string(),
            default_of: default_of(option.name),
        }
    }
}

fn default_of(broker_option: &str) -> Vec<&'static str> {
    [Scope::Topic, Scope::Group]
        .into_iter()
        .flat_map(Scope::options)
        .filter(|option| option.fallback == Some(broker_option))
        .map(|option| option.name)
        .collect()
}

/// The manual's chapter on configuration, in Markdown: the options of each scope that something acts on.
pub fn manual() -> String {
    let mut text = String::new();
    for (title, scope) in [
        ("Options of the broker", Scope::Broker),
        ("Options of topics", Scope::Topic),
        ("Options of groups", Scope::Group),
        ("Options of subscriptions to client metrics", Scope::ClientMetrics),
    ] {
        write!(text, "## {title}\n\n").expect("a string takes what is written");
        for option in scope.options().filter(|option| option.acts && option.listed) {
            text.push_str(&manual_entry(option, scope));
        }
    }
    text
}

fn manual_entry(option: &ConfigOption, scope: Scope) -> String {
    let mut facts = vec![kind_in_words(option.kind).to_owned()];
    facts.push(match option.default {
        Some("") => "default empty".into(),
        Some(default) => format!("default `{default}`"),
        None => "no default".into(),
    });
    let range = option.check.to_string();
    if !range.is_empty() {
        facts.push(format!("`{range}`"));
    }
    if let Some(broker_option) = option.fallback {
        facts.push(format!("else the broker's `{broker_option}`"));
    }
    if scope == Scope::Broker {
        facts.push(change_in_words(option.change).to_owned());
        facts.push(importance_in_words(option.importance).to_owned());
    }
    let note = if NODE_DEFAULTS.contains(&option.name) { " The default is not Kafka's." } else { "" };
    format!("### `{}`\n\n{}{note}\n\n*{}*\n\n", option.name, option.documentation, facts.join("; "))
}

fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "true or false",
        Kind::Int | Kind::Long | Kind::Short => "whole number",
        Kind::Double => "number",
        Kind::String => "text",
        Kind::List => "list",
        Kind::Password => "secret",
        Kind::Class => "Java class",
    }
}

fn change_in_words(change: Change) -> &'static str {
    match change {
        Change::ReadOnly => "only at the start",
        Change::PerBroker => "dynamic for one broker",
        Change::ClusterWide => "dynamic",
    }
}

fn importance_in_words(importance: Importance) -> &'static str {
    match importance {
        Importance::High => "important",
        Importance::Medium => "of medium importance",
        Importance::Low => "of low importance",
    }
}
