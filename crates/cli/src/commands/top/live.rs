//! The same on the whole terminal: some lines about the cluster, one table, and what keys do.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use ottla_client::Result;

use super::order::Order;
use super::rates;
use super::rows::{GroupRow, Top, TopicRow};
use super::sample::Sample;
use super::wanted::Wanted;
use crate::byte_size::shown_bytes;
use crate::payload::printable;
use crate::screen::{Key, Scroll, Size, View, wrapped};
use crate::style::Style;

/// What is on the screen, and what keys have made of it.
#[derive(Debug)]
pub(super) struct Live {
    wanted: Arc<Wanted>,
    order: Order,
    limit: Option<usize>,
    every: Duration,
    style: Style,
    before: Option<Sample>,
    top: Option<Top>,
    /// Why there is nothing newer.
    problem: Option<String>,
    table: Table,
    scroll: Scroll,
    is_paused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Topics,
    Groups,
}

impl Live {
    pub(super) fn new(wanted: Arc<Wanted>, order: Order, limit: Option<usize>, every: Duration) -> Live {
        Live {
            wanted,
            order,
            limit,
            every,
            style: Style::for_stream(io::stdout().is_terminal()),
            before: None,
            top: None,
            problem: None,
            table: Table::Topics,
            scroll: Scroll::default(),
            is_paused: false,
        }
    }

    fn turn_to(&mut self, table: Table) {
        if self.table != table {
            (self.table, self.scroll) = (table, Scroll::default());
        }
    }

    /// Three lines about the cluster, what matters most first: there may be no room for the rest.
    fn about(&self, top: &Top) -> [String; 3] {
        let controller = top.controller.map_or("none".into(), |id| id.to_string());
        let cluster = top.cluster_id.as_deref().map_or(String::new(), |id| printable(id.as_bytes()));
        let paused = if self.is_paused { ", paused" } else { "" };
        let health = if top.is_healthy {
            "healthy".to_owned()
        } else {
            let text = format!("under-replicated {}, leaderless {}", top.under_replicated, top.leaderless);
            self.style.bad(text).to_string()
        };
        let at = format!("{}, every {:?}{paused}", time_of_day(&top.at), self.every);
        [
            format!(
                "{}, brokers {}, controller {controller}, {cluster}",
                self.style.heading(at),
                top.broker_count
            ),
            format!(
                "{health}, topics {}, partitions {}, groups {}",
                top.topic_count, top.partition_count, top.group_count
            ),
            format!(
                "lag {}, in {} records/s, {}/s, stored {}",
                count(top.lag),
                rate(top.records_per_second),
                bytes(top.bytes_per_second),
                bytes(top.bytes.map(|bytes| bytes as f64)),
            ),
        ]
    }

    /// An empty line, if nothing is, and never so many that they leave no room.
    fn wrong(&self, top: &Top, size: Size) -> Vec<String> {
        let said: Vec<String> = self.problem.iter().chain(&top.notes).cloned().collect();
        let lines = wrapped(&printable(said.join("; ").as_bytes()), size.columns, size.rows / 6);
        lines.iter().map(|line| self.style.bad(line).to_string()).collect()
    }

    /// Of the table that is shown: its headings, and its rows.
    fn table(&self, top: &Top, columns: usize) -> (String, Vec<String>) {
        match self.table {
            Table::Topics => table(OF_TOPICS, ("TOPIC", |row| &row.topic), &top.topics, columns),
            Table::Groups => table(OF_GROUPS, ("GROUP", |row| &row.group), &top.groups, columns),
        }
    }

    fn keys(&self, place: &str) -> String {
        let sort = match self.table {
            Table::Topics => self.order.topics,
            Table::Groups => self.order.groups,
        };
        let keys =
            format!("q quit  {place}  s sort: {}  t topics  g groups  p pause  arrows scroll", sort.word());
        self.style.faint(keys).to_string()
    }
}

impl View for Live {
    type Answer = Result<Sample>;

    fn asks(&self) -> bool {
        !self.is_paused
    }

    fn take(&mut self, answer: Result<Sample>) {
        if self.is_paused {
            return;
        }
        match answer {
            Ok(now) => {
                let mut top = rates::top(self.before.as_ref(), &now, &self.wanted);
                self.order.sort(&mut top);
                (self.top, self.before, self.problem) = (Some(top), Some(now), None);
            }
            Err(error) => self.problem = Some(format!("nobody answers, asking again: {error}")),
        }
    }

    fn press(&mut self, key: Key) {
        match (key, self.table) {
            (Key::Char('t'), _) | (Key::Tab, Table::Groups) => self.turn_to(Table::Topics),
            (Key::Char('g'), _) | (Key::Tab, Table::Topics) => self.turn_to(Table::Groups),
            (Key::Char('s'), Table::Topics) => self.order.next_of_topics(),
            (Key::Char('s'), Table::Groups) => self.order.next_of_groups(),
            (Key::Char('p' | ' '), _) => self.is_paused = !self.is_paused,
            (key, _) => self.scroll.press(key),
        }
        if let Some(top) = &mut self.top {
            self.order.sort(top);
        }
    }

    fn lines(&mut self, size: Size) -> Vec<String> {
        let Some(top) = &self.top else {
            return wrapped(self.problem.as_deref().unwrap_or("asking ..."), size.columns, size.rows);
        };
        let (headings, rows) = self.table(top, size.columns);
        let mut lines: Vec<String> = self.about(top).into();
        lines.extend(self.wrong(top, size));
        lines.push(self.style.heading(headings).to_string());
        // The last line is for keys, however few there are.
        let above = size.rows.saturating_sub(1);
        let count = rows.len().min(self.limit.unwrap_or(usize::MAX));
        let shown = self.scroll.shown(count, above.saturating_sub(lines.len()));
        let place = format!("{}-{} of {count}", count.min(shown.start + 1), shown.end);
        lines.extend(rows[shown].iter().cloned());
        lines.resize(above, String::new());
        lines.push(self.keys(&place));
        lines
    }
}

/// A column: its heading, how wide it is, and what stands in it.
type Column<R> = (&'static str, usize, fn(&R) -> String);

const OF_TOPICS: &[Column<TopicRow>] = &[
    ("RECORDS/S", 10, |row| rate(row.records_per_second)),
    ("BYTES/S", 10, |row| bytes(row.bytes_per_second)),
    ("SIZE", 10, |row| bytes(row.bytes.map(|bytes| bytes as f64))),
    ("PARTITIONS", 10, |row| row.partitions.to_string()),
    ("UNDER-REPL", 10, |row| row.under_replicated.to_string()),
];

const OF_GROUPS: &[Column<GroupRow>] = &[
    ("LAG", 10, |row| count(row.lag)),
    ("LAG/S", 9, |row| rate(row.lag_per_second)),
    ("CONSUMED/S", 10, |row| rate(row.records_per_second)),
    ("MEMBERS", 7, |row| count(row.members)),
    ("STATE", 11, |row| printable(row.state.as_deref().unwrap_or("-").as_bytes())),
];

/// Columns are left out rather than names.
const NAME_ROOM: usize = 16;

/// Headings and rows, as many columns as there is room for. The name comes last: it may be longer than there is room for.
fn table<R>(
    columns: &[Column<R>],
    (heading, name): (&str, fn(&R) -> &String),
    rows: &[R],
    room: usize,
) -> (String, Vec<String>) {
    let ends = columns.iter().scan(NAME_ROOM + 1, |end, (_, width, _)| {
        *end += width + 1;
        Some(*end)
    });
    let columns = &columns[..ends.take_while(|end| *end <= room).count().max(1)];
    let line = |cell: &dyn Fn(&Column<R>) -> String, name: &str| {
        let cells =
            columns.iter().map(|column| format!("{:>width$.width$} ", cell(column), width = column.1));
        format!("{} {name}", cells.collect::<String>())
    };
    let of_row = |row: &R| line(&|(_, _, of)| of(row), &printable(name(row).as_bytes()));
    (line(&|(heading, _, _)| (*heading).to_owned(), heading), rows.iter().map(of_row).collect())
}

/// Of a time in UTC, to a second.
fn time_of_day(at: &str) -> String {
    at.get(11..19).map(|time| format!("{time}Z")).unwrap_or_default()
}

/// Small ones to a tenth.
fn rate(rate: Option<f64>) -> String {
    match rate {
        None => "-".into(),
        Some(0.0) => "0".into(),
        Some(rate) if rate.abs() < 100.0 => format!("{rate:.1}"),
        Some(rate) => format!("{rate:.0}"),
    }
}

fn bytes(bytes: Option<f64>) -> String {
    bytes.map_or("-".into(), shown_bytes)
}

fn count<N: ToString>(count: Option<N>) -> String {
    count.map_or("-".into(), |count| count.to_string())
}
