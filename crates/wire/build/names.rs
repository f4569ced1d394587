//! Names in the tables and in Rust.

/// `LogAppendTimeMs` to `log_append_time_ms`, `KRaftVersion` to `kraft_version`, `Enable2Pc` to `enable_2pc`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    let chars: Vec<char> = name.replace("KRaft", "Kraft").replace("2Pc", "_2pc").chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_ascii_digit());
        if c.is_uppercase() && after_lower {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    if ["type", "match"].contains(&out.as_str()) { format!("r#{out}") } else { out }
}

/// The name in Kafka's JSON: the first letter in lower case.
pub(crate) fn camel(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().expect("names are not empty");
    first.to_lowercase().chain(chars).collect()
}

/// `UNKNOWN_SERVER_ERROR` to `UnknownServerError`.
pub(crate) fn pascal(name: &str) -> String {
    let word = |w: &str| w[..1].to_uppercase() + &w[1..].to_lowercase();
    name.split('_').map(word).collect()
}
