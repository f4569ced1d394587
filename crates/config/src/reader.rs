//! Typed reading of resolved values, for the snapshots.
//!
//! A snapshot asks for a name with the type that it was declared with; anything else is a mistake of ours.

use crate::value::Value;

pub(crate) struct Reader<'a> {
    value: &'a dyn Fn(&'static str) -> Option<Value>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(value: &'a dyn Fn(&'static str) -> Option<Value>) -> Reader<'a> {
        Reader { value }
    }

    pub(crate) fn boolean(&self, name: &'static str) -> bool {
        match (self.value)(name) {
            Some(Value::Boolean(value)) => value,
            other => mistaken(name, "a boolean", other.as_ref()),
        }
    }

    pub(crate) fn int(&self, name: &'static str) -> i32 {
        self.optional_int(name).unwrap_or_else(|| mistaken(name, "an int", None))
    }

    pub(crate) fn optional_int(&self, name: &'static str) -> Option<i32> {
        let value = (self.value)(name)?;
        match value.integer().map(i32::try_from) {
            Some(Ok(number)) => Some(number),
            _ => mistaken(name, "an int", Some(&value)),
        }
    }

    /// Of an int that cannot be below zero.
    pub(crate) fn size(&self, name: &'static str) -> u32 {
        u32::try_from(self.int(name)).expect("the declared range of a size begins at zero or above")
    }

    pub(crate) fn long(&self, name: &'static str) -> i64 {
        self.optional_long(name).unwrap_or_else(|| mistaken(name, "a long", None))
    }

    pub(crate) fn optional_long(&self, name: &'static str) -> Option<i64> {
        let value = (self.value)(name)?;
        Some(value.integer().unwrap_or_else(|| mistaken(name, "a long", Some(&value))))
    }

    pub(crate) fn double(&self, name: &'static str) -> f64 {
        match (self.value)(name) {
            Some(Value::Double(value)) => value,
            other => mistaken(name, "a double", other.as_ref()),
        }
    }

    pub(crate) fn string(&self, name: &'static str) -> String {
        self.optional_string(name).unwrap_or_else(|| mistaken(name, "a string", None))
    }

    pub(crate) fn optional_string(&self, name: &'static str) -> Option<String> {
        let value = (self.value)(name)?;
        if let Value::String(text) = value { Some(text) } else { mistaken(name, "a string", Some(&value)) }
    }

    pub(crate) fn list(&self, name: &'static str) -> Vec<String> {
        self.optional_list(name).unwrap_or_else(|| mistaken(name, "a list", None))
    }

    pub(crate) fn optional_list(&self, name: &'static str) -> Option<Vec<String>> {
        let value = (self.value)(name)?;
        if let Value::List(items) = value { Some(items) } else { mistaken(name, "a list", Some(&value)) }
    }
}

fn mistaken<T>(name: &str, expected: &str, found: Option<&Value>) -> T {
    panic!("{name} is read as {expected} with a default, but is {found:?}")
}
