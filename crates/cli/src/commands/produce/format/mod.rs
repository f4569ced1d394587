//! Format strings of what is read, in rpk's dialect: those of `ottla consume`, the other way round.
//!
//! ```text
//! %t %k %v    topic, key, value                  %T %K %V   their lengths
//! %h{..}      headers, each by %k %K %v %V       %H         how many headers
//! %p %d       partition, timestamp               %o %e %x %y  are read, and have no effect
//! %% %{ %}    these characters                   \n \t \r \0 \\ \xNN
//! ```
//!
//! Text is as long as its length says if that stands before it; else it ends where the characters that follow it in the format
//! stand; and if nothing follows, with the input. What follows a number or a text of known length must be there.
//!
//! | of | modifiers |
//! |---|---|
//! | text: %t %k %v | `hex`, `base64`, `base64raw`; `json`: one value of JSON; `re[..]`: what the regular expression matches |
//! | numbers | those of `ottla consume`; `{3}` is 3, and nothing is read |
//!
//! Lengths are of what is read, before it is decoded. A number of 32 bits or more has a sign: the length -1 is that of null. A key of
//! no bytes without a length is null too, as rpk has it. At the end of the input the characters behind the last field may be missing.
//!
//! ```text
//! parse   a format string into fields      number  numbers        text   keys, values and names
//! input   bytes as they come               json    values of JSON  regex  regular expressions
//! ```

mod input;
mod json;
mod number;
mod parse;
mod regex;
mod text;

use std::io::Read;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use ottla_records::{NO_TIMESTAMP, Timestamp};

use super::feeding::LINE_BYTES_MAX;
pub(super) use input::Input;
use number::NumberCodec;
use regex::Regex;
use text::TextCodec;

/// How records are read.
#[derive(Debug, Clone)]
pub(super) struct Format(Vec<Field>);

#[derive(Debug, Clone)]
enum Field {
    Literal(Vec<u8>),
    Number(NumberField, NumberCodec),
    Text(TextField, TextCodec, Extent),
    /// So many as was said before.
    Headers(Vec<Field>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextField {
    Topic,
    Key,
    Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberField {
    LengthOf(TextField),
    Headers,
    Partition,
    Timestamp,
    /// Offsets and others that a producer has no say in.
    Ignored,
}

/// How far a text goes.
#[derive(Debug, Clone)]
enum Extent {
    /// As far as was said before.
    Length,
    Until(Vec<u8>),
    Match(Regex),
    Json,
    /// To the end of the input.
    Rest,
}

/// What was read of a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) topic: Option<Bytes>,
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
    pub(super) partition: Option<i32>,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) headers: Vec<(Bytes, Option<Bytes>)>,
}

/// What numbers said of what comes behind them.
#[derive(Debug, Default)]
struct Announced {
    topic: i64,
    key: i64,
    value: i64,
    headers: i64,
}

/// More are a mistake: no broker takes a record with so many.
const HEADERS_MAX: i64 = 1_000_000;

impl Format {
    /// Why it is none, if it is none.
    pub(super) fn parse(text: &str) -> Result<Format, String> {
        parse::fields(text).map(Format)
    }

    /// Whether records tell their topic.
    pub(super) fn names_topic(&self) -> bool {
        self.0.iter().any(|field| matches!(field, Field::Text(TextField::Topic, ..)))
    }

    /// The next record; none at the end of the input.
    pub(super) fn read(&self, input: &mut Input<impl Read>) -> Result<Option<Parts>> {
        if input.is_exhausted()? {
            return Ok(None);
        }
        let (mut parts, from) = (Parts::default(), input.taken());
        let (last, before) = self.0.split_last().context("a format has fields")?;
        let mut announced = Announced::default();
        for field in before {
            field.read(input, &mut announced, &mut parts, false)?;
        }
        last.read(input, &mut announced, &mut parts, true)?;
        ensure!(input.taken() > from, "the format takes nothing of it, and there is {}", input.shown());
        Ok(Some(parts))
    }
}

impl Field {
    /// What should stand behind the last field of a record may be missing at the end of the input.
    fn read(
        &self,
        input: &mut Input<impl Read>,
        announced: &mut Announced,
        parts: &mut Parts,
        is_last: bool,
    ) -> Result<()> {
        match self {
            Field::Literal(text) => input.literal(text, is_last),
            Field::Number(field, codec) => {
                let number = codec.read(input).with_context(|| format!("the {}", field.name()))?;
                announced.take(*field, number);
                parts.take_number(*field, number)
            }
            Field::Text(field, codec, extent) => {
                let told = || format!("its {}", field.name());
                let text = extent.read(input, announced.length(*field), is_last).with_context(told)?;
                let text = text.map(|text| codec.decoded(text)).transpose().with_context(told)?;
                parts.take_text(*field, text.filter(|text| !extent.is_null(*field, text)));
                Ok(())
            }
            Field::Headers(each) => {
                ensure!(
                    (0..=HEADERS_MAX).contains(&announced.headers),
                    "it cannot have {} headers",
                    announced.headers
                );
                for number in 1..=announced.headers {
                    let header = read_header(each, input).with_context(|| format!("header {number}"))?;
                    parts.headers.push(header);
                }
                Ok(())
            }
        }
    }
}

fn read_header(fields: &[Field], input: &mut Input<impl Read>) -> Result<(Bytes, Option<Bytes>)> {
    let (mut parts, from) = (Parts::default(), input.taken());
    let mut announced = Announced::default();
    for field in fields {
        field.read(input, &mut announced, &mut parts, false)?;
    }
    ensure!(input.taken() > from, "the format takes nothing of it");
    Ok((parts.key.unwrap_or_default(), parts.value))
}

impl Extent {
    /// None for null.
    fn read(&self, input: &mut Input<impl Read>, announced: i64, is_last: bool) -> Result<Option<Bytes>> {
        match self {
            Extent::Length if announced == -1 => return Ok(None),
            Extent::Length => {
                let length = usize::try_from(announced).ok().filter(|length| *length <= LINE_BYTES_MAX);
                input.take(length.with_context(|| format!("its length cannot be {announced}"))?)
            }
            Extent::Until(delimiter) => input.until(delimiter, is_last),
            Extent::Match(regex) => input.matching(regex),
            Extent::Json => input.json(),
            Extent::Rest => input.rest(),
        }
        .map(Some)
    }

    fn is_null(&self, field: TextField, text: &Bytes) -> bool {
        field == TextField::Key && text.is_empty() && !matches!(self, Extent::Length)
    }
}

impl Announced {
    fn take(&mut self, field: NumberField, number: i64) {
        match field {
            NumberField::LengthOf(TextField::Topic) => self.topic = number,
            NumberField::LengthOf(TextField::Key) => self.key = number,
            NumberField::LengthOf(TextField::Value) => self.value = number,
            NumberField::Headers => self.headers = number,
            NumberField::Partition | NumberField::Timestamp | NumberField::Ignored => {}
        }
    }

    fn length(&self, field: TextField) -> i64 {
        match field {
            TextField::Topic => self.topic,
            TextField::Key => self.key,
            TextField::Value => self.value,
        }
    }
}

impl Parts {
    fn take_number(&mut self, field: NumberField, number: i64) -> Result<()> {
        match field {
            NumberField::Partition => {
                let partition = i32::try_from(number).ok().filter(|partition| *partition >= 0);
                self.partition =
                    Some(partition.with_context(|| format!("its partition cannot be {number}"))?);
            }
            NumberField::Timestamp => self.timestamp = (number != NO_TIMESTAMP).then_some(number),
            NumberField::LengthOf(_) | NumberField::Headers | NumberField::Ignored => {}
        }
        Ok(())
    }

    fn take_text(&mut self, field: TextField, text: Option<Bytes>) {
        match field {
            TextField::Topic => self.topic = text,
            TextField::Key => self.key = text,
            TextField::Value => self.value = text,
        }
    }
}

impl TextField {
    fn name(self) -> &'static str {
        match self {
            TextField::Topic => "topic",
            TextField::Key => "key",
            TextField::Value => "value",
        }
    }
}

impl NumberField {
    fn name(self) -> &'static str {
        match self {
            NumberField::LengthOf(TextField::Topic) => "length of its topic",
            NumberField::LengthOf(TextField::Key) => "length of its key",
            NumberField::LengthOf(TextField::Value) => "length of its value",
            NumberField::Headers => "number of headers",
            NumberField::Partition => "partition",
            NumberField::Timestamp => "timestamp",
            NumberField::Ignored => "number",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A reader that gives a byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1);
            let (given, rest) = self.0.split_at(count);
            buffer[..count].copy_from_slice(given);
            self.0 = rest;
            Ok(count)
        }
    }

    /// What was read before something was wrong, and what that was.
    fn read(format: &str, source: impl Read) -> (Vec<Parts>, Option<String>) {
        let format = Format::parse(format).expect(format);
        let (mut input, mut records) = (Input::new(source), Vec::new());
        loop {
            match format.read(&mut input) {
                Ok(Some(parts)) => records.push(parts),
                Ok(None) => return (records, None),
                Err(error) => return (records, Some(format!("{error:#}"))),
            }
        }
    }

    fn pair(key: Option<&'static str>, value: Option<&'static str>) -> Parts {
        Parts { key: key.map(Bytes::from), value: value.map(Bytes::from), ..Parts::default() }
    }

    /// However it comes.
    fn check(format: &str, input: &[u8], records: &[Parts], error: Option<&str>) {
        let found = [read(format, input), read(format, Slow(input))];
        for (read, told) in &found {
            assert_eq!(read, records, "{format} of {}", input.escape_ascii());
            assert_eq!(told.as_deref(), error, "{format} of {}", input.escape_ascii());
        }
    }

    #[test]
    fn text_ends_with_its_length_its_delimiter_or_the_input() {
        let k_v = || pair(Some("k"), Some("v"));
        for (format, input, records) in [
            (
                "%v\\n",
                &b"one\n\nthree"[..],
                vec![pair(None, Some("one")), pair(None, Some("")), pair(None, Some("three"))],
            ),
            ("%v", b"one\ntwo\n", vec![pair(None, Some("one\ntwo\n"))]),
            ("%v", b"", vec![]),
            (
                "%k: %v;",
                b"k: v;a:: b: c;: ",
                vec![k_v(), pair(Some("a:"), Some("b: c")), pair(None, Some(""))],
            ),
            ("%k=%v--", b"k=v-", vec![pair(Some("k"), Some("v-"))]),
            ("%K%k %V%v\\n", b"1k 1v\n-1 -1\n0 0", vec![k_v(), pair(None, None), pair(Some(""), Some(""))]),
            ("%K{big16}%k%V{byte}%v", b"\0\x01k\x01v\0\0\0", vec![k_v(), pair(Some(""), Some(""))]),
            ("%K{little32}%k%V{hex8}%v", b"\xff\xff\xff\xff01v", vec![pair(None, Some("v"))]),
            ("%V{2}%v", b"aabb", vec![pair(None, Some("aa")), pair(None, Some("bb"))]),
            ("%k{hex} %v{base64}\\n", b"6b dg==\n", vec![k_v()]),
            ("%V%v{base64}", b"4dg==4dg==", vec![pair(None, Some("v")), pair(None, Some("v"))]),
            (
                "%v{json} %k\\n",
                b"{\"a\" : [ 1 ]} k\n\n 7 k",
                vec![pair(Some("k"), Some("{\"a\":[1]}")), pair(Some("k"), Some("7"))],
            ),
            (
                "%v{json}",
                b"1 \"a\" {}",
                vec![pair(None, Some("1")), pair(None, Some("\"a\"")), pair(None, Some("{}"))],
            ),
            (
                "%k{re([a-z]+)}%v{re##[0-9]+##};",
                b"a1;b22;",
                vec![pair(Some("a"), Some("1")), pair(Some("b"), Some("22"))],
            ),
            ("%%<%v>", b"%<v>", vec![pair(None, Some("v"))]),
            ("%v\\xff\\0", b"v\xff\0v", vec![pair(None, Some("v")), pair(None, Some("v"))]),
        ] {
            check(format, input, &records, None);
        }
    }

    #[test]
    fn topic_partition_timestamp_and_headers_are_read() {
        let header = |name: &'static str, value: Option<&'static str>| (name.into(), value.map(Bytes::from));
        let parts = Parts {
            topic: Some("orders".into()),
            partition: Some(3),
            timestamp: Some(17),
            headers: vec![header("a", Some("1")), header("b", None), header("", Some(""))],
            ..pair(None, Some("v"))
        };
        let format = "%t/%p@%d %o %e %x %y %H %h{%K:%k%V:%v,}%v\\n";
        check(format, b"orders/3@17 9 1 -1 -1 3 1:a1:1,1:b-1:,0:0:,v\n", std::slice::from_ref(&parts), None);
        let plain =
            Parts { timestamp: None, headers: vec![header("a", Some("")), header("b", Some("2"))], ..parts };
        let format = "%H{byte}%h{%k=%v,}%t %p{3}%d{big64}%v\\n";
        check(format, b"\x02a=,b=2,orders \xff\xff\xff\xff\xff\xff\xff\xffv", &[plain], None);
    }

    #[test]
    fn what_is_wrong_is_told_and_what_came_before_it_is_kept() {
        let v = || vec![pair(None, Some("v"))];
        for (format, input, records, error) in [
            ("%k=%v;", &b"=v;v;"[..], v(), "its key: no `=` comes behind it"),
            (
                "%V{byte}%v",
                b"\x01v\x05v",
                v(),
                "its value: 5 bytes should come, and there is 1 before the input ends",
            ),
            ("%V{byte}%v;", b"\x01v;\x01vv", v(), "`;` should come, and there is `v`"),
            ("%V %v", b"1 v-2 v", v(), "its value: its length cannot be -2"),
            (
                "%V %v",
                b"1 v9223372036854775807 v",
                v(),
                "its value: its length cannot be 9223372036854775807",
            ),
            ("%V %v", b"1 vx", v(), "the length of its value: digits should come, and there is `x`"),
            ("%p %v;", b"-1 v;", vec![], "its partition cannot be -1"),
            ("%p %v;", b"2147483648 v;", vec![], "its partition cannot be 2147483648"),
            ("%v{hex};", b"76;7;", v(), "its value: it is not hexadecimal, two digits for each byte"),
            ("%v{json};", b"{\"a\":1", vec![], "its value: the input ends before it does"),
            ("%v{json};", b"nil;", vec![], "its value: it is no JSON: expected ident at line 1 column 2"),
            ("%v{re[v]};", b"v;\x1b", v(), "its value: re[v] does not match `\\u{1b}`"),
            ("%v{re[a*]}", b"b", vec![], "the format takes nothing of it, and there is `b`"),
            (
                "%H %h{%k{re[a*]}%v{re[a*]}}%v",
                b"1000000 x",
                vec![],
                "header 1: the format takes nothing of it",
            ),
            ("%H %h{%k=%v,}%v", b"99999999999 x", vec![], "it cannot have 99999999999 headers"),
            ("%H %h{%k=%v,}%v", b"2 a=b,c", vec![], "header 2: its key: no `=` comes behind it"),
        ] {
            check(format, input, &records, Some(error));
        }
    }
}
