//! Which fields of an answer people see, and how.

use serde::Serialize;
use serde_json::Value;

/// What a command answers with.
pub(crate) trait Answer: Serialize {
    const LAYOUT: Layout;
}

/// How answers become tables.
pub(crate) enum Layout {
    /// Each is a row.
    Rows(&'static [Column]),
    /// Each is shown alone: some facts, then tables of what it has many of.
    Details { facts: &'static [Column], tables: &'static [Nested] },
}

/// A field that holds rows of its own.
pub(crate) struct Nested {
    pub(crate) title: &'static str,
    pub(crate) field: &'static str,
    pub(crate) columns: &'static [Column],
}

/// A field with its heading.
pub(crate) struct Column {
    pub(super) heading: &'static str,
    pub(super) field: &'static str,
    pub(super) shown: Shown,
}

/// Where people see a column. Tables for programs have all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Always,
    Wide,
    /// And where some row has something there.
    Present,
    /// Nowhere: people see what a nested table is of.
    Nowhere,
}

impl Column {
    pub(crate) const fn new(heading: &'static str, field: &'static str) -> Column {
        Column { heading, field, shown: Shown::Always }
    }

    /// One that only `-o wide` shows.
    pub(crate) const fn wide(heading: &'static str, field: &'static str) -> Column {
        Column { heading, field, shown: Shown::Wide }
    }

    /// One that `-o wide` shows, and others where it says something of some row.
    pub(crate) const fn if_present(heading: &'static str, field: &'static str) -> Column {
        Column { heading, field, shown: Shown::Present }
    }

    /// Of a nested table: a field of what it is of, by which programs tell its rows from those of others.
    pub(crate) const fn of_owner(heading: &'static str, field: &'static str) -> Column {
        Column { heading, field, shown: Shown::Nowhere }
    }

    /// What stands there in a row of this owner; a row of its own is its own owner.
    pub(super) fn of<'a>(&self, owner: &'a Value, row: &'a Value) -> &'a Value {
        if self.shown == Shown::Nowhere { &owner[self.field] } else { &row[self.field] }
    }
}
