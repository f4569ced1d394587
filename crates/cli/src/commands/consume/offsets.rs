//! Where consuming begins and ends, in all the spellings that people know.
//!
//! ```text
//! start  beginning  earliest  oldest     the first record
//! end  latest  newest                    behind the last record
//! 42                                     this offset
//! +42                                    so many behind the first
//! -42                                    so many before the end
//! @1700000000000  @2024-02-29  @-48h     the first record that is not older
//! stored                                 where the group is
//! 10:20  :end  @-48h:-24h  @:-1h         from one to before the other
//! @2024-02-29:1h                         so long
//! s@TIME e@TIME                          from there on, up to there (kcat)
//! 3#42,4#end                             of these partitions (trubka)
//! ```

use std::collections::BTreeMap;

use ottla_client::Offset;
use ottla_records::Timestamp;

use crate::timestamp::{parse_duration, parse_time};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Start,
    End,
    At(Offset),
    AfterStart(i64),
    BeforeEnd(i64),
    Time(Timestamp),
    Stored,
}

/// From a record on, up to another that is not included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Option<Bound>,
    pub(crate) to: Option<Bound>,
}

/// What is said of all partitions, and of some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    pub(crate) of_all: Span,
    pub(crate) of_partition: BTreeMap<i32, Span>,
}

/// What is known of a partition when its bounds are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: Offset,
    pub(crate) end: Offset,
}

impl Spans {
    /// Of several texts, of which a later one counts more; else the text that means nothing.
    pub(crate) fn parse<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
    ) -> Result<Spans, &'a str> {
        let mut spans = Spans::default();
        for text in texts {
            if text.contains('#') {
                for part in text.split(',') {
                    let (partition, span) = parse_of_partition(part, now).ok_or(part)?;
                    spans.of_partition.insert(partition, span);
                }
            } else {
                let span = Span::parse(text, now).ok_or(text)?;
                spans.of_all = span.or(spans.of_all);
            }
        }
        Ok(spans)
    }

    pub(crate) fn of(&self, partition: i32) -> Span {
        self.of_partition.get(&partition).map_or(self.of_all, |span| span.or(self.of_all))
    }

    /// All that are named.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = Bound> {
        let spans = self.of_partition.values().chain([&self.of_all]);
        spans.flat_map(|span| [span.from, span.to]).flatten()
    }
}

fn parse_of_partition(text: &str, now: Timestamp) -> Option<(i32, Span)> {
    let (partition, span) = text.split_once('#')?;
    let partition = partition.parse().ok().filter(|number: &i32| *number >= 0)?;
    Some((partition, Span::parse(span, now)?))
}

impl Span {
    pub(crate) fn parse(text: &str, now: Timestamp) -> Option<Span> {
        if let Some(times) = text.strip_prefix('@') {
            return parse_times(times, now);
        }
        if let Some(time) = text.strip_prefix("s@") {
            return Some(Span { from: Some(Bound::Time(parse_time(time, now)?)), to: None });
        }
        if let Some(time) = text.strip_prefix("e@") {
            return Some(Span { from: None, to: Some(Bound::Time(parse_time(time, now)?)) });
        }
        let Some((from, to)) = text.split_once(':') else {
            return Some(Span { from: Some(parse_bound(text)?), to: None });
        };
        let bound = |text: &str| if text.is_empty() { Some(None) } else { parse_bound(text).map(Some) };
        let span = Span { from: bound(from)?, to: bound(to)? };
        (span != Span::default() && span.to != Some(Bound::Stored)).then_some(span)
    }

    /// With what another says where this one says nothing.
    fn or(self, other: Span) -> Span {
        Span { from: self.from.or(other.from), to: self.to.or(other.to) }
    }
}

/// Of times the colon may be a part, so that each is tried as the one in the middle.
fn parse_times(text: &str, now: Timestamp) -> Option<Span> {
    if let Some(from) = parse_time(text, now) {
        return Some(Span { from: Some(Bound::Time(from)), to: None });
    }
    text.match_indices(':').find_map(|(at, _)| {
        let (from, to) = (&text[..at], text[at + 1..].trim_start_matches('@'));
        let from = if from.is_empty() { None } else { Some(parse_time(from, now)?) };
        let to = match to {
            "" => None,
            "end" => Some(Bound::End),
            to => Some(Bound::Time(parse_time(to, now).or_else(|| later(from?, to))?)),
        };
        (from.is_some() || to.is_some()).then(|| Span { from: from.map(Bound::Time), to })
    })
}

fn later(time: Timestamp, duration: &str) -> Option<Timestamp> {
    time.checked_add(i64::try_from(parse_duration(duration)?.as_millis()).ok()?)
}

fn parse_bound(text: &str) -> Option<Bound> {
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<i64>().ok()).flatten()
    };
    match text {
        "start" | "beginning" | "earliest" | "oldest" => Some(Bound::Start),
        "end" | "latest" | "newest" => Some(Bound::End),
        "stored" => Some(Bound::Stored),
        text => match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(after), _) => number(after).map(Bound::AfterStart),
            (_, Some(before)) => number(before).map(Bound::BeforeEnd),
            (None, None) => number(text).map(Bound::At),
        },
    }
}

impl Bound {
    /// What the broker is to be asked for.
    pub(crate) fn time(self) -> Option<Timestamp> {
        match self {
            Bound::Time(time) => Some(time),
            Bound::Start
            | Bound::End
            | Bound::At(_)
            | Bound::AfterStart(_)
            | Bound::BeforeEnd(_)
            | Bound::Stored => None,
        }
    }

    /// Its offset, within what is there. None of a time, which the broker is to be asked for, and of what a group stored.
    pub(crate) fn offset(self, extent: Extent) -> Option<Offset> {
        let offset = match self {
            Bound::Start => extent.start,
            Bound::End => extent.end,
            Bound::At(offset) => offset,
            Bound::AfterStart(count) => extent.start.saturating_add(count),
            Bound::BeforeEnd(count) => extent.end.saturating_sub(count),
            Bound::Time(_) | Bound::Stored => return None,
        };
        Some(offset.max(extent.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = 1_700_000_000_000;

    fn check(text: &str, from: Option<Bound>, to: Option<Bound>) {
        assert_eq!(Span::parse(text, NOW), Some(Span { from, to }), "{text}");
    }

    #[test]
    fn every_spelling_is_understood() {
        let hours_ago = |hours: i64| Some(Bound::Time(NOW - hours * 3_600_000));
        check("beginning", Some(Bound::Start), None);
        check("newest", Some(Bound::End), None);
        check("stored", Some(Bound::Stored), None);
        check("42", Some(Bound::At(42)), None);
        check("42:", Some(Bound::At(42)), None);
        check("+42", Some(Bound::AfterStart(42)), None);
        check("-42", Some(Bound::BeforeEnd(42)), None);
        check("10:20", Some(Bound::At(10)), Some(Bound::At(20)));
        check(":end", None, Some(Bound::End));
        check("+1:-1", Some(Bound::AfterStart(1)), Some(Bound::BeforeEnd(1)));
        check("s@1700000000000", hours_ago(0), None);
        check("e@1700000000000", None, hours_ago(0));
        check("@-1h", hours_ago(1), None);
        check("@-1h:", hours_ago(1), None);
        check("@:-1h", None, hours_ago(1));
        check("@-2h:-1h", hours_ago(2), hours_ago(1));
        check("@-2h:1h", hours_ago(2), hours_ago(1));
        check("@-1h:end", hours_ago(1), Some(Bound::End));
        let (from, to) = (Some(Bound::Time(951_782_400_000)), Some(Bound::Time(951_786_000_000)));
        check("@2000-02-29T00:00:00Z:2000-02-29T01:00:00Z", from, to);
        check("@2000-02-29:1h", from, to);
    }

    #[test]
    fn what_is_said_of_a_partition_counts_more_and_several_are_put_together() {
        let texts = ["s@1700000000000", "e@1700000001000", "3#42,4#:7"];
        let spans = Spans::parse(texts, NOW).expect("they are spelt well");
        let (from, to) = (Some(Bound::Time(NOW)), Some(Bound::Time(NOW + 1000)));
        assert_eq!(spans.of(0), Span { from, to });
        assert_eq!(spans.of(3), Span { from: Some(Bound::At(42)), to });
        assert_eq!(spans.of(4), Span { from, to: Some(Bound::At(7)) });
        assert_eq!(spans.bounds().count(), 4);
        for (text, wrong) in [("1#2,x#3", "x#3"), ("-1#2", "-1#2"), ("1#", "1#"), ("soon", "soon")] {
            assert_eq!(Spans::parse([text], NOW), Err(wrong));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            ":",
            "@:",
            "begin",
            "1-2",
            "--1",
            "+",
            "@",
            "@soon",
            "1:stored",
            "99999999999999999999",
            "+-1",
        ] {
            assert_eq!(Span::parse(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn no_bound_lies_before_what_is_there() {
        let extent = Extent { start: 100, end: 110 };
        for (bound, expected) in [
            (Bound::At(5), Some(100)),
            (Bound::At(105), Some(105)),
            (Bound::BeforeEnd(3), Some(107)),
            (Bound::BeforeEnd(i64::MAX), Some(100)),
            (Bound::AfterStart(3), Some(103)),
            (Bound::AfterStart(i64::MAX), Some(i64::MAX)),
            (Bound::End, Some(110)),
            (Bound::Stored, None),
        ] {
            assert_eq!(bound.offset(extent), expected, "{bound:?}");
        }
    }
}
