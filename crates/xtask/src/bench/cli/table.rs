//! The results, ottla beside kcat.

use std::fmt;

use super::{
    super::{figure::Sample, rows::Rows, table::beside},
    Program,
};

#[derive(Debug, Default)]
pub(super) struct Table(Rows<Program>);

impl Table {
    pub(super) fn add(&mut self, row: &'static str, program: Program, sample: Sample) {
        self.0.add(row, program, sample);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians; × is the ratio to kcat, ± half of the spread, cpu the processor time of the client alone, user and system, peak \
             the most memory that it had.\n"
        )?;
        writeln!(f, "| | ottla | kcat |\n|---|---|---|")?;
        for row in self.0.iter() {
            let [ottla, kcat] = [Program::Ottla, Program::Kcat].map(|program| row.summaries(program));
            writeln!(f, "| {} | {} | {} |", row.name, beside(&ottla, &kcat), beside(&kcat, &[]))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::figure::Quantity, *};

    #[test]
    fn ottla_stands_as_ratios_to_kcat() {
        let mut table = Table::default();
        table.add("consume", Program::Ottla, vec![Quantity::AVERAGE.of(2_000_000.0)]);
        table.add("consume", Program::Kcat, vec![Quantity::AVERAGE.of(8_000_000.0)]);
        let text = table.to_string();
        let row = text.lines().last().expect("a table has rows");
        assert_eq!(row, "| consume | average ×0.25 (2.00 s) | average 8.00 s |");
    }
}
