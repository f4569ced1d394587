//! Options of the client, by librdkafka's names.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use ottla_client::config::{ConsumerConfig, ProducerConfig};

use super::options::Options;
use super::told::Fatal;
use crate::remote::{Property, is_without_effect, refusal};

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

/// librdkafka's one level of compression, where Kafka has one for each codec.
const LEVEL: &str = "compression.level";

/// What `message.timeout.ms=0` stands for.
const FOREVER_MS: &str = "2147483647";

impl Settings {
    /// [`Fatal`] in librdkafka's words if there is no such option, or it cannot have that value.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Fatal> {
        self.set_by("the command line", name, value)
    }

    fn set_by(&mut self, origin: &str, name: &str, value: &str) -> Result<(), Fatal> {
        if let Some(reason) = refusal(name, value) {
            return Err(Fatal::new(format!("{name}: {reason}")));
        }
        let name = name.strip_prefix("topic.").filter(|_| !is_without_effect(name)).unwrap_or(name);
        // The one that may be shorter than a request's time.
        let name = if name == "delivery.timeout.ms" { "message.timeout.ms" } else { name };
        if name.starts_with("schema.registry.") {
            return Err(Fatal::new("This build of kcat lacks Avro/Schema-Registry support"));
        }
        let property = Property::new(name, value, origin);
        if is_without_effect(name) {
            // Whoever connects warns of it.
            self.said.push(property);
            return Ok(());
        }
        if name == "sasl.oauthbearer.method" {
            return check_method(value);
        }
        if name == LEVEL {
            check_level(value)?;
            self.said.push(property);
            return Ok(());
        }
        let meant = property.clone().with_ports();
        // An address and all that must go with others, so that nothing else is missed.
        let alone = [("bootstrap.servers", "127.0.0.1:9092"), meant.pair()];
        let of_producer = ProducerConfig::from_properties(alone).map(drop);
        let of_both = of_producer.and_then(|()| ConsumerConfig::from_properties(alone).map(drop));
        if let Err(error) = of_both {
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
        let timeout = self.get("message.timeout.ms").and_then(|ms| ms.parse::<u64>().ok());
        // librdkafka lets a message's time be shorter than a request's.
        if let Some(timeout) = timeout.filter(|ms| *ms > 0) {
            let request = (timeout / 2).clamp(1, 30_000).to_string();
            all.push(Property::new("request.timeout.ms", request, "message.timeout.ms"));
        }
        let said = self.said.iter().filter(|property| property.name != LEVEL);
        all.extend(said.cloned().map(Property::with_ports));
        all.extend(self.level());
        if timeout == Some(0) {
            all.push(Property::new("message.timeout.ms", FOREVER_MS, "message.timeout.ms"));
        }
        all
    }

    /// The level of compression under its codec's name, if there are levels of that.
    fn level(&self) -> Option<Property> {
        let level = self.get(LEVEL).filter(|level| *level != "-1")?;
        let codec = self.get("compression.codec").or(self.get("compression.type"))?;
        let has_levels = matches!(codec, "gzip" | "lz4" | "zstd");
        has_levels.then(|| Property::new(&format!("compression.{codec}.level"), level, LEVEL))
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
            sayln!("% Reading configuration from file {path}");
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
            self.set_by(path, name, value).map_err(|error| {
                let reason = error.to_string();
                Fatal::new(format!("{path}:{number}: {}", reason.trim_start_matches("% ERROR: ")))
            })?;
        }
        Ok(())
    }
}

fn check_level(value: &str) -> Result<(), Fatal> {
    let is_one = value.parse().is_ok_and(|level: i32| level >= -1);
    let wrong = || Fatal::new(format!("{LEVEL}: {value:?} is not a number in range"));
    is_one.then_some(()).ok_or_else(wrong)
}

/// Of the two that librdkafka has, the one for brokers that check signatures.
fn check_method(value: &str) -> Result<(), Fatal> {
    match value {
        "oidc" => Ok(()),
        _ => Err(Fatal::new(format!(
            "sasl.oauthbearer.method: {value:?} makes tokens without a signature: give oidc"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_librdkafka_has_under_other_names_or_conditions_is_translated() {
        for (line, expected) in [
            ("compression.level=9 compression.codec=gzip", "compression.gzip.level=9"),
            ("compression.codec=zstd topic.compression.level=3", "compression.zstd.level=3"),
            ("delivery.timeout.ms=1000", "request.timeout.ms=500"),
            ("message.timeout.ms=0", "message.timeout.ms=2147483647"),
        ] {
            let mut settings = Settings::default();
            for (name, value) in line.split(' ').filter_map(|pair| pair.split_once('=')) {
                settings.set(name, value).expect(line);
            }
            let all = settings.properties();
            let pairs: Vec<String> = all.iter().map(|it| format!("{}={}", it.name, it.value)).collect();
            assert!(pairs.iter().any(|pair| pair == expected), "{line}: {pairs:?}");
            let complete = all.iter().map(Property::pair).chain([("bootstrap.servers", "a:1")]);
            ProducerConfig::from_properties(complete).expect(line);
        }
        for (name, value) in
            [("compression.level", "-2"), ("compression.level", "x"), ("sasl.oauthbearer.method", "default")]
        {
            assert!(Settings::default().set(name, value).is_err(), "{name}={value}");
        }
    }

    #[test]
    fn what_has_no_effect_is_kept_with_who_said_it_or_refused() {
        let mut settings = Settings::default();
        settings.set("debug", "all").expect("it is taken");
        settings.read("kcat.conf", "log_level=7\n").expect("it is well formed");
        let said: Vec<_> = settings.said.iter().map(|it| (&*it.name, &*it.origin)).collect();
        assert_eq!(said, [("debug", "the command line"), ("log_level", "kcat.conf")]);
        for (name, value, reason) in [
            ("topic.blacklist", "^secret", "no topics can be left out"),
            ("enable.auto.offset.store", "false", "no offsets can be held back"),
        ] {
            let error = Settings::default().set(name, value).expect_err(name).to_string();
            assert!(error.starts_with(&format!("% ERROR: {name}: {reason}")), "{error}");
        }
    }

    #[test]
    fn files_are_read_as_kcat_reads_them() {
        let mut settings = Settings::default();
        let text =
            "# brokers\n\n metadata.broker.list=a\\:1 \ntopic.acks=1\nlog_level=7\nsasl.password=a=b\n";
        settings.read("kcat.conf", text).expect("it is well formed");
        assert_eq!(
            settings.shown(),
            "# Global config\nmetadata.broker.list = a:1\nacks = 1\nlog_level = 7\nsasl.password = a=b\n\n"
        );
        for (text, expected) in [
            ("x", "% ERROR: kcat.conf:1: expected property=value"),
            ("\nfoo=1", "% ERROR: kcat.conf:2: No such configuration property: \"foo\""),
        ] {
            assert_eq!(settings.read("kcat.conf", text).expect_err(text).to_string(), expected);
        }
    }
}
