//! What several options of a broker must be together, and what is not supported yet.

use crate::{
    broker_config::{connection_limits, metrics_listener},
    error::{ConfigError, InvalidConfig},
    options,
    origin::Origin,
    reader::Reader,
    settings::Settings,
};

struct Rule {
    /// Whose origin is told when the rule is broken.
    option: &'static str,
    holds: fn(&Reader<'_>) -> bool,
    message: &'static str,
}

/// Hold at the start and after every alteration.
static RULES: &[Rule] = &[
    Rule {
        option: "log.roll.ms",
        holds: |broker| first_given(broker, &["log.roll.ms", "log.roll.hours"]) >= 1,
        message: "log.roll.ms must be greater than or equal to 1",
    },
    Rule {
        option: "log.roll.jitter.ms",
        holds: |broker| first_given(broker, &["log.roll.jitter.ms", "log.roll.jitter.hours"]) >= 0,
        message: "log.roll.jitter.ms must be greater than or equal to 0",
    },
    Rule {
        option: "log.retention.ms",
        holds: |broker| {
            first_given(broker, &["log.retention.ms", "log.retention.minutes", "log.retention.hours"]) != 0
        },
        message: "log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
    },
    Rule {
        option: "max.connections.per.ip",
        holds: |broker| {
            broker.int("max.connections.per.ip") > 0
                || !broker.string("max.connections.per.ip.overrides").is_empty()
        },
        message: "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
    },
    Rule {
        option: "max.connections.per.ip.overrides",
        holds: |broker| connection_limits(&broker.string("max.connections.per.ip.overrides")).is_some(),
        message: "max.connections.per.ip.overrides: expected host:number,host:number",
    },
    Rule {
        option: "queued.max.request.bytes",
        holds: |broker| {
            let bytes = broker.long("queued.max.request.bytes");
            bytes <= 0 || bytes >= broker.long("socket.request.max.bytes")
        },
        message: "queued.max.request.bytes must be larger or equal to socket.request.max.bytes",
    },
    Rule {
        option: "group.max.session.timeout.ms",
        holds: |broker| {
            broker.int("group.min.session.timeout.ms") <= broker.int("group.max.session.timeout.ms")
        },
        message: "group.max.session.timeout.ms must be greater than or equal to group.min.session.timeout.ms",
    },
    Rule {
        option: "offsets.topic.compression.codec",
        holds: |broker| (0..=4).contains(&broker.int("offsets.topic.compression.codec")),
        message: "offsets.topic.compression.codec must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4) or 4 (zstd)",
    },
];

/// Hold at the start, because they are about options that do not change.
static RULES_AT_START: &[Rule] = &[
    Rule {
        option: "broker.id",
        holds: |broker| [-1, broker.int("node.id")].contains(&broker.int("broker.id")),
        message: "You must set `node.id` to the same value as `broker.id`.",
    },
    Rule {
        option: "process.roles",
        holds: |broker| ["broker", "controller"].iter().all(|role| has(&broker.list("process.roles"), role)),
        message: "only process.roles=broker,controller is supported yet: this node is a whole cluster",
    },
    // A node that took itself for the whole of a larger cluster would accept what the others never see.
    Rule {
        option: "controller.quorum.voters",
        holds: |broker| broker.list("controller.quorum.voters").len() <= 1,
        message: "controller.quorum.voters may name this node alone: clusters of several nodes are not supported yet",
    },
    Rule {
        option: "controller.quorum.bootstrap.servers",
        holds: |broker| broker.list("controller.quorum.bootstrap.servers").len() <= 1,
        message: "controller.quorum.bootstrap.servers may name this node alone: clusters of several nodes are not \
                  supported yet",
    },
    // Whoever sets it relies on access being controlled.
    Rule {
        option: "authorizer.class.name",
        holds: |broker| broker.string("authorizer.class.name").is_empty(),
        message: "authorizer.class.name must be empty: access cannot be controlled yet",
    },
    Rule {
        option: "ottla.metrics.listener",
        holds: |broker| metrics_listener(broker).is_ok(),
        message: "ottla.metrics.listener: expected host:port",
    },
];

/// The rules that a configuration to start with breaks.
pub(crate) fn broken_at_start(settings: &Settings) -> Vec<ConfigError> {
    let broken = RULES.iter().chain(RULES_AT_START).filter(|rule| !rule.holds_for(settings));
    let mut errors: Vec<ConfigError> = broken.map(|rule| rule.error(settings)).collect();
    if let Err(error) = settings.listeners() {
        let origin = settings.origin("listeners");
        errors.push(ConfigError::Invalid { origin, message: error.message().into() });
    }
    errors
}

/// The first rule that settings break which were altered while running.
pub(crate) fn check(settings: &Settings) -> Result<(), InvalidConfig> {
    match RULES.iter().find(|rule| !rule.holds_for(settings)) {
        Some(rule) => Err(InvalidConfig::new(rule.message)),
        None => Ok(()),
    }
}

impl Rule {
    fn holds_for(&self, settings: &Settings) -> bool {
        (self.holds)(&Reader::new(&|name| settings.value(name)))
    }

    fn error(&self, settings: &Settings) -> ConfigError {
        ConfigError::Invalid { origin: origin_in_family(settings, self.option), message: self.message.into() }
    }
}

/// Where the first of a family that was given was given.
fn origin_in_family(settings: &Settings, option: &'static str) -> Origin {
    let members = options::family(option).into_iter().flatten().map(|(member, _)| *member);
    let mut origins = members.chain([option]).map(|member| settings.origin(member));
    origins.find(|origin| *origin != Origin::Default).unwrap_or(Origin::Default)
}

/// Of a family the first that has a value; the last always has one.
fn first_given(broker: &Reader<'_>, family: &[&'static str]) -> i64 {
    family.iter().find_map(|member| broker.optional_long(member)).unwrap_or(0)
}

fn has(items: &[String], item: &str) -> bool {
    items.iter().any(|one| one == item)
}
