//! What a topic may be called.

/// Committed offsets and group membership.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// The transaction coordinator's log.
pub const TRANSACTION_STATE: &str = "__transaction_state";
/// The share coordinator's log.
pub const SHARE_GROUP_STATE: &str = "__share_group_state";
/// The metadata log. It is no topic that clients see.
pub const CLUSTER_METADATA: &str = "__cluster_metadata";

const LENGTH_MAX: usize = 249;

/// Whether clients are told that the topic is the cluster's own.
pub fn is_internal(name: &str) -> bool {
    [CONSUMER_OFFSETS, TRANSACTION_STATE, SHARE_GROUP_STATE].contains(&name)
}

/// Why a topic cannot have this name, in Kafka's words.
pub fn check(name: &str) -> Result<(), String> {
    let reason = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if utf16_length(name) > LENGTH_MAX => {
            format!("the length of '{name}' is longer than the max allowed length {LENGTH_MAX}")
        }
        _ if !name.bytes().all(is_legal) => format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ),
        _ => return Ok(()),
    };
    Err(format!("Topic name is invalid: {reason}"))
}

/// What two names have in common that metrics cannot tell apart; none where nothing can collide.
pub(crate) fn collision_key(name: &str) -> Option<String> {
    name.contains(['.', '_']).then(|| name.replace('.', "_"))
}

fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn utf16_length(name: &str) -> usize {
    name.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_as_kafka_judges_them() {
        let longest = "x".repeat(LENGTH_MAX);
        for good in ["a", "A.b_c-9", "...", "__consumer_offsets", longest.as_str()] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let too_long = "x".repeat(LENGTH_MAX + 1);
        for (bad, why) in [
            ("", "Topic name is invalid: the empty string is not allowed"),
            (".", "Topic name is invalid: '.' is not allowed"),
            ("..", "Topic name is invalid: '..' is not allowed"),
            ("a b", "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
            ("ümlaut", "contains one or more characters"),
            (&too_long, "is longer than the max allowed length 249"),
        ] {
            let error = check(bad).expect_err(bad);
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn dots_and_underscores_collide() {
        assert_eq!(collision_key("a.b_c"), Some("a_b_c".to_owned()));
        assert_eq!(collision_key("a-b"), None);
    }
}
