//! Which fields of an answer people see, and how.

use serde::Serialize;

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
    pub(super) is_wide: bool,
}

impl Column {
    pub(crate) const fn new(heading: &'static str, field: &'static str) -> Column {
        Column { heading, field, is_wide: false }
    }

    /// One that only `-o wide` shows.
    pub(crate) const fn wide(heading: &'static str, field: &'static str) -> Column {
        Column { heading, field, is_wide: true }
    }
}
