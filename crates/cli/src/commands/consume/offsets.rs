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
//! 10:20  :end  @-48h:-24h                from one to before the other
//! ```

use ottla_client::Offset;
use ottla_records::Timestamp;

use crate::timestamp::parse_time;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Bound,
    pub(crate) to: Option<Bound>,
}

/// What is known of a partition when its bounds are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: Offset,
    pub(crate) end: Offset,
}

impl Span {
    pub(crate) fn parse(text: &str, now: Timestamp) -> Option<Span> {
        if let Some(times) = text.strip_prefix('@') {
            return parse_times(times, now);
        }
        // As kcat has it.
        if let Some(time) = text.strip_prefix("s@") {
            return Some(Span { from: Bound::Time(parse_time(time, now)?), to: None });
        }
        if let Some(time) = text.strip_prefix("e@") {
            return Some(Span { from: Bound::Start, to: Some(Bound::Time(parse_time(time, now)?)) });
        }
        let Some((from, to)) = text.split_once(':') else {
            return Some(Span { from: parse_bound(text)?, to: None });
        };
        let from = if from.is_empty() { Bound::Start } else { parse_bound(from)? };
        let to = if to.is_empty() { None } else { Some(parse_bound(to)?) };
        Some(Span { from, to }).filter(|span| span.to != Some(Bound::Stored))
    }
}

/// Of times the colon may be a part, so that each is tried as the one in the middle.
fn parse_times(text: &str, now: Timestamp) -> Option<Span> {
    if let Some(from) = parse_time(text, now) {
        return Some(Span { from: Bound::Time(from), to: None });
    }
    text.match_indices(':').find_map(|(at, _)| {
        let (from, to) = (&text[..at], text[at + 1..].trim_start_matches('@'));
        let from = if from.is_empty() { Bound::Start } else { Bound::Time(parse_time(from, now)?) };
        let to = if to == "end" { Bound::End } else { Bound::Time(parse_time(to, now)?) };
        Some(Span { from, to: Some(to) })
    })
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

    fn check(text: &str, from: Bound, to: Option<Bound>) {
        assert_eq!(Span::parse(text, NOW), Some(Span { from, to }), "{text}");
    }

    #[test]
    fn every_spelling_is_understood() {
        check("beginning", Bound::Start, None);
        check("newest", Bound::End, None);
        check("stored", Bound::Stored, None);
        check("42", Bound::At(42), None);
        check("+42", Bound::AfterStart(42), None);
        check("-42", Bound::BeforeEnd(42), None);
        check("10:20", Bound::At(10), Some(Bound::At(20)));
        check(":end", Bound::Start, Some(Bound::End));
        check("+1:-1", Bound::AfterStart(1), Some(Bound::BeforeEnd(1)));
        check("s@1700000000000", Bound::Time(NOW), None);
        check("e@1700000000000", Bound::Start, Some(Bound::Time(NOW)));
        check("@-1h", Bound::Time(NOW - 3_600_000), None);
        check("@-2h:-1h", Bound::Time(NOW - 7_200_000), Some(Bound::Time(NOW - 3_600_000)));
        check("@-1h:end", Bound::Time(NOW - 3_600_000), Some(Bound::End));
        let (from, to) = (Bound::Time(951_782_400_000), Bound::Time(951_786_000_000));
        check("@2000-02-29T00:00:00Z:2000-02-29T01:00:00Z", from, Some(to));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "begin", "1-2", "--1", "+", "@", "@soon", "1:stored", "99999999999999999999", "+-1"]
        {
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
