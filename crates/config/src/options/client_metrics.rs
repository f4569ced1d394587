//! Subscriptions to client metrics.

use crate::option::{ConfigOption, int, list};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    list("metrics").default("")
        .doc("Prefixes of the metrics that clients push; * for all, nothing for none."),
    int("interval.ms").default("300000")
        .doc("How often clients push them."),
    list("match").default("")
        .doc("The clients that are meant, as client_id=REGEX and the like, all of which must match; nothing for every client."),
];
