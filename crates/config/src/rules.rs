//! What several options of a broker must be together.

use crate::{
    error::{ConfigError, InvalidConfig},
    origin::Origin,
    reader::Reader,
    settings::Settings,
};

/// A rule, and the option whose origin is told when it is broken.
type Rule = (&'static str, fn(&Reader<'_>) -> Result<(), String>);

/// Hold at the start and after every alteration.
static RULES: &[Rule] = &[
    ("log.roll.ms", |broker| {
        require(first_given(broker, "log.roll.ms", "log.roll.hours") >= 1, || {
            "log.roll.ms must be greater than or equal to 1".into()
        })
    }),
    ("log.roll.jitter.ms", |broker| {
        require(first_given(broker, "log.roll.jitter.ms", "log.roll.jitter.hours") >= 0, || {
            "log.roll.jitter.ms must be greater than or equal to 0".into()
        })
    }),
    ("log.retention.ms", |broker| {
        require(retention(broker) != 0, || {
            "log.retention.ms must be unlimited (-1) or, greater than or equal to 1".into()
        })
    }),
    ("max.connections.per.ip", |broker| {
        let all_are_refused = broker.int("max.connections.per.ip") == 0
            && broker.string("max.connections.per.ip.overrides").is_empty();
        require(!all_are_refused, || {
            "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.".into()
        })
    }),
    ("queued.max.request.bytes", |broker| {
        let bytes = broker.long("queued.max.request.bytes");
        require(bytes <= 0 || bytes >= broker.long("socket.request.max.bytes"), || {
            "queued.max.request.bytes must be larger or equal to socket.request.max.bytes".into()
        })
    }),
    ("group.max.session.timeout.ms", |broker| {
        require(
            broker.int("group.min.session.timeout.ms") <= broker.int("group.max.session.timeout.ms"),
            || {
                "group.max.session.timeout.ms must be greater than or equal to group.min.session.timeout.ms"
                    .into()
            },
        )
    }),
    ("offsets.topic.compression.codec", |broker| {
        require((0..=4).contains(&broker.int("offsets.topic.compression.codec")), || {
            "offsets.topic.compression.codec must be 0 (none), 1 (gzip), 2 (snappy), 3 (lz4) or 4 (zstd)"
                .into()
        })
    }),
];

/// Hold at the start, because they are about options that do not change.
static RULES_AT_START: &[Rule] = &[
    ("broker.id", |broker| {
        require(broker.int("broker.id") == -1 || broker.int("broker.id") == broker.int("node.id"), || {
            "You must set `node.id` to the same value as `broker.id`.".into()
        })
    }),
    ("process.roles", |broker| {
        let roles = broker.list("process.roles");
        require(["broker", "controller"].iter().all(|role| roles.iter().any(|one| one == role)), || {
            "only process.roles=broker,controller is supported yet: this node is a whole cluster".into()
        })
    }),
    ("controller.quorum.voters", |broker| is_alone(broker, "controller.quorum.voters")),
    ("controller.quorum.bootstrap.servers", |broker| is_alone(broker, "controller.quorum.bootstrap.servers")),
    ("authorizer.class.name", |broker| {
        require(broker.string("authorizer.class.name").is_empty(), || {
            "there is no authorizer yet: with authorizer.class.name set, access would be expected to be controlled".into()
        })
    }),
];

/// The rules that a configuration to start with breaks.
pub(crate) fn broken_at_start(settings: &Settings) -> Vec<ConfigError> {
    let mut errors: Vec<ConfigError> = RULES
        .iter()
        .chain(RULES_AT_START)
        .filter_map(|(name, rule)| {
            let message = apply(settings, *rule).err()?;
            Some(ConfigError::Invalid { origin: settings.origin(name), message })
        })
        .collect();
    if let Err(error) = settings.listeners() {
        let origin = settings.start().origin("listeners").cloned().unwrap_or(Origin::Default);
        errors.push(ConfigError::Invalid { origin, message: error.to_string() });
    }
    errors
}

/// The first rule that settings break which were altered while running.
pub(crate) fn check(settings: &Settings) -> Result<(), InvalidConfig> {
    RULES.iter().try_for_each(|(_, rule)| apply(settings, *rule)).map_err(InvalidConfig::new)
}

fn apply(settings: &Settings, rule: fn(&Reader<'_>) -> Result<(), String>) -> Result<(), String> {
    rule(&Reader::new(&|name| settings.value(name)))
}

fn require(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

fn first_given(broker: &Reader<'_>, milliseconds: &'static str, otherwise: &'static str) -> i64 {
    broker.optional_long(milliseconds).unwrap_or_else(|| broker.long(otherwise))
}

fn retention(broker: &Reader<'_>) -> i64 {
    let minutes = || broker.optional_long("log.retention.minutes");
    broker
        .optional_long("log.retention.ms")
        .or_else(minutes)
        .unwrap_or_else(|| broker.long("log.retention.hours"))
}

/// A node that took itself for the whole of a larger cluster would accept what the others never see.
fn is_alone(broker: &Reader<'_>, name: &'static str) -> Result<(), String> {
    let others = broker.list(name).len();
    require(others <= 1, || {
        format!("{name} names {others} controllers, but more than one node is not supported yet")
    })
}
