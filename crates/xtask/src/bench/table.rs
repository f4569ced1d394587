//! The results, side by side.

use std::{collections::BTreeMap, fmt};

use super::{
    load::{Figures, Load},
    server::Variant,
};

/// One row for each load, in the order in which they ran.
#[derive(Debug, Default)]
pub(crate) struct Table {
    names: Vec<&'static str>,
    rows: BTreeMap<&'static str, Row>,
}

#[derive(Debug, Default)]
struct Row {
    kafka: Option<Figures>,
    journal: Option<Figures>,
    os: Option<Figures>,
}

impl Table {
    pub(crate) fn add(&mut self, load: &Load, variant: Variant, figures: Figures) {
        if !self.rows.contains_key(load.name) {
            self.names.push(load.name);
        }
        let row = self.rows.entry(load.name).or_default();
        *match variant {
            Variant::Kafka => &mut row.kafka,
            Variant::OttlaJournal => &mut row.journal,
            Variant::OttlaOs => &mut row.os,
        } = Some(figures);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| load, acks=all | Kafka, nothing synced | Ottla, `journal` | Ottla, `os` |")?;
        writeln!(f, "|---|---|---|---|")?;
        for name in &self.names {
            let row = &self.rows[name];
            let kafka = row.kafka.as_ref();
            let cells = [cell(kafka, None), cell(row.journal.as_ref(), kafka), cell(row.os.as_ref(), kafka)];
            writeln!(f, "| {name} | {} |", cells.join(" | "))?;
        }
        let resident = |figures: fn(&Row) -> &Option<Figures>| {
            let most = self.rows.values().filter_map(|row| figures(row).as_ref());
            most.map(|figures| figures.resident_mib).fold(0.0, f64::max)
        };
        writeln!(
            f,
            "| most resident memory | {:.0} MiB | {:.0} MiB | {:.0} MiB |",
            resident(|row| &row.kafka),
            resident(|row| &row.journal),
            resident(|row| &row.os)
        )
    }
}

/// The figures, and in brackets how often Kafka's rate and Kafka's processor time they are.
fn cell(figures: Option<&Figures>, kafka: Option<&Figures>) -> String {
    let Some(figures) = figures else { return "-".to_owned() };
    match kafka {
        Some(kafka) if kafka.rate > 0.0 && kafka.cost > 0.0 => {
            format!("{figures} (x{:.2}, cost x{:.2})", figures.rate / kafka.rate, figures.cost / kafka.cost)
        }
        _ => figures.to_string(),
    }
}
