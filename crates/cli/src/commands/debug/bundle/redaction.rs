//! What nobody else may see is taken out of a bundle: passwords, keys, tokens.
//!
//! Brokers do not tell options that are sensitive. This is for those that do, and for what was never an option: text of logs, and what
//! was said on a command line.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

const REDACTED: &str = "[redacted]";

/// In lower case, parts of the names of what is secret.
const SECRETS: &[&str] =
    &["password", "passwd", "secret", "jaas", "credential", "private.key", "keystore.key", "api.key", "hmac"];

/// What is secret in a line of text: a name that says so, and what is said of it.
static SAID: LazyLock<Regex> = LazyLock::new(|| {
    let names = r"[\w.-]*(?:password|passwd|secret|jaas|credential|private[._-]?key|api[._-]?key|token|authorization)[\w.-]*";
    let values = r#""[^"]*"|'[^']*'|(?:bearer|basic)\s+\S+|[^\s,;&}]+"#;
    let said = format!(r#"(?i)(?P<name>{names}["']?\s*[=:]\s*)(?P<value>{values})"#);
    Regex::new(&said).expect("it is an expression")
});

/// The options of a JAAS module go on to the end of the line.
static JAAS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(?P<name>jaas[\w.-]*\s*[=:]).*").expect("it is an expression"));

/// A line of text without its secrets. A line of a key in PEM is told by `is_key`, which is kept from line to line.
pub(super) fn redact_line(line: &str, is_key: &mut bool) -> String {
    if line.contains("-----BEGIN") && line.contains("PRIVATE KEY") {
        *is_key = true;
    }
    if *is_key {
        *is_key = !line.contains("-----END");
        return REDACTED.into();
    }
    redact_text(line)
}

/// Text without its secrets.
pub(super) fn redact_text(text: &str) -> String {
    let without = JAAS.replace_all(text, |it: &Captures<'_>| format!("{}{REDACTED}", &it["name"]));
    SAID.replace_all(&without, |it: &Captures<'_>| format!("{}{REDACTED}", &it["name"])).into_owned()
}

/// An answer without its secrets: fields with such names, and values of options with such names.
pub(super) fn redact_answer(answer: &mut Value) {
    redact(answer, false);
}

/// `is_secret` if it stands in an option that is.
fn redact(value: &mut Value, is_secret: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, is_secret)),
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str);
            let is_secret = is_secret
                || fields.get("isSensitive") == Some(&Value::Bool(true))
                || (fields.contains_key("value") && name.is_some_and(names_secret));
            for (name, field) in fields.iter_mut() {
                if names_secret(name) || (is_secret && name == "value") {
                    hide(field);
                } else {
                    redact(field, is_secret);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// That there is nothing is no secret.
fn hide(value: &mut Value) {
    if !value.is_null() {
        *value = REDACTED.into();
    }
}

fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_secret_options_are_taken_out_wherever_they_stand() {
        let mut answer = json!([
            {"name": "ssl.key.password", "value": "x", "synonyms": [{"name": "other", "value": "x"}]},
            {"name": "listener.name.a.sasl.jaas.config", "value": "x", "synonyms": []},
            {"name": "mine", "value": "x", "isSensitive": true},
            {"name": "retention.ms", "value": "7", "isSensitive": false},
            {"name": "ssl.keystore.password", "value": null},
            {"name": "secrets", "partitions": 3, "configs": [{"name": "a.secret", "value": "x"}]},
            {"hmac": "x", "password": "x"},
        ]);
        redact_answer(&mut answer);
        let text = answer.to_string();
        assert!(!text.contains("\"x\""), "{text}");
        assert_eq!(answer[3]["value"], "7");
        assert_eq!(answer[4]["value"], Value::Null);
        assert_eq!(answer[5]["partitions"], 3);
    }

    #[test]
    fn text_is_kept_but_for_its_secrets() {
        for (text, expected) in [
            ("started in 7 ms on 127.0.0.1:9092", "started in 7 ms on 127.0.0.1:9092"),
            ("ssl.key.password=abc x=1", "ssl.key.password=[redacted] x=1"),
            (r#"{"password": "a b", "n": 1}"#, r#"{"password": [redacted], "n": 1}"#),
            ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
            ("sasl.jaas.config=Plain required username=\"a\" password=\"b\";", "sasl.jaas.config=[redacted]"),
            ("http://h/?access_token=abc&x=1", "http://h/?access_token=[redacted]&x=1"),
        ] {
            assert_eq!(redact_line(text, &mut false), expected);
        }
    }

    #[test]
    fn no_line_of_a_private_key_is_kept() {
        let mut is_key = false;
        let lines =
            ["before", "-----BEGIN RSA PRIVATE KEY-----", "MIIE", "-----END RSA PRIVATE KEY-----", "after"];
        let kept = lines.map(|line| redact_line(line, &mut is_key));
        assert_eq!(kept, ["before", REDACTED, REDACTED, REDACTED, "after"]);
    }
}
