//! The results, client beside client.

use std::fmt;

use super::{
    super::{figure::Sample, rows::Rows, table::beside},
    driver::Client,
};

#[derive(Debug, Default)]
pub(super) struct Table(Rows<Client>);

impl Table {
    pub(super) fn add(&mut self, load: &'static str, client: Client, sample: Sample) {
        self.0.add(load, client, sample);
    }
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
        for row in self.0.iter() {
            let librdkafka = row.summaries(Client::Librdkafka);
            let [ottla, java] =
                [Client::Ottla, Client::Java].map(|client| beside(&row.summaries(client), &librdkafka));
            let load = row.name;
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
