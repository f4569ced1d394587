//! Options from the environment, as the container images of Kafka take them: `KAFKA_LOG_DIRS` is `log.dirs`.
//!
//! After the prefix, `_` stands for a dot, `__` for `_` and `___` for `-`. `KAFKA_CFG_` is bitnami's prefix.

use crate::origin::{Assignment, Origin};

/// Variables that begin with the prefix and are no options: of the Java machine, of the images, and what Kubernetes
/// sets for a service of the name kafka.
const IGNORED: &[&str] = &[
    "KAFKA_HEAP_OPTS",
    "KAFKA_OPTS",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_GC_LOG_ENABLED",
    "KAFKA_HOME",
    "KAFKA_VERSION",
    "KAFKA_DEBUG",
    "KAFKA_CLUSTER_ID",
    "KAFKA_KRAFT_CLUSTER_ID",
    "KAFKA_PEERS",
    "KAFKA_PORT",
    "KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS",
];
const IGNORED_BEGINNINGS: &[&str] =
    &["KAFKA_JMX_", "KAFKA_JVM_", "KAFKA_LOG4J", "KAFKA_SERVICE_", "KAFKA_PORT_"];

/// Variables that set the cluster's id, as the images name them.
const CLUSTER_ID: &[&str] = &["CLUSTER_ID", "KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID"];

/// The assignments among the variables of an environment.
pub fn from_environment(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Assignment> {
    let mut found: Vec<Assignment> = variables
        .into_iter()
        .filter_map(|(variable, value)| {
            option_name(&variable).map(|name| Assignment {
                name,
                value,
                origin: Origin::Environment { variable },
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn option_name(variable: &str) -> Option<String> {
    if CLUSTER_ID.contains(&variable) {
        return Some("ottla.cluster.id".into());
    }
    if IGNORED.contains(&variable) || IGNORED_BEGINNINGS.iter().any(|begin| variable.starts_with(begin)) {
        return None;
    }
    let rest = variable.strip_prefix("KAFKA_")?;
    let rest = rest.strip_prefix("CFG_").unwrap_or(rest);
    (!rest.is_empty()).then(|| kafka_name(rest))
}

/// Runs of underscores, each a dot, an underscore or a dash by its length; longer ones are read from the left.
fn kafka_name(text: &str) -> String {
    text.to_lowercase().replace("___", "-").replace("__", "\0").replace('_', ".").replace('\0', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_mapped_as_the_images_do() {
        for (variable, expected) in [
            ("KAFKA_LOG_DIRS", Some("log.dirs")),
            ("KAFKA_CFG_NODE_ID", Some("node.id")),
            (
                "KAFKA_LISTENER_NAME_MY__LISTENER_SSL_KEY_PASSWORD",
                Some("listener.name.my_listener.ssl.key.password"),
            ),
            ("KAFKA_LISTENER_NAME_A___B_SSL_KEY_PASSWORD", Some("listener.name.a-b.ssl.key.password")),
            ("KAFKA_OTTLA_LOG_DURABILITY", Some("ottla.log.durability")),
            ("CLUSTER_ID", Some("ottla.cluster.id")),
            ("KAFKA_KRAFT_CLUSTER_ID", Some("ottla.cluster.id")),
            ("KAFKA_HEAP_OPTS", None),
            ("KAFKA_JMX_PORT", None),
            ("KAFKA_LOG4J_ROOT_LOGLEVEL", None),
            ("KAFKA_PORT_9092_TCP_ADDR", None),
            ("KAFKA_SERVICE_HOST", None),
            ("KAFKA_", None),
            ("KAFKA_CFG_", None),
            ("kafka_log_dirs", None),
            ("PATH", None),
        ] {
            assert_eq!(option_name(variable).as_deref(), expected, "{variable}");
        }
    }

    #[test]
    fn the_variable_is_kept_as_the_origin() {
        let found = from_environment([("KAFKA_NODE_ID".into(), "5".into()), ("HOME".into(), "/".into())]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].value.as_str()), ("node.id", "5"));
        assert_eq!(found[0].origin.to_string(), "KAFKA_NODE_ID");
    }
}
