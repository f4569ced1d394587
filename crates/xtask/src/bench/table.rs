//! The results, side by side.

use std::fmt;

use super::{
    figure::{Figure, Sample},
    rows::{Row, Rows},
    variant::Variant,
};

#[derive(Debug, Default)]
pub(crate) struct Table(Rows<Variant>);

/// One figure over all rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    median: Figure,
    /// Half of the way from the least to the most, as a part of the median.
    spread: f64,
}

impl Table {
    pub(crate) fn add(&mut self, name: &'static str, variant: Variant, sample: Sample) {
        self.0.add(name, variant, sample);
    }
}

impl Row<Variant> {
    /// Kafka as it comes, and in brackets with what Ottla's default promises.
    fn kafka(&self) -> String {
        let [plain, synced] =
            [Variant::Kafka, Variant::KafkaSynced].map(|variant| plain(&self.summaries(variant)));
        match (plain.is_empty(), synced.is_empty()) {
            (true, true) => "-".to_owned(),
            (_, true) => plain,
            (true, false) => format!("({synced})"),
            (false, false) => format!("{plain} ({synced})"),
        }
    }

    fn ottla(&self, variant: Variant) -> String {
        beside(&self.summaries(variant), &self.summaries(Variant::Kafka))
    }
}

/// Figures, as ratios to others where there are some.
pub(crate) fn beside(summaries: &[Summary], others: &[Summary]) -> String {
    if summaries.is_empty() {
        return "-".to_owned();
    }
    let beside = |(index, summary): (usize, &Summary)| match others.get(index) {
        Some(other) if other.median.value > 0.0 => summary.as_ratio_to(other),
        Some(_) | None => summary.to_string(),
    };
    summaries.iter().enumerate().map(beside).collect::<Vec<_>>().join(", ")
}

fn plain(summaries: &[Summary]) -> String {
    summaries.iter().map(Summary::to_string).collect::<Vec<_>>().join(", ")
}

impl Summary {
    /// Of each figure of samples of the same quantities.
    pub(crate) fn of_each(samples: &[&Sample]) -> Vec<Summary> {
        let figures = samples.first().map_or(0, |sample| sample.len());
        (0..figures).map(|index| Summary::of(samples.iter().map(|sample| sample[index]).collect())).collect()
    }

    fn of(mut figures: Vec<Figure>) -> Summary {
        figures.sort_by(|one, other| one.value.total_cmp(&other.value));
        let (least, most) = (figures[0].value, figures[figures.len() - 1].value);
        let middle = [figures[(figures.len() - 1) / 2], figures[figures.len() / 2]];
        let median = f64::midpoint(middle[0].value, middle[1].value);
        let spread = if median > 0.0 { (most - least) / 2.0 / median } else { 0.0 };
        Summary { median: figures[0].quantity.of(median), spread }
    }

    fn as_ratio_to(&self, other: &Summary) -> String {
        let ratio = self.median.value / other.median.value;
        let decimals = if ratio < 0.1 { 3 } else { 2 };
        format!(
            "{}×{ratio:.decimals$} ({}{})",
            self.median.quantity.label(),
            self.median.amount(),
            self.spread_text()
        )
    }

    fn spread_text(&self) -> String {
        if self.spread > 0.0 { format!(" ±{:.0} %", self.spread * 100.0) } else { String::new() }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.median, self.spread_text())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians; × is the ratio to Kafka as it comes, ± half of the spread, cpu the server's processor time.\n"
        )?;
        writeln!(f, "| acks=all | Ottla, `journal` | Ottla, `os` | Kafka 4.3.1 (with flush.messages=1) |")?;
        writeln!(f, "|---|---|---|---|")?;
        for row in self.0.iter() {
            let [journal, os] = [Variant::OttlaJournal, Variant::OttlaOs].map(|variant| row.ottla(variant));
            writeln!(f, "| {} | {journal} | {os} | {} |", row.name, row.kafka())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::figure::Quantity, *};

    fn sample(rate: f64, p99: f64) -> Sample {
        vec![Quantity::RATE.of(rate), Quantity::P99.of(p99)]
    }

    #[test]
    fn ottla_is_a_ratio_of_medians_and_the_synced_kafka_stands_in_brackets() {
        let mut table = Table::default();
        for rate in [90.0, 100.0, 130.0] {
            table.add("load", Variant::Kafka, sample(rate, 0.0));
        }
        table.add("load", Variant::KafkaSynced, sample(40.0, 9.0));
        table.add("load", Variant::OttlaJournal, sample(150.0, 500.0));
        let text = table.to_string();
        let row = text.lines().last().expect("a table has rows");
        assert_eq!(
            row,
            "| load | ×1.50 (150/s), p99 500 µs | - | 100/s ±20 %, p99 0.00 µs (40.0/s, p99 9.00 µs) |"
        );
    }

    #[test]
    fn without_kafka_there_are_no_ratios() {
        let mut table = Table::default();
        table.add("load", Variant::OttlaOs, sample(150.0, 500.0));
        assert!(table.to_string().ends_with("| load | - | 150/s, p99 500 µs | - |\n"));
    }
}
