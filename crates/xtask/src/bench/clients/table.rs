//! The results, client beside client.

use std::fmt;

use super::{
    super::{
        figure::Sample,
        table::{Summary, beside},
    },
    driver::Client,
};

/// One row for each load, in the order in which they first were measured.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<(&'static str, Vec<(Client, Sample)>)>,
}

impl Table {
    pub(super) fn add(&mut self, load: &'static str, client: Client, sample: Sample) {
        match self.rows.iter_mut().find(|(name, _)| *name == load) {
            Some((_, samples)) => samples.push((client, sample)),
            None => self.rows.push((load, vec![(client, sample)])),
        }
    }
}

fn summaries(samples: &[(Client, Sample)], client: Client) -> Vec<Summary> {
    let of_client = samples.iter().filter(|(of, _)| *of == client).map(|(_, sample)| sample);
    Summary::of_each(&of_client.collect::<Vec<_>>())
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians; × is the ratio to librdkafka, ± half of the spread, cpu the client's processor time for a million records, \
             its start included.\n"
        )?;
        writeln!(
            f,
            "| acks=all, idempotent, batches of 16 KiB, linger 5 ms | ottla-client | Java | librdkafka |"
        )?;
        writeln!(f, "|---|---|---|---|")?;
        for (load, samples) in &self.rows {
            let librdkafka = summaries(samples, Client::Librdkafka);
            let [ottla, java] =
                [Client::Ottla, Client::Java].map(|client| beside(&summaries(samples, client), &librdkafka));
            writeln!(f, "| {load} | {ottla} | {java} | {} |", beside(&librdkafka, &[]))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::figure::Quantity, *};

    #[test]
    fn others_stand_as_ratios_to_librdkafka() {
        let sample = |rate, cost| vec![Quantity::RATE.of(rate), Quantity::COST_OF_RECORDS.of(cost)];
        let mut table = Table::default();
        table.add("produce", Client::Librdkafka, sample(1_000.0, 2.0));
        table.add("produce", Client::Ottla, sample(1_500.0, 1.0));
        let text = table.to_string();
        let row = text.lines().last().expect("a table has rows");
        assert_eq!(row, "| produce | ×1.50 (1.50k/s), cpu ×0.50 (1.00 s/M) | - | 1.00k/s, cpu 2.00 s/M |");
    }
}
