//! How commands answer: one value for people and programs alike.
//!
//! A command gives values that serialize; the names of their fields are for programs to rely on. What people see is read off the same
//! values by a [`Layout`], so that no format can say what another does not.
//!
//! | format | is |
//! |---|---|
//! | `table`, `wide` | aligned columns for people; `wide` has all of them |
//! | `json`, `yaml`, `ndjson` | everything there is; integers are exact |
//! | `tsv`, `csv` | the columns of `wide`, separated by tabs or commas, below their headings; rows of a nested table say whose they are |

mod cell;
mod layout;
mod separated;
mod table;
mod yaml;

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::style::Style;
pub(crate) use layout::{Answer, Column, Layout, Nested};
use separated::Separator;

/// What every command takes that answers something.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = None::<&str>)]
pub(crate) struct OutputArgs {
    /// How to print it; ndjson is one JSON object a line
    #[arg(short, long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[value(alias = "text")]
    Table,
    Wide,
    Json,
    Yaml,
    Tsv,
    Csv,
    Ndjson,
}

impl OutputArgs {
    /// Whether people read it.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self.output, Format::Table | Format::Wide)
    }

    /// Whether people read it who asked for nothing in particular.
    pub(crate) fn is_table(self) -> bool {
        self.output == Format::Table
    }

    /// An answer that is a list, however long.
    pub(crate) fn print_all<A: Answer>(self, answers: &[A]) -> Result<()> {
        self.print(&A::LAYOUT, serde_json::to_value(answers)?)
    }

    /// Those of several things that there are; people who named none of these have been told so.
    pub(crate) fn print_found<A: Answer>(self, answers: &[A]) -> Result<()> {
        if answers.is_empty() && self.is_for_people() {
            return Ok(());
        }
        self.print_all(answers)
    }

    /// An answer that is one thing.
    pub(crate) fn print_one<A: Answer>(self, answer: &A) -> Result<()> {
        self.print(&A::LAYOUT, serde_json::to_value(answer)?)
    }

    /// What people would see, line by line.
    pub(crate) fn lines<A: Answer>(self, answers: &[A]) -> Result<Vec<String>> {
        let style = Style::for_stream(io::stdout().is_terminal());
        let mut text = Vec::new();
        write(&mut text, self.output, style, &A::LAYOUT, serde_json::to_value(answers)?)?;
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// Between two answers, where people read them.
    pub(crate) fn separate(self) -> Result<()> {
        if self.is_for_people() {
            writeln!(io::stdout())?;
        }
        Ok(())
    }

    fn print(self, layout: &Layout, answer: Value) -> Result<()> {
        let stdout = io::stdout();
        let style = Style::for_stream(stdout.is_terminal());
        let mut out = BufWriter::new(stdout.lock());
        write(&mut out, self.output, style, layout, answer)?;
        Ok(out.flush()?)
    }
}

fn write(
    out: &mut impl Write,
    format: Format,
    style: Style,
    layout: &Layout,
    answer: Value,
) -> io::Result<()> {
    match format {
        Format::Table => table::write(out, style, false, layout, &items(answer)),
        Format::Wide => table::write(out, style, true, layout, &items(answer)),
        Format::Tsv => separated::write(out, Separator::Tab, layout, &items(answer)),
        Format::Csv => separated::write(out, Separator::Comma, layout, &items(answer)),
        Format::Yaml => yaml::write(out, &answer),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            writeln!(out)
        }
        Format::Ndjson => items(answer).iter().try_for_each(|item| writeln!(out, "{item}")),
    }
}

fn items(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(items) => items,
        item @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            vec![item]
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Topic {
        name: &'static str,
        offset: i64,
        replicas: Vec<i32>,
        rack: Option<&'static str>,
    }

    impl Answer for Topic {
        const LAYOUT: Layout = Layout::Rows(&[
            Column::new("NAME", "name"),
            Column::new("OFFSET", "offset"),
            Column::new("REPLICAS", "replicas"),
            Column::wide("RACK", "rack"),
        ]);
    }

    #[derive(Serialize)]
    struct Group {
        name: &'static str,
        offsets: Vec<Topic>,
    }

    impl Answer for Group {
        const LAYOUT: Layout = Layout::Details {
            facts: &[Column::new("NAME", "name")],
            tables: &[Nested {
                title: "Offsets",
                field: "offsets",
                columns: &[
                    Column::of_owner("GROUP", "name"),
                    Column::new("TOPIC", "name"),
                    Column::if_present("RACK", "rack"),
                ],
            }],
        };
    }

    fn topics() -> Vec<Topic> {
        let orders = Topic { name: "orders", offset: i64::MAX, replicas: vec![1, 2], rack: None };
        let odd = Topic { name: "a\tb\u{1b}[31m", offset: 7, replicas: Vec::new(), rack: Some("no: r") };
        vec![orders, odd]
    }

    fn check(format: Format, expected: &str) {
        assert_eq!(written(format, &topics()), expected, "{format:?}");
    }

    fn written<A: Answer>(format: Format, answers: &[A]) -> String {
        let mut out = Vec::new();
        let answer = serde_json::to_value(answers).expect("plain data");
        write(&mut out, format, Style::PLAIN, &A::LAYOUT, answer).expect("a vector takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn rows_of_several_things_say_whose_they_are_and_empty_columns_are_left_out() {
        let topic = |rack| Topic { name: "t", offset: 0, replicas: Vec::new(), rack };
        let groups = [
            Group { name: "a", offsets: vec![topic(Some("r"))] },
            Group { name: "b", offsets: vec![topic(None)] },
        ];
        assert_eq!(written(Format::Tsv, &groups), "NAME\na\nb\n\nGROUP\tTOPIC\tRACK\na\tt\tr\nb\tt\t-\n");
        assert_eq!(
            written(Format::Table, &groups),
            "NAME  a\n\nOffsets\nTOPIC  RACK\nt      r\n\nNAME  b\n\nOffsets\nTOPIC\nt\n"
        );
    }

    #[test]
    fn every_format_says_the_same_and_loses_no_digit() {
        check(
            Format::Table,
            "NAME                         OFFSET  REPLICAS\n\
             orders          9223372036854775807  1,2\n\
             a\\tb\\u{1b}[31m                    7\n",
        );
        check(
            Format::Wide,
            "NAME                         OFFSET  REPLICAS  RACK\n\
             orders          9223372036854775807  1,2       -\n\
             a\\tb\\u{1b}[31m                    7            no: r\n",
        );
        check(
            Format::Tsv,
            "NAME\tOFFSET\tREPLICAS\tRACK\n\
             orders\t9223372036854775807\t1,2\t-\n\
             a\\tb\\u{1b}[31m\t7\t\tno: r\n",
        );
        check(
            Format::Csv,
            "NAME,OFFSET,REPLICAS,RACK\r\n\
             orders,9223372036854775807,\"1,2\",\r\n\
             a\\tb\\u{1b}[31m,7,,no: r\r\n",
        );
        check(
            Format::Ndjson,
            "{\"name\":\"orders\",\"offset\":9223372036854775807,\"replicas\":[1,2],\"rack\":null}\n\
             {\"name\":\"a\\tb\\u001b[31m\",\"offset\":7,\"replicas\":[],\"rack\":\"no: r\"}\n",
        );
        check(
            Format::Yaml,
            "- name: orders\n  offset: 9223372036854775807\n  replicas:\n  - 1\n  - 2\n  rack: null\n\
             - name: \"a\\tb\\u001b[31m\"\n  offset: 7\n  replicas: []\n  rack: \"no: r\"\n",
        );
    }
}
