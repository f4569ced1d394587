//! Whether a value of the right type is one that its option takes, and what Kafka says if it is not.

use std::fmt;

use crate::{
    error::InvalidConfig,
    option::{Check, ConfigOption},
    value::Value,
};

impl ConfigOption {
    pub(crate) fn check_value(&self, value: &Value) -> Result<(), InvalidConfig> {
        match value {
            Value::Int(number) => self.check_integer(i64::from(*number)),
            Value::Short(number) => self.check_integer(i64::from(*number)),
            Value::Long(number) => self.check_integer(*number),
            Value::Double(number) => self.check_double(*number),
            Value::String(text) => self.check_text(text),
            Value::List(items) => self.check_list(items),
            Value::Boolean(_) | Value::Secret(_) => Ok(()),
        }
    }

    fn check_integer(&self, number: i64) -> Result<(), InvalidConfig> {
        if let Check::BetweenOr(least, most, other) = self.check
            && number != other
            && !(least..=most).contains(&number)
        {
            let why = format_args!("Value must be between {least} and {most} or equal to {other}");
            return self.refuse(number, why);
        }
        if let Some(least) = self.check.least().filter(|least| number < *least) {
            return self.refuse(number, format_args!("Value must be at least {least}"));
        }
        if let Check::Between(_, most) = self.check
            && number > most
        {
            return self.refuse(number, format_args!("Value must be no more than {most}"));
        }
        Ok(())
    }

    fn check_double(&self, number: f64) -> Result<(), InvalidConfig> {
        let Check::Fraction(least, most) = self.check else { return Ok(()) };
        let shown = Value::Double(number);
        if number < least {
            return self.refuse(shown, format_args!("Value must be at least {least}"));
        }
        if number > most {
            return self.refuse(shown, format_args!("Value must be no more than {most}"));
        }
        Ok(())
    }

    fn check_text(&self, text: &str) -> Result<(), InvalidConfig> {
        if let Check::OneOf(allowed) = self.check
            && !allowed.contains(&text)
        {
            return self.refuse(text, format_args!("String must be one of: {}", allowed.join(", ")));
        }
        if let Check::OneOfAnyCase(allowed) = self.check
            && !allowed.iter().any(|one| one.eq_ignore_ascii_case(text))
        {
            let why = format_args!("String must be one of (case insensitive): {}", allowed.join(", "));
            return self.refuse(text, why);
        }
        if self.check == Check::NotEmpty && text.is_empty() {
            return self.refuse(text, format_args!("String must be non-empty"));
        }
        if self.check == Check::OffsetReset && !is_offset_reset(text) {
            return self.refuse_offset_reset(text);
        }
        Ok(())
    }

    fn refuse_offset_reset(&self, text: &str) -> Result<(), InvalidConfig> {
        let why = format_args!(
            "Invalid value `{text}` for configuration {}. The value must be either 'earliest', 'latest' or of the \
             format 'by_duration:<PnDTnHnMn.nS>'.",
            self.name
        );
        self.refuse(text, why)
    }

    fn check_list(&self, items: &[String]) -> Result<(), InvalidConfig> {
        if let Check::Items { allowed, may_be_empty } = self.check {
            return self.check_items(items, allowed, may_be_empty);
        }
        if self.check == Check::Voters {
            return self.check_each(items, is_voter, "{id}@{host}:{port}");
        }
        if self.check == Check::Servers {
            return self.check_each(items, is_server, "{host}:{port}");
        }
        if self.check == Check::ThrottledReplicas && !are_throttled_replicas(items) {
            return self.refuse_throttled_replicas(items);
        }
        Ok(())
    }

    fn refuse_throttled_replicas(&self, items: &[String]) -> Result<(), InvalidConfig> {
        let why = format_args!(
            "{} must be the literal '*' or a list of replicas in the following format: \
             [partitionId]:[brokerId],[partitionId]:[brokerId],...",
            self.name
        );
        self.refuse(format_args!("[{}]", items.join(", ")), why)
    }

    fn check_items(
        &self,
        items: &[String],
        allowed: &[&str],
        may_be_empty: bool,
    ) -> Result<(), InvalidConfig> {
        if items.is_empty() && !may_be_empty {
            let valid = if allowed.is_empty() {
                "any non-empty value".into()
            } else {
                format!("[{}]", allowed.join(", "))
            };
            let name = self.name;
            return Err(InvalidConfig::new(format!(
                "Configuration '{name}' must not be empty. Valid values include: {valid}"
            )));
        }
        if items.iter().any(String::is_empty) {
            return Err(InvalidConfig::new(format!(
                "Configuration '{}' values must not be empty.",
                self.name
            )));
        }
        match items.iter().find(|item| !allowed.is_empty() && !allowed.contains(&item.as_str())) {
            Some(item) => self.refuse(item, format_args!("String must be one of: {}", allowed.join(", "))),
            None => Ok(()),
        }
    }

    fn check_each(
        &self,
        items: &[String],
        is_good: fn(&str) -> bool,
        form: &str,
    ) -> Result<(), InvalidConfig> {
        match items.iter().find(|item| !is_good(item)) {
            Some(item) => self.refuse(item, format_args!("Each entry should be in the form `{form}`.")),
            None => Ok(()),
        }
    }

    pub(crate) fn refuse<T>(
        &self,
        value: impl fmt::Display,
        why: fmt::Arguments<'_>,
    ) -> Result<T, InvalidConfig> {
        if self.is_sensitive() {
            return Err(InvalidConfig::new(format!(
                "Invalid value [hidden] for configuration {}: {why}",
                self.name
            )));
        }
        Err(InvalidConfig::new(format!("Invalid value {value} for configuration {}: {why}", self.name)))
    }
}

impl Check {
    /// The least whole number that is taken, where only that end matters.
    pub(crate) fn least(&self) -> Option<i64> {
        if let Check::AtLeast(least) | Check::Between(least, _) = self { Some(*least) } else { None }
    }
}

/// As Kafka's documentation writes a range; empty where everything is allowed.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Anything => Ok(()),
            Check::AtLeast(least) => write!(f, "[{least},...]"),
            Check::Between(least, most) => write!(f, "[{least},...,{most}]"),
            Check::BetweenOr(least, most, other) => write!(f, "[{least},...,{most}] or {other}"),
            Check::Fraction(least, most) => write!(f, "[{least},...,{most}]"),
            Check::OneOf(allowed) => write!(f, "[{}]", allowed.join(", ")),
            Check::OneOfAnyCase(allowed) => write!(f, "(case insensitive) [{}]", allowed.join(", ")),
            Check::Items { allowed: [], may_be_empty: true } => Ok(()),
            Check::Items { allowed: [], may_be_empty: false } => f.write_str("non-empty list"),
            Check::Items { allowed, .. } => write!(f, "[{}]", allowed.join(", ")),
            Check::NotEmpty => f.write_str("non-empty string"),
            Check::ThrottledReplicas => f.write_str("[partitionId]:[brokerId],[partitionId]:[brokerId],..."),
            Check::OffsetReset => f.write_str("[latest, earliest, by_duration:PnDTnHnMn.nS]"),
            Check::Voters => f.write_str("{id}@{host}:{port},..."),
            Check::Servers => f.write_str("{host}:{port},..."),
        }
    }
}

fn are_throttled_replicas(items: &[String]) -> bool {
    let is_pair = |item: &String| {
        item.split_once(':').is_some_and(|(partition, broker)| is_number(partition) && is_number(broker))
    };
    matches!(items, [only] if only == "*") || items.iter().all(is_pair)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_voter(text: &str) -> bool {
    text.split_once('@').is_some_and(|(id, server)| id.parse::<i32>().is_ok() && is_server(server))
}

fn is_server(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains('@') && port.parse::<u16>().is_ok())
}

fn is_offset_reset(text: &str) -> bool {
    match text.strip_prefix("by_duration:") {
        Some(duration) => is_iso_duration(duration),
        None => matches!(text, "earliest" | "latest"),
    }
}

/// `PnDTnHnMn.nS` of ISO 8601: at least one part, in this order, none negative.
fn is_iso_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['P', 'p']) else { return false };
    let (days, time) = match rest.split_once(['T', 't']) {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let days_are_good = days.is_empty() || are_parts(days, "D");
    match time {
        Some(time) => days_are_good && are_parts(time, "HMS"),
        None => are_parts(days, "D"),
    }
}

/// Numbers, each followed by one of the units, which come in their order; at least one. Only seconds have a fraction.
fn are_parts(text: &str, units: &str) -> bool {
    let mut left = units;
    let mut rest = text;
    while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let unit = rest.as_bytes()[end].to_ascii_uppercase() as char;
        let Some(at) = left.find(unit) else { return false };
        let (whole, fraction) = rest[..end].split_once('.').unwrap_or((&rest[..end], "0"));
        if !is_number(whole) || !is_number(fraction) || (unit != 'S' && rest[..end].contains('.')) {
            return false;
        }
        left = &left[at + 1..];
        rest = &rest[end + 1..];
    }
    rest.is_empty() && left.len() < units.len()
}
