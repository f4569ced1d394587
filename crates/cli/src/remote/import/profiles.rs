//! Files of rpk and kaf, which have several clusters each. Pure.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::exit::usage;

/// Name and value of an option, by librdkafka's names.
type Named = (String, String);

/// A cluster as such a file has it.
#[derive(Debug, Default)]
struct Profile {
    name: String,
    brokers: Vec<String>,
    tls: Option<Tls>,
    sasl: Option<Sasl>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tls {
    #[serde(alias = "ca_file", alias = "truststore_file", alias = "cafile")]
    ca: String,
    #[serde(alias = "cert_file", alias = "clientfile")]
    certificate: String,
    #[serde(alias = "key_file", alias = "clientkeyfile")]
    key: String,
    #[serde(alias = "insecure_skip_verify")]
    insecure: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sasl {
    #[serde(alias = "type")]
    mechanism: String,
    #[serde(alias = "user")]
    username: String,
    password: String,
    #[serde(rename = "clientID")]
    client_id: String,
    #[serde(rename = "clientSecret")]
    client_secret: String,
    #[serde(rename = "tokenURL")]
    token_url: String,
}

/// `rpk.yaml`.
#[derive(Debug, Deserialize)]
struct Rpk {
    #[serde(default)]
    current_profile: String,
    profiles: Vec<RpkProfile>,
}

#[derive(Debug, Deserialize)]
struct RpkProfile {
    name: String,
    #[serde(default)]
    kafka_api: RpkKafkaApi,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RpkKafkaApi {
    brokers: Vec<String>,
    tls: Option<Tls>,
    sasl: Option<Sasl>,
}

/// `~/.kaf/config`.
#[derive(Debug, Deserialize)]
struct Kaf {
    #[serde(default, rename = "current-cluster")]
    current_cluster: String,
    clusters: Vec<KafCluster>,
}

#[derive(Debug, Deserialize)]
struct KafCluster {
    name: String,
    #[serde(default)]
    brokers: Vec<String>,
    #[serde(rename = "SASL")]
    sasl: Option<Sasl>,
    #[serde(rename = "TLS")]
    tls: Option<Tls>,
}

/// The options of the profile of this name, or of the one that is in use.
pub(super) fn of_rpk(text: &str, wanted: &str) -> Result<Vec<Named>> {
    let file: Rpk = serde_saphyr::from_str(text).context("it is not rpk's list of profiles")?;
    let profiles = file.profiles.into_iter().map(|profile| {
        let RpkKafkaApi { brokers, tls, sasl } = profile.kafka_api;
        Profile { name: profile.name, brokers, tls, sasl }
    });
    Ok(choose(profiles.collect(), wanted, &file.current_profile)?.options())
}

/// The options of the cluster of this name, or of the one that is in use.
pub(super) fn of_kaf(text: &str, wanted: &str) -> Result<Vec<Named>> {
    let file: Kaf = serde_saphyr::from_str(text).context("it is not kaf's list of clusters")?;
    let profiles = file.clusters.into_iter().map(|cluster| {
        let KafCluster { name, brokers, sasl, tls } = cluster;
        Profile { name, brokers, tls, sasl }
    });
    Ok(choose(profiles.collect(), wanted, &file.current_cluster)?.options())
}

fn choose(mut profiles: Vec<Profile>, wanted: &str, current: &str) -> Result<Profile> {
    let place = |name: &str| profiles.iter().position(|profile| profile.name == name);
    let alone = (profiles.len() == 1).then_some(0);
    match place(wanted).or_else(|| place(current)).or(alone) {
        Some(place) => Ok(profiles.swap_remove(place)),
        None => {
            let names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
            Err(usage(format!("none of them is {wanted}: there are {}", names.join(", "))))
        }
    }
}

impl Profile {
    fn options(self) -> Vec<Named> {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "PLAINTEXT",
            (Some(_), None) => "SSL",
            (None, Some(_)) => "SASL_PLAINTEXT",
            (Some(_), Some(_)) => "SASL_SSL",
        };
        let (tls, sasl) = (self.tls.unwrap_or_default(), self.sasl.unwrap_or_default());
        let is_secured = protocol != "PLAINTEXT";
        let verification = if tls.insecure { "false" } else { "" };
        let options = [
            ("bootstrap.servers", self.brokers.join(",")),
            ("security.protocol", if is_secured { protocol.to_owned() } else { String::new() }),
            ("ssl.ca.location", tls.ca),
            ("ssl.certificate.location", tls.certificate),
            ("ssl.key.location", tls.key),
            ("enable.ssl.certificate.verification", verification.to_owned()),
            ("sasl.mechanism", sasl.mechanism),
            ("sasl.username", sasl.username),
            ("sasl.password", sasl.password),
            ("sasl.oauthbearer.client.id", sasl.client_id),
            ("sasl.oauthbearer.client.secret", sasl.client_secret),
            ("sasl.oauthbearer.token.endpoint.url", sasl.token_url),
        ];
        let said = options.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RPK: &str = "
version: 7
current_profile: prod
profiles:
  - name: local
    kafka_api:
      brokers: [127.0.0.1:9092]
  - name: prod
    description: the real one
    kafka_api:
      brokers: [a:9092, b:9092]
      tls: {ca_file: ca.pem}
      sasl: {user: me, password: secret, mechanism: SCRAM-SHA-256}
    admin_api: {addresses: [a:9644]}
";

    const KAF: &str = "
current-cluster: local
clusters:
- name: local
  version: \"\"
  brokers: [localhost:9092]
  SASL: null
  TLS: null
  security-protocol: \"\"
- name: tls
  brokers: [k:9093]
  TLS: {cafile: ca.pem, clientfile: me.pem, clientkeyfile: me.key, insecure: true}
";

    fn joined(options: Result<Vec<Named>>) -> String {
        options.unwrap().into_iter().map(|(name, value)| format!("{name}={value} ")).collect()
    }

    #[test]
    fn profiles_become_options() {
        for (found, expected) in [
            (of_rpk(RPK, "local"), "bootstrap.servers=127.0.0.1:9092 "),
            (
                of_rpk(RPK, "other"),
                "bootstrap.servers=a:9092,b:9092 security.protocol=SASL_SSL ssl.ca.location=ca.pem \
                 sasl.mechanism=SCRAM-SHA-256 sasl.username=me sasl.password=secret ",
            ),
            (of_kaf(KAF, "other"), "bootstrap.servers=localhost:9092 "),
            (
                of_kaf(KAF, "tls"),
                "bootstrap.servers=k:9093 security.protocol=SSL ssl.ca.location=ca.pem \
                 ssl.certificate.location=me.pem ssl.key.location=me.key \
                 enable.ssl.certificate.verification=false ",
            ),
        ] {
            assert_eq!(joined(found), expected);
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_told_with_those_that_are() {
        let two = "profiles: [{name: a}, {name: b}]";
        let refused = of_rpk(two, "c").unwrap_err();
        assert_eq!(refused.to_string(), "none of them is c: there are a, b");
        of_rpk("- nothing\n- of it", "c").unwrap_err();
        of_kaf(RPK, "c").unwrap_err();
    }
}
