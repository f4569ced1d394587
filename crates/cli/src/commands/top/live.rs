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
use crate::screen::{Key, Scroll, View};
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

    /// The header, three lines about the cluster and one about what is wrong.
    fn about(&self, top: &Top) -> [String; 4] {
        let controller = top.controller.map_or("none".into(), |id| id.to_string());
        let cluster = top.cluster_id.as_deref().map_or("cluster".into(), |id| printable(id.as_bytes()));
        let paused = if self.is_paused { ", paused" } else { "" };
        let health = if top.is_healthy {
            "healthy".to_owned()
        } else {
            let text = format!("under-replicated {}, leaderless {}", top.under_replicated, top.leaderless);
            self.style.bad(text).to_string()
        };
        [
            format!(
                "{}  {}, every {:?}{paused}, brokers {}, controller {controller}",
                self.style.heading(cluster),
                time_of_day(&top.at),
                self.every,
                top.broker_count,
            ),
            format!(
                "topics {}, partitions {}, groups {}, {health}",
                top.topic_count, top.partition_count, top.group_count
            ),
            format!(
                "in {} records/s, {}/s, stored {}, lag {}",
                rate(top.records_per_second),
                bytes(top.bytes_per_second),
                bytes(top.bytes.map(|bytes| bytes as f64)),
                count(top.lag)
            ),
            self.wrong(top),
        ]
    }

    /// Nothing, if nothing is.
    fn wrong(&self, top: &Top) -> String {
        let said: Vec<String> = self.problem.iter().chain(&top.notes).cloned().collect();
        if said.is_empty() {
            return String::new();
        }
        self.style.bad(printable(said.join("; ").as_bytes())).to_string()
    }

    /// Of the table that is shown: its headings, and its rows.
    fn table(&self, top: &Top) -> (String, Vec<String>) {
        match self.table {
            Table::Topics => (topic_headings(), top.topics.iter().map(topic_line).collect()),
            Table::Groups => (group_headings(), top.groups.iter().map(group_line).collect()),
        }
    }

    fn keys(&self, place: &str) -> String {
        let sort = match self.table {
            Table::Topics => self.order.topics,
            Table::Groups => self.order.groups,
        };
        let keys =
            format!("q quit  t topics  g groups  s sort: {}  p pause  arrows scroll  {place}", sort.word());
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

    fn lines(&mut self, height: usize) -> Vec<String> {
        let Some(top) = &self.top else {
            return vec![self.problem.clone().unwrap_or_else(|| "asking ...".into())];
        };
        let (headings, rows) = self.table(top);
        let mut lines: Vec<String> = self.about(top).into();
        lines.push(self.style.heading(headings).to_string());
        // The last line is for keys.
        let room = height.saturating_sub(lines.len() + 1);
        let count = rows.len().min(self.limit.unwrap_or(usize::MAX));
        let shown = self.scroll.shown(count, room);
        let place = format!("{}-{} of {count}", count.min(shown.start + 1), shown.end);
        lines.extend(rows[shown].iter().cloned());
        lines.resize(height.saturating_sub(1).max(lines.len()), String::new());
        lines.push(self.keys(&place));
        lines
    }
}

fn topic_headings() -> String {
    format!(
        "{:>11} {:>11} {:>11} {:>10} {:>10}  {}",
        "RECORDS/S", "BYTES/S", "SIZE", "PARTITIONS", "UNDER-REPL", "TOPIC"
    )
}

/// The name comes last: it may be longer than there is room for.
fn topic_line(row: &TopicRow) -> String {
    format!(
        "{:>11} {:>11} {:>11} {:>10} {:>10}  {}",
        rate(row.records_per_second),
        bytes(row.bytes_per_second),
        bytes(row.bytes.map(|bytes| bytes as f64)),
        row.partitions,
        row.under_replicated,
        printable(row.topic.as_bytes())
    )
}

fn group_headings() -> String {
    format!(
        "{:>11} {:>11} {:>11} {:>7} {:<11}  {}",
        "LAG", "LAG/S", "CONSUMED/S", "MEMBERS", "STATE", "GROUP"
    )
}

fn group_line(row: &GroupRow) -> String {
    format!(
        "{:>11} {:>11} {:>11} {:>7} {:<11.11}  {}",
        count(row.lag),
        rate(row.lag_per_second),
        rate(row.records_per_second),
        count(row.members),
        printable(row.state.as_deref().unwrap_or("-").as_bytes()),
        printable(row.group.as_bytes())
    )
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
