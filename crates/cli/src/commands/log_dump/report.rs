//! Where lines go: to people as text, to programs as NDJSON. Counts what is damaged.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::line::Line;
use super::text;
use crate::style::Style;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text(Style),
    Ndjson,
}

/// Which lines are wanted. Damage always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    All,
    Headers,
    Records,
}

#[derive(Debug)]
pub(super) struct Report<W: Write> {
    out: W,
    format: Format,
    show: Show,
    file: String,
    files: usize,
    damage: Damage,
}

/// What was found wrong, in how many of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Damage {
    problems: usize,
    damaged_files: usize,
    files: usize,
    last_damaged: Option<String>,
}

#[derive(Serialize)]
struct Located<'a> {
    file: &'a str,
    #[serde(flatten)]
    line: &'a Line,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W, format: Format, show: Show) -> Report<W> {
        Report { out, format, show, file: String::new(), files: 0, damage: Damage::default() }
    }

    /// What follows is about this file.
    pub(super) fn open(&mut self, file: &Path) {
        self.file = file.display().to_string();
        self.files += 1;
    }

    pub(super) fn wants_records(&self) -> bool {
        self.show != Show::Headers
    }

    pub(super) fn line(&mut self, line: impl Into<Line>) -> io::Result<()> {
        let line = line.into();
        if !self.wants(&line) {
            return Ok(());
        }
        match self.format {
            Format::Text(style) => text::write(&mut self.out, style, &self.file, &line),
            Format::Ndjson => {
                serde_json::to_writer(&mut self.out, &Located { file: &self.file, line: &line })?;
                self.out.write_all(b"\n")
            }
        }
    }

    /// Bytes that are not what their writer wrote, or not what belongs there.
    pub(super) fn damage(
        &mut self,
        position: impl Into<Option<u64>>,
        problem: impl ToString,
    ) -> io::Result<()> {
        self.damage.count(&self.file);
        self.line(Line::Damage { position: position.into(), problem: problem.to_string() })
    }

    pub(super) fn finish(mut self) -> io::Result<Damage> {
        self.out.flush()?;
        Ok(Damage { files: self.files, ..self.damage })
    }

    fn wants(&self, line: &Line) -> bool {
        match self.show {
            Show::All => true,
            Show::Headers => !matches!(line, Line::Record(_)),
            Show::Records => matches!(line, Line::Record(_) | Line::Damage { .. }),
        }
    }
}

impl Damage {
    fn count(&mut self, file: &str) {
        self.problems += 1;
        if self.last_damaged.as_deref() != Some(file) {
            self.damaged_files += 1;
            self.last_damaged = Some(file.to_owned());
        }
    }

    /// `None` if all is well.
    pub(super) fn summary(&self) -> Option<String> {
        let file = self.last_damaged.as_deref()?;
        let problems =
            if self.problems == 1 { "1 problem".into() } else { format!("{} problems", self.problems) };
        Some(if self.damaged_files == 1 {
            format!("{problems} found in {file}")
        } else {
            format!("{problems} found in {} of {} files", self.damaged_files, self.files)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: Format, show: Show, print: impl Fn(&mut Report<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut report = Report::new(&mut out, format, show);
        report.open(Path::new("orders-0/x.index"));
        print(&mut report);
        report.finish().expect("a vector takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn each_json_line_names_its_file_and_type_first() {
        let line = Line::OffsetIndexEntry { offset: i64::MAX, position: 304 };
        let text = printed(Format::Ndjson, Show::All, |report| report.line(line.clone()).unwrap());
        assert_eq!(
            text,
            "{\"file\":\"orders-0/x.index\",\"type\":\"offsetIndexEntry\",\
             \"offset\":9223372036854775807,\"position\":304}\n"
        );
    }

    #[test]
    fn damage_is_shown_whatever_else_is_asked_for() {
        for show in [Show::All, Show::Headers, Show::Records] {
            let text = printed(Format::Ndjson, show, |report| report.damage(5, "torn").unwrap());
            assert!(text.contains(r#""type":"damage","position":5,"problem":"torn""#), "{text}");
        }
    }

    #[test]
    fn the_summary_names_the_file_or_counts_the_files() {
        let mut damage = Damage { files: 3, ..Damage::default() };
        assert_eq!(damage.summary(), None);
        damage.count("a");
        assert_eq!(damage.summary().as_deref(), Some("1 problem found in a"));
        damage.count("a");
        damage.count("b");
        assert_eq!(damage.summary().as_deref(), Some("3 problems found in 2 of 3 files"));
    }
}
