//! YAML in block style. A string that could be taken for something else is written as JSON writes it, which YAML reads too.

use std::io::{self, Write};

use serde_json::Value;

pub(super) fn write(out: &mut impl Write, value: &Value) -> io::Result<()> {
    write_block(out, value, 0)
}

/// A value that begins on a line of its own.
fn write_block(out: &mut impl Write, value: &Value, indent: usize) -> io::Result<()> {
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().try_for_each(|item| {
            write!(out, "{:indent$}- ", "")?;
            write_item(out, item, indent + 2)
        }),
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().try_for_each(|(name, value)| write_field(out, name, value, indent))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            writeln!(out, "{:indent$}{}", "", scalar(value))
        }
    }
}

/// The item of a list, behind its dash: the first field of an object stands there.
fn write_item(out: &mut impl Write, item: &Value, indent: usize) -> io::Result<()> {
    let Some((first, rest)) = item.as_object().and_then(|fields| {
        let mut fields = fields.iter();
        fields.next().map(|first| (first, fields))
    }) else {
        return writeln!(out, "{}", scalar(item));
    };
    write_value(out, first.0, first.1, indent)?;
    for (name, value) in rest {
        write_field(out, name, value, indent)?;
    }
    Ok(())
}

fn write_field(out: &mut impl Write, name: &str, value: &Value, indent: usize) -> io::Result<()> {
    write!(out, "{:indent$}", "")?;
    write_value(out, name, value, indent)
}

fn write_value(out: &mut impl Write, name: &str, value: &Value, indent: usize) -> io::Result<()> {
    write!(out, "{}:", string(name))?;
    match value {
        Value::Array(items) if !items.is_empty() => {
            writeln!(out)?;
            write_block(out, value, indent)
        }
        Value::Object(fields) if !fields.is_empty() => {
            writeln!(out)?;
            write_block(out, value, indent + 2)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            writeln!(out, " {}", scalar(value))
        }
    }
}

/// On one line. A list within a list is written as JSON, which YAML reads.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// Bare if no reader of YAML could take it for anything but this string.
fn string(text: &str) -> String {
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
    };
    let lowercase = text.to_ascii_lowercase();
    if is_word(text) && !RESERVED.contains(&lowercase.as_str()) {
        return text.to_owned();
    }
    Value::from(text).to_string()
}

/// What some version of YAML takes for a boolean or for nothing.
const RESERVED: &[&str] = &["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: &Value, expected: &str) {
        let mut out = Vec::new();
        write(&mut out, value).expect("a vector takes everything");
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn strings_are_quoted_where_they_could_be_something_else() {
        check(
            &json!(["no", "12", "a b", "orders.v1", "", "x: y"]),
            "- \"no\"\n- \"12\"\n- \"a b\"\n- orders.v1\n- \"\"\n- \"x: y\"\n",
        );
    }

    #[test]
    fn what_is_nested_is_indented() {
        check(
            &json!({"id": 1, "racks": {"a": [], "b": {}}, "brokers": [{"id": 2, "dirs": ["/x"]}]}),
            "id: 1\nracks:\n  a: []\n  b: {}\nbrokers:\n- id: 2\n  dirs:\n  - \"/x\"\n",
        );
    }
}
