//! A parsed value, and Kafka's way to read it from text and to write it.

use std::fmt;

use crate::{
    error::InvalidConfig,
    option::{ConfigOption, Kind},
};

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Boolean(bool),
    Int(i32),
    Long(i64),
    Short(i16),
    Double(f64),
    /// Of the kinds string and class.
    String(String),
    /// Without duplicates; an empty text is an empty list.
    List(Vec<String>),
    Secret(Secret),
}

/// A password. It has no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl ConfigOption {
    /// Reads a value and checks its range. Space around it does not count.
    pub fn parse(&self, text: &str) -> Result<Value, InvalidConfig> {
        let value = self.parse_type(text.trim())?;
        self.check_value(&value)?;
        Ok(value)
    }

    fn parse_type(&self, text: &str) -> Result<Value, InvalidConfig> {
        match self.kind {
            Kind::Boolean => self.parse_boolean(text),
            Kind::Int => text.parse().map(Value::Int).or_else(|_| self.not_a_number(text)),
            Kind::Long => text.parse().map(Value::Long).or_else(|_| self.not_a_number(text)),
            Kind::Short => text.parse().map(Value::Short).or_else(|_| self.not_a_number(text)),
            Kind::Double => self.parse_double(text),
            Kind::String | Kind::Class => Ok(Value::String(text.to_owned())),
            Kind::List => Ok(Value::List(items(text))),
            Kind::Password => Ok(Value::Secret(Secret(text.to_owned()))),
        }
    }

    fn parse_boolean(&self, text: &str) -> Result<Value, InvalidConfig> {
        if text.eq_ignore_ascii_case("true") {
            Ok(Value::Boolean(true))
        } else if text.eq_ignore_ascii_case("false") {
            Ok(Value::Boolean(false))
        } else {
            self.refuse(text, format_args!("Expected value to be either true or false"))
        }
    }

    /// Java takes a suffix `f` or `d`. Not a number is no number here, though Kafka lets it pass every range.
    fn parse_double(&self, text: &str) -> Result<Value, InvalidConfig> {
        match text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text).parse::<f64>() {
            Ok(number) if !number.is_nan() => Ok(Value::Double(number)),
            _ => self.not_a_number(text),
        }
    }

    fn not_a_number(&self, text: &str) -> Result<Value, InvalidConfig> {
        self.refuse(text, format_args!("Not a number of type {}", self.kind.name()))
    }
}

impl Value {
    /// Of a whole number of any size.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(i64::from(*number)),
            Value::Long(number) => Some(*number),
            Value::Short(number) => Some(i64::from(*number)),
            Value::Boolean(_) | Value::Double(_) | Value::String(_) | Value::List(_) | Value::Secret(_) => {
                None
            }
        }
    }
}

/// The items of a list in their order, each once.
pub(crate) fn items(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if text.trim().is_empty() {
        return found;
    }
    for item in text.split(',').map(str::trim) {
        if !found.iter().any(|known| known == item) {
            found.push(item.to_owned());
        }
    }
    found
}

/// As `DescribeConfigs` shows it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Long(value) => value.fmt(f),
            Value::Short(value) => value.fmt(f),
            Value::Double(value) => write_double(*value, f),
            Value::String(value) => value.fmt(f),
            Value::List(items) => f.write_str(&items.join(",")),
            Value::Secret(_) => f.write_str("[hidden]"),
        }
    }
}

/// As Java's `Double.toString`: 0.5, 100.0, 1.0E7, 1.0E-4.
fn write_double(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_infinite() {
        return f.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return write!(f, "{value:?}");
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let point = if mantissa.contains('.') { "" } else { ".0" };
    write!(f, "{mantissa}{point}E{exponent}")
}
