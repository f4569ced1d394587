//! Options of the client, by librdkafka's names.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use ottla_client::config::ProducerConfig;

use super::options::Options;
use super::told::Fatal;
use crate::remote::Property;

/// What was said, the weakest first.
#[derive(Debug, Default)]
pub(super) struct Settings {
    said: Vec<Property>,
    /// A file was named, so that no other is looked for.
    has_file: bool,
}

/// What librdkafka does where nobody says.
const DEFAULTS: &[(&str, &str)] = &[
    ("client.id", "rdkafka"),
    ("isolation.level", "read_committed"),
    ("auto.offset.reset", "latest"),
    ("allow.auto.create.topics", "false"),
    ("partitioner", "consistent_random"),
    ("batch.size", "1000000"),
    ("max.poll.records", "10000"),
];

/// What tunes librdkafka's inside, or is about what this client does anyway: taken, without effect.
const WITHOUT_EFFECT: &[&str] = &[
    "api.version.fallback.ms",
    "api.version.request",
    "api.version.request.timeout.ms",
    "auto.commit.enable",
    "broker.address.family",
    "broker.address.ttl",
    "broker.version.fallback",
    "builtin.features",
    "consume.callback.max.messages",
    "coordinator.query.interval.ms",
    "debug",
    "delivery.report.only.error",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "enable.random.seed",
    "enable.sparse.connections",
    "fetch.error.backoff.ms",
    "internal.termination.signal",
    "log.connection.close",
    "log.queue",
    "log.thread.name",
    "log_level",
    "max.in.flight.requests",
    "message.copy.max.bytes",
    "metadata.request.timeout.ms",
    "offset.store.method",
    "offset.store.path",
    "plugin.library.paths",
    "produce.offset.report",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "queuing.strategy",
    "receive.message.max.bytes",
    "socket.blocking.max.ms",
    "socket.keepalive.enable",
    "socket.max.fails",
    "socket.nagle.disable",
    "statistics.interval.ms",
    "sticky.partitioning.linger.ms",
    "topic.blacklist",
    "topic.metadata.propagation.max.ms",
    "topic.metadata.refresh.fast.cnt",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.sparse",
];

impl Settings {
    /// [`Fatal`] in librdkafka's words if there is no such option, or it cannot have that value.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Fatal> {
        let name = name.strip_prefix("topic.").filter(|_| !WITHOUT_EFFECT.contains(&name)).unwrap_or(name);
        if name.starts_with("schema.registry.") {
            return Err(Fatal::new("This build of kcat lacks Avro/Schema-Registry support"));
        }
        if WITHOUT_EFFECT.contains(&name) {
            return Ok(());
        }
        let property = Property::new(name, value, "the command line");
        let meant = property.clone().with_ports();
        // An address and all that must go with others, so that nothing else is missed.
        let alone = [("bootstrap.servers", "127.0.0.1:9092"), meant.pair()];
        if let Err(error) = ProducerConfig::from_properties(alone) {
            let reason = error.to_string();
            if reason.contains("there is no option") {
                return Err(Fatal::new(format!("No such configuration property: \"{name}\"")));
            }
            // What does not go with the default of another may go with what comes yet.
            if reason.contains(&format!("{name}: ")) && !reason.contains("does not allow") {
                return Err(Fatal::new(reason));
            }
        }
        self.said.push(property);
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let last = self.said.iter().rev().find(|property| property.name == name);
        last.map(|property| property.value.as_str())
    }

    pub(super) fn names_brokers(&self) -> bool {
        self.get("metadata.broker.list").or(self.get("bootstrap.servers")).is_some()
    }

    /// All that counts, the weakest first.
    pub(super) fn properties(&self) -> Vec<Property> {
        let defaults =
            DEFAULTS.iter().map(|(name, value)| Property::new(name, *value, "librdkafka's default"));
        let mut all: Vec<Property> = defaults.collect();
        // librdkafka lets a message's time be shorter than a request's.
        if let Some(timeout) = self.get("message.timeout.ms").and_then(|ms| ms.parse::<u64>().ok())
            && timeout > 0
        {
            let request = (timeout / 2).clamp(1, 30_000).to_string();
            all.push(Property::new("request.timeout.ms", request, "message.timeout.ms"));
        }
        all.extend(self.said.iter().cloned().map(Property::with_ports));
        all
    }

    pub(super) fn shown(&self) -> String {
        let lines = self.said.iter().map(|property| format!("{} = {}\n", property.name, property.value));
        format!("# Global config\n{}\n", lines.collect::<String>())
    }

    /// That of `-F`.
    pub(super) fn read_named_file(&mut self, path: &str, verbosity: i32) -> Result<(), Fatal> {
        self.has_file = true;
        if matches!(path, "-" | "none") {
            return Ok(());
        }
        let text = fs::read_to_string(path)
            .map_err(|error| Fatal::new(format!("Failed to open {path}: {error}")))?;
        if verbosity >= 1 {
            eprintln!("% Reading configuration from file {path}");
        }
        self.read(path, &text)
    }

    /// Those of the environment and of the user, if `-F` names none. They are weaker than what was said.
    pub(super) fn read_default_files(&mut self, options: &Options) -> Result<(), Fatal> {
        if self.has_file {
            return Ok(());
        }
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let mut weaker = Settings::default();
        if let Some(path) = variable("KCAT_CONFIG").or_else(|| variable("KAFKACAT_CONFIG")) {
            weaker.read_named_file(&path, options.verbosity)?;
        } else if let Some(home) = variable("HOME") {
            let paths =
                ["kcat.conf", "kafkacat.conf"].map(|file| PathBuf::from(&home).join(".config").join(file));
            let found = paths.iter().find_map(|path| Some((path, fs::read_to_string(path).ok()?)));
            if let Some((path, text)) = found {
                options.tell(3, format_args!("Reading configuration from file {}", path.display()));
                weaker.read(&path.display().to_string(), &text)?;
            }
        }
        self.said.splice(0..0, weaker.said);
        Ok(())
    }

    /// Lines of `property=value`. What Java escapes and librdkafka does not is taken either way.
    fn read(&mut self, path: &str, text: &str) -> Result<(), Fatal> {
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.replace("\\:", ":").replace("\\=", "=");
            let pair = line.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, value) =
                pair.ok_or_else(|| Fatal::new(format!("{path}:{number}: expected property=value")))?;
            self.set(name, value).map_err(|error| {
                let reason = error.to_string();
                Fatal::new(format!("{path}:{number}: {}", reason.trim_start_matches("% ERROR: ")))
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_kcat_reads_them() {
        let mut settings = Settings::default();
        let text =
            "# brokers\n\n metadata.broker.list=a\\:1 \ntopic.acks=1\nlog_level=7\nsasl.password=a=b\n";
        settings.read("kcat.conf", text).expect("it is well formed");
        assert_eq!(
            settings.shown(),
            "# Global config\nmetadata.broker.list = a:1\nacks = 1\nsasl.password = a=b\n\n"
        );
        for (text, expected) in [
            ("x", "% ERROR: kcat.conf:1: expected property=value"),
            ("\nfoo=1", "% ERROR: kcat.conf:2: No such configuration property: \"foo\""),
        ] {
            assert_eq!(settings.read("kcat.conf", text).expect_err(text).to_string(), expected);
        }
    }
}
