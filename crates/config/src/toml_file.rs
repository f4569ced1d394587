//! Configuration in TOML, with Kafka's keys: dotted, in nested tables, or quoted.
//!
//! `max.connections` and `max.connections.per.ip` are both options, but TOML does not let a value be a table too;
//! there one of the two is written with quotes: `"max.connections.per.ip" = 100`.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    error::ConfigError,
    origin::{Assignment, Origin},
};

/// The assignments of a file in their order. `path` is only told, not read.
pub(crate) fn parse_toml(path: &str, text: &str) -> Result<Vec<Assignment>, ConfigError> {
    let file = File { path, text };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        file.syntax(at, error.message().to_owned())
    })?;
    let mut found = Vec::new();
    file.collect("", table.get_ref(), &mut found)?;
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, assignment)| assignment).collect())
}

struct File<'a> {
    path: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn collect(
        &self,
        prefix: &str,
        table: &DeTable<'_>,
        found: &mut Vec<(usize, Assignment)>,
    ) -> Result<(), ConfigError> {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            if let DeValue::Table(inner) = value.get_ref() {
                self.collect(&name, inner, found)?;
                continue;
            }
            let at = key.span().start;
            let origin = Origin::File { path: self.path.into(), line: self.line(at) };
            found.push((at, Assignment { name, value: self.text_of(value)?, origin }));
        }
        Ok(())
    }

    /// A value as `server.properties` would have it.
    fn text_of(&self, value: &Spanned<DeValue<'_>>) -> Result<String, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Boolean(value) => Ok(value.to_string()),
            DeValue::Integer(integer) => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix());
                number.map_or_else(|_| Ok(self.literal(value)), |number| Ok(number.to_string()))
            }
            DeValue::Float(_) => Ok(self.literal(value)),
            DeValue::Array(items) => {
                let items: Result<Vec<String>, ConfigError> =
                    items.iter().map(|item| self.text_of(item)).collect();
                Ok(items?.join(","))
            }
            DeValue::Datetime(_) | DeValue::Table(_) => Err(self.syntax(
                value.span().start,
                "expected a string, a number, true, false or an array of them".into(),
            )),
        }
    }

    /// A number as the file has it, but for underscores.
    fn literal(&self, value: &Spanned<DeValue<'_>>) -> String {
        self.text[value.span()].replace('_', "")
    }

    fn syntax(&self, at: usize, message: String) -> ConfigError {
        ConfigError::Syntax { file: self.path.into(), line: self.line(at), message }
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, usize)]) {
        let found = parse_toml("t", text).unwrap();
        let found: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.value.as_str(), one.origin.to_string())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, value, line)| (*name, *value, format!("t:{line}"))).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn dotted_nested_and_quoted_keys_are_kafkas_names() {
        check("log.retention.ms = 5", &[("log.retention.ms", "5", 1)]);
        check(
            "[log]\nretention.ms = 5\n[log.cleaner]\nthreads = 2",
            &[("log.retention.ms", "5", 2), ("log.cleaner.threads", "2", 4)],
        );
        check(
            "\"max.connections.per.ip\" = 1\nmax.connections = 2",
            &[("max.connections.per.ip", "1", 1), ("max.connections", "2", 2)],
        );
        check("ottla = { log.durability = 'os' }", &[("ottla.log.durability", "os", 1)]);
    }

    #[test]
    fn values_become_the_text_that_properties_would_have() {
        check(
            "a = 1_000\nb = 0x10\nc = -5\nd = +5",
            &[("a", "1000", 1), ("b", "16", 2), ("c", "-5", 3), ("d", "5", 4)],
        );
        check("a = 0.5\nb = 1e3\nc = true", &[("a", "0.5", 1), ("b", "1e3", 2), ("c", "true", 3)]);
        check("a = ['x', 'y']\nb = []\nc = [1, 2]", &[("a", "x,y", 1), ("b", "", 2), ("c", "1,2", 3)]);
        check(
            "a = \"\"\"\nlong\"\"\"\nb = 9223372036854775807",
            &[("a", "long", 1), ("b", "9223372036854775807", 3)],
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        for (text, line) in
            [("a = 1\nb = ", 2), ("a = 1\n\na = 2", 3), ("a = 1979-05-27", 1), ("a.b = 1\na = 2", 2)]
        {
            let error = parse_toml("t", text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("t:{line}: ")), "{text:?}: {error}");
        }
    }
}
