//! What nobody else may see is taken out of a bundle: passwords, keys, tokens. Names stay, as they do in other tools' bundles.
//!
//! Brokers do not tell options that are sensitive. This is for those that do, and for what was never an option: text of logs, files of
//! properties, and what was said on a command line. Where it cannot tell, it takes out too much.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};
use serde_json::{Map, Value};

const REDACTED: &str = "[redacted]";

/// What is in the names of secrets.
const SECRETS: &str = "passw(?:or)?d|\\bpass\\b|pass[._-]?phrase|pwd|secret|jaas|credential|token|authorization|hmac|\
                       signature|\\bsig\\b|key[._-]?pem|\
                       (?:private|keystore|api|access|account|encryption|master|signing|stored|server)[._ -]?key";

/// How names end that have such words in them, and are of no secret.
const HARMLESS: &[&str] =
    &[".ms", ".url", ".class", ".location", ".type", ".algorithm", ".iterations", ".length"];

/// To the end of a line, and of those that it goes on with.
const LINE: &str = r"(?:[^\n]*\\\n)*[^\n]*";

static NAME: LazyLock<Regex> = LazyLock::new(|| expression(&format!("(?i){SECRETS}")));

/// What is secret whatever it is called.
static ALWAYS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let expressions = [
        r"(?s)-----BEGIN[A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z ]*PRIVATE KEY-----|\z)",
        // A key that began before the text did.
        r"(?s)\A.*?-----END[A-Z ]*PRIVATE KEY-----",
        // A JSON web token.
        r"\beyJ[\w-]+\.[\w-]+\.[\w-]*",
        // Who somebody is, in the address of a site.
        r#"(?P<said>://)[^\s"'<>]*(?P<behind>@)"#,
        // Whatever the scheme is.
        r#"(?i)(?P<said>authorization\\*["']?[ \t]*[=:][ \t]*["']?)[^\n"']*"#,
        // The options of a JAAS module go on to the end of the line.
        &format!(r#"(?i)(?P<said>jaas[\w.-]*\\*["']?[ \t]*[=:]){LINE}"#),
        &format!(r"(?i)(?P<said>LoginModule\s+(?:required|requisite|sufficient|optional)){LINE}"),
        r#"(?P<said>\buser_[^\s="]+[ \t]*=[ \t]*)"[^"]*""#,
    ];
    expressions.map(expression).into()
});

/// What is said of a name that says so: a word, or what is in quotes.
static SAID: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    // What is not in quotes may have any sign in it but a blank.
    let value = r#"\\+"[^"]*"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s<"]+"#;
    let said = r#"\\*["']?[ \t]*(?:[=:]>?|>)[ \t]*"#;
    [
        expression(&format!(r"(?i)(?P<said>(?P<name>[\w.-]*(?:{SECRETS})[\w.-]*){said})(?:{value})")),
        // A flag of a command.
        expression(&format!(r"(?i)(?P<said>(?P<name>--[\w-]*(?:{SECRETS})[\w-]*)[ \t]+)(?:{value})")),
    ]
});

/// In a file of TOML it may be many lines.
static LINES: LazyLock<Regex> = LazyLock::new(|| {
    let said = format!(r#"(?P<said>(?P<name>[\w.-]*(?:{SECRETS})[\w.-]*)["']?[ \t]*=[ \t]*)"#);
    let lines = r#""""(?s:.*?)(?:"""|\z)|'''(?s:.*?)(?:'''|\z)"#;
    expression(&format!("(?i){said}(?:{lines})"))
});

/// In a file of properties it is the rest of the line.
static PROPERTY: LazyLock<Regex> = LazyLock::new(|| {
    let name = format!(r"(?P<name>[\w.-]*(?:{SECRETS})[\w.-]*)");
    expression(&format!(r"(?im)^(?P<said>[ \t]*{name}(?:[ \t]*[=:]|[ \t])[ \t]*)[^\s]{LINE}"))
});

/// Of bytes, as all that is looked for is ASCII: what lies between is kept or taken out whole.
fn expression(text: &str) -> Regex {
    RegexBuilder::new(text).unicode(false).build().expect("it is an expression")
}

/// A file of text without its secrets: of a log, or of properties.
pub(super) fn redact_file(text: &str) -> String {
    // Keys come first: of one that is on many lines the name says nothing but on the first.
    let text = redact_named(&LINES, &redact_always(text));
    redact_said(redact_named(&PROPERTY, &text))
}

/// What was said, without its secrets.
pub(super) fn redact_text(text: &str) -> String {
    redact_said(redact_always(text))
}

fn redact_always(text: &str) -> Vec<u8> {
    let redacted = format!("${{said}}{REDACTED}${{behind}}");
    ALWAYS.iter().fold(text.into(), |text: Vec<u8>, expression| {
        expression.replace_all(&text, redacted.as_bytes()).into_owned()
    })
}

fn redact_said(text: Vec<u8>) -> String {
    let text = SAID.iter().fold(text, |text, expression| redact_named(expression, &text));
    String::from_utf8_lossy(&text).into_owned()
}

fn redact_named(expression: &Regex, text: &[u8]) -> Vec<u8> {
    let redacted = expression.replace_all(text, |found: &Captures<'_>| {
        if names_secret(&String::from_utf8_lossy(&found["name"])) {
            [&found["said"], REDACTED.as_bytes()].concat()
        } else {
            found[0].to_vec()
        }
    });
    redacted.into_owned()
}

/// An answer without its secrets: fields with such names, values of options with such names, and what is secret in text.
pub(super) fn redact_answer(answer: &mut Value) {
    redact(answer, false);
}

/// `is_secret` if it stands in an option that is.
fn redact(value: &mut Value, is_secret: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, is_secret)),
        Value::Object(fields) => {
            let is_secret = is_secret || is_secret_option(fields);
            for (name, field) in fields.iter_mut() {
                if names_secret(name) || (is_secret && name == "value") {
                    hide(field);
                } else {
                    redact(field, is_secret);
                }
            }
        }
        Value::String(text) => *text = redact_text(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What is called like a secret may also be a logger, whose level is none.
fn is_secret_option(fields: &Map<String, Value>) -> bool {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let is_logger = text("source") == Some("DYNAMIC_BROKER_LOGGER_CONFIG");
    fields.get("isSensitive") == Some(&Value::Bool(true))
        || (fields.contains_key("value") && !is_logger && text("name").is_some_and(names_secret))
}

/// That there is nothing is no secret.
fn hide(value: &mut Value) {
    if !value.is_null() {
        *value = REDACTED.into();
    }
}

fn names_secret(name: &str) -> bool {
    NAME.is_match(name.as_bytes()) && !HARMLESS.iter().any(|ending| name.to_lowercase().ends_with(ending))
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
            {"name": "delegation.token.max.lifetime.ms", "value": "7"},
            {"name": "a.TokenManager", "value": "INFO", "source": "DYNAMIC_BROKER_LOGGER_CONFIG"},
            {"name": "proxy", "value": "http://me:hush@proxy:8080"},
        ]);
        redact_answer(&mut answer);
        let text = answer.to_string();
        assert!(!text.contains("\"x\"") && !text.contains("hush"), "{text}");
        assert_eq!((&answer[3]["value"], &answer[7]["value"]), (&"7".into(), &"7".into()));
        assert_eq!(answer[8]["value"], "INFO");
        assert_eq!(answer[4]["value"], Value::Null);
        assert_eq!(answer[5]["partitions"], 3);
        assert_eq!(answer[9]["value"], "http://[redacted]@proxy:8080");
    }

    fn check(redact: impl Fn(&str) -> String, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(redact(text), *expected);
        }
    }

    #[test]
    fn text_is_kept_but_for_its_secrets() {
        let cases = [
            ("started in 7 ms on 127.0.0.1:9092", "started in 7 ms on 127.0.0.1:9092"),
            ("the ssl.key.password=abc x=1", "the ssl.key.password=[redacted] x=1"),
            ("config=sasl.password=abc", "config=sasl.password=[redacted]"),
            (r#"{"password": "a \" b", "n": 1}"#, r#"{"password": [redacted], "n": 1}"#),
            (r#""{\"password\": \"a b\", \"n\": 1}""#, r#""{\"password\": [redacted], \"n\": 1}""#),
            ("pässword=é password=é, né", "pässword=é password=[redacted] né"),
            ("password=ab,cd;ef&gh}ij left", "password=[redacted] left"),
            ("pass=abc account_key=abc ?sig=abc", "pass=[redacted] account_key=[redacted] ?sig=[redacted]"),
            ("a passage of passengers=2", "a passage of passengers=2"),
            ("{password => abc}", "{password => [redacted]"),
            ("<password>abc</password>", "<password>[redacted]</password>"),
            ("ran with --password abc -v", "ran with --password [redacted] -v"),
            ("ran with --password \"correct horse\" -v", "ran with --password [redacted] -v"),
            ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
            ("Authorization: Negotiate YII ab", "Authorization: [redacted]"),
            ("got eyJhbGciOi.eyJzdWIi.c2lnbmF0 and left", "got [redacted] and left"),
            (
                "at sasl.jaas.config=Plain required username=\"a\" password=\"b\";",
                "at sasl.jaas.config=[redacted]",
            ),
            (
                "INFO ScramLoginModule required username=\"a\" \\\n option=\"abc\";\nnext",
                "INFO ScramLoginModule required[redacted]\nnext",
            ),
            ("  user_admin=\"a b\";", "  user_admin=[redacted];"),
            (
                "SCRAM-SHA-256=[salt=a,stored_key=b,server_key=c]",
                "SCRAM-SHA-256=[salt=a,stored_key=[redacted]",
            ),
            ("http://h/?access_token=abc&x=1", "http://h/?access_token=[redacted]"),
            ("no answer from https://me:p/w@x@host:1/path", "no answer from https://[redacted]@host:1/path"),
            ("delegation.token.max.lifetime.ms = 604800000", "delegation.token.max.lifetime.ms = 604800000"),
        ];
        check(redact_text, &cases);
    }

    #[test]
    fn a_property_is_the_rest_of_its_line_and_of_those_that_it_goes_on_with() {
        let cases = [
            ("a=1\nssl.key.password=ab c\nb=2", "a=1\nssl.key.password=[redacted]\nb=2"),
            ("ssl.key.password ab c", "ssl.key.password [redacted]"),
            ("a.secret=\nb=2", "a.secret=\nb=2"),
            ("a.token : ab\\\n  cd\\\n  ef\nb=2", "a.token : [redacted]\nb=2"),
            ("x.jaas.config=Plain \\\n  password=\"a\" \\\n  b=\"c\";\nb=2", "x.jaas.config=[redacted]\nb=2"),
            ("ssl.keystore.password = \"\"\"\nab\nc\"\"\"\nb=2", "ssl.keystore.password = [redacted]\nb=2"),
            ("password.encoder.iterations=4096", "password.encoder.iterations=4096"),
        ];
        check(redact_file, &cases);
    }

    #[test]
    fn no_line_of_a_private_key_is_kept() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        let cases = [
            (format!("before\n{key}\nafter"), "before\n[redacted]\nafter"),
            (format!("value {}", key.replace('\n', "\\n")), "value [redacted]"),
            ("before\n-----BEGIN PRIVATE KEY-----\nMIIE".into(), "before\n[redacted]"),
            ("private.key: -----BEGIN PRIVATE KEY-----\nMIIE".into(), "private.key: [redacted]"),
            ("MIIE\n-----END PRIVATE KEY-----\nafter".into(), "[redacted]\nafter"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact_file(&text), expected);
        }
    }
}
