//! What is measured, and how it is written.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    MibPerSecond,
    Micros,
    SecondsPerGib,
    SecondsPerMillion,
    Kib,
    Percent,
}

/// A kind of figure; several of the same unit in one cell are told apart by their label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    label: &'static str,
    unit: Unit,
}

impl Quantity {
    pub(crate) const RATE: Quantity = Quantity::new("", Unit::PerSecond);
    pub(crate) const THROUGHPUT: Quantity = Quantity::new("", Unit::MibPerSecond);
    /// The server's processor time for each request.
    pub(crate) const COST: Quantity = Quantity::new("cpu ", Unit::Micros);
    /// The server's processor time for each GiB.
    pub(crate) const COST_OF_BYTES: Quantity = Quantity::new("cpu ", Unit::SecondsPerGib);
    /// A client's processor time for each million records.
    pub(crate) const COST_OF_RECORDS: Quantity = Quantity::new("cpu ", Unit::SecondsPerMillion);
    pub(crate) const AVERAGE: Quantity = Quantity::new("average ", Unit::Micros);
    pub(crate) const P50: Quantity = Quantity::new("p50 ", Unit::Micros);
    pub(crate) const P99: Quantity = Quantity::new("p99 ", Unit::Micros);

    pub(crate) const fn new(label: &'static str, unit: Unit) -> Quantity {
        Quantity { label, unit }
    }

    pub(crate) fn label(self) -> &'static str {
        self.label
    }

    pub(crate) const fn of(self, value: f64) -> Figure {
        Figure { quantity: self, value }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) quantity: Quantity,
    pub(crate) value: f64,
}

/// What one measurement gave: the same quantities in the same order each time.
pub(crate) type Sample = Vec<Figure>;

impl Figure {
    /// The value with its unit.
    pub(crate) fn amount(self) -> String {
        match self.quantity.unit {
            Unit::PerSecond => scaled(self.value, 1000.0, &["/s", "k/s", "M/s"]),
            Unit::MibPerSecond => scaled(self.value, 1024.0, &[" MiB/s", " GiB/s"]),
            Unit::Micros => scaled(self.value, 1000.0, &[" µs", " ms", " s"]),
            Unit::SecondsPerGib => scaled(self.value, 1.0, &[" s/GiB"]),
            Unit::SecondsPerMillion => scaled(self.value, 1.0, &[" s/M"]),
            Unit::Kib => scaled(self.value, 1024.0, &[" KiB", " MiB", " GiB"]),
            Unit::Percent => scaled(self.value, 1.0, &[" %"]),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.quantity.label, self.amount())
    }
}

/// In the largest unit that leaves at least 1, with three digits.
fn scaled(mut value: f64, step: f64, units: &[&str]) -> String {
    let mut units = units.iter().peekable();
    let mut unit = *units.next().expect("a quantity has a unit");
    while value.abs() >= step
        && let Some(larger) = units.next()
    {
        value /= step;
        unit = larger;
    }
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_the_largest_unit_that_leaves_at_least_one() {
        let check = |quantity: Quantity, value: f64, text: &str| {
            assert_eq!(quantity.of(value).to_string(), text);
        };
        check(Quantity::RATE, 82_123.0, "82.1k/s");
        check(Quantity::RATE, 912_000.0, "912k/s");
        check(Quantity::THROUGHPUT, 490.0, "490 MiB/s");
        check(Quantity::THROUGHPUT, 1699.0, "1.66 GiB/s");
        check(Quantity::P99, 1910.0, "p99 1.91 ms");
        check(Quantity::COST, 7.25, "cpu 7.25 µs");
        check(Quantity::COST_OF_BYTES, 0.834, "cpu 0.83 s/GiB");
        check(Quantity::new("idle ", Unit::Percent), 0.0, "idle 0.00 %");
    }
}
