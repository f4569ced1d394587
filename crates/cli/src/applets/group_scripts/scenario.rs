//! What `--reset-offsets` is asked for.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, anyhow};
use ottla_client::admin::OffsetReset;
use ottla_client::{Offset, TopicPartition};

use super::super::options::Options;
use crate::clock::wall_ms;
use crate::timestamp::parse_time;

/// Of which a script has some.
pub(in crate::applets) const SCENARIOS: [&str; 8] = [
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
];

#[derive(Debug)]
pub(in crate::applets) struct Scenario {
    pub(in crate::applets) reset: OffsetReset,
}

impl Scenario {
    /// For a group; none where a file says nothing of it.
    pub(in crate::applets) fn parse(options: &Options, group: &str) -> Result<Option<Scenario>> {
        let mut given = SCENARIOS.into_iter().filter(|it| options.declares(it) && options.has(it));
        let Some(scenario) = given.next() else {
            let scenarios = SCENARIOS.map(|scenario| format!("[{scenario}]")).join(", ");
            let message =
                format!("Option '[reset-offsets]' requires one of the following scenarios: [{scenarios}]");
            return Err(options.misuse(message).into());
        };
        // Those that want an argument have one.
        let text = options.value(scenario)?.unwrap_or_default();
        let number = || options.number(scenario).map(Option::unwrap_or_default);
        let reset = match scenario {
            "to-earliest" => OffsetReset::Earliest,
            "to-latest" => OffsetReset::Latest,
            "to-current" => OffsetReset::Current,
            "to-offset" => OffsetReset::Offset(number()?),
            "shift-by" => OffsetReset::Shift(number()?),
            "to-datetime" => OffsetReset::Timestamp(parse_datetime(text)?),
            "by-duration" => {
                let ago = parse_java_duration(text).context("Text cannot be parsed to a Duration")?;
                OffsetReset::Timestamp(wall_ms().saturating_sub(ago))
            }
            _ => {
                let lines = fs::read_to_string(text).with_context(|| text.to_owned())?;
                let is_single = options.values("group").count() == 1;
                let Some(plan) = plan_of(&lines, group, is_single)? else { return Ok(None) };
                OffsetReset::Explicit(plan)
            }
        };
        Ok(Some(Scenario { reset }))
    }
}

fn parse_datetime(text: &str) -> Result<i64> {
    let reason = match text.contains('T') {
        true => format!("Unparseable date: \"{text}\""),
        false => "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format".to_owned(),
    };
    let time = text.contains('T').then(|| parse_time(&in_utc(text), wall_ms())).flatten();
    time.ok_or_else(|| anyhow!("java.text.ParseException: {reason}"))
}

/// A time without a zone is one of UTC.
fn in_utc(time: &str) -> String {
    let clock = time.split_once('T').map_or("", |(_, clock)| clock);
    let has_zone = clock.ends_with('Z') || clock.contains(['+', '-']);
    if has_zone { time.to_owned() } else { format!("{time}Z") }
}

/// Milliseconds of `PnDTnHnMn.nS`, as Java's `Duration` reads it.
fn parse_java_duration(text: &str) -> Option<i64> {
    let upper = text.to_ascii_uppercase();
    let body = upper.strip_prefix('P')?;
    let (days, clock) = match body.split_once('T') {
        Some((days, clock)) if !clock.is_empty() => (days, clock),
        Some(_) => return None,
        None => (body, ""),
    };
    let mut total = 0.0;
    for (mut rest, units) in [(days, &[('D', 86_400_000.0)][..]), (clock, CLOCK_UNITS)] {
        let mut units = units.iter();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let unit = rest[end..].chars().next()?;
            // Units come in their order, each once.
            let (_, ms) = units.find(|(name, _)| *name == unit)?;
            total += rest[..end].parse::<f64>().ok()? * ms;
            rest = &rest[end + 1..];
        }
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "what is out of range becomes the nearest, which is as good"
    )]
    (!days.is_empty() || !clock.is_empty()).then_some(total as i64)
}

const CLOCK_UNITS: &[(char, f64)] = &[('H', 3_600_000.0), ('M', 60_000.0), ('S', 1_000.0)];

/// What a file of `topic,partition,offset`, or `group,topic,partition,offset`, says of a group.
fn plan_of(text: &str, group: &str, is_single: bool) -> Result<Option<BTreeMap<TopicPartition, Offset>>> {
    let mut plan = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let (of, topic, partition, offset) = match cells[..] {
            [topic, partition, offset] if is_single => (group, topic, partition, offset),
            [of, topic, partition, offset] => (of, topic, partition, offset),
            _ => return Err(anyhow!("{line}: give it as group,topic,partition,offset")),
        };
        if of == group {
            plan.insert(TopicPartition::new(topic, partition.parse()?), offset.parse()?);
        }
    }
    Ok((!plan.is_empty()).then_some(plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_java_reads_them() {
        for (text, expected) in [
            ("P1D", Some(86_400_000)),
            ("PT1H30M", Some(5_400_000)),
            ("P1DT0.5S", Some(86_400_500)),
            ("pt10s", Some(10_000)),
            ("PT", None),
            ("P", None),
            ("1D", None),
            ("PT1M1H", None),
            ("PTxS", None),
        ] {
            assert_eq!(parse_java_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_in_utc() {
        assert_eq!(in_utc("2024-02-29T12:00:00.000"), "2024-02-29T12:00:00.000Z");
        assert_eq!(in_utc("2024-02-29T12:00:00.000+01:00"), "2024-02-29T12:00:00.000+01:00");
    }

    #[test]
    fn a_file_tells_of_one_group_or_of_several() {
        let plan = |text, is_single| plan_of(text, "g", is_single).expect("it can be read");
        let expected = Some([(TopicPartition::new("a", 0), 5)].into());
        assert_eq!(plan("a,0,5\n", true), expected);
        assert_eq!(plan("g,a,0,5\nh,a,0,6\n", true), expected);
        assert_eq!(plan("\"g\",\"a\",0,5\n", false), expected);
        assert_eq!(plan("h,a,0,5\n", false), None);
        assert!(plan_of("a,0", "g", true).is_err());
    }
}
