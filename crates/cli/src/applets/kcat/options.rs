//! The command line. Flags may be put together (`-Ceqt topic`), arguments be attached (`-ttopic`), and files stand anywhere.

use anyhow::Result;

use super::pack::Pack;
use super::settings::Settings;
use super::told::Fatal;
use super::{delimiter, misuse};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Consume,
    Group,
    Produce,
    List,
    Query,
}

/// Where consuming begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Start {
    /// Where nobody says: at the first message; of a group, where it is.
    #[default]
    Unsaid,
    Beginning,
    End,
    Stored,
    At(i64),
    BeforeEnd(i64),
}

/// What offset is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) timestamp: i64,
}

#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) mode: Option<Mode>,
    pub(super) topic: Option<String>,
    pub(super) queries: Vec<Query>,
    pub(super) partition: Option<i32>,
    pub(super) brokers: Option<String>,
    pub(super) start: Start,
    pub(super) start_time: Option<i64>,
    pub(super) stop_time: Option<i64>,
    pub(super) exits_at_end: bool,
    pub(super) goes_on: bool,
    pub(super) format: Option<String>,
    pub(super) is_json: bool,
    pub(super) key_pack: Option<Pack>,
    pub(super) value_pack: Option<Pack>,
    pub(super) delimiter: Vec<u8>,
    pub(super) key_delimiter: Option<Vec<u8>>,
    pub(super) key: Option<String>,
    pub(super) headers: Vec<(String, Option<String>)>,
    pub(super) is_line_by_line: bool,
    /// None for no end.
    pub(super) count: Option<u64>,
    pub(super) seconds: Option<u64>,
    pub(super) shows_nulls: bool,
    pub(super) verbosity: i32,
    pub(super) tees: bool,
    pub(super) is_unbuffered: bool,
    pub(super) dumps: bool,
    /// Files, or topics.
    pub(super) rest: Vec<String>,
}

pub(super) enum Parsed {
    Run(Box<Options>, Settings),
    Help,
    Version,
    /// `-X list`.
    Properties,
}

const WITH_ARGUMENT: &str = "GMtpbzosrKDkHdFXcmf";
const WITHOUT_ARGUMENT: &str = "PCLQeEOqvTulZJ";

pub(super) fn parse(args: &[String]) -> Result<Parsed> {
    let mut options = Options { delimiter: vec![b'\n'], verbosity: 1, ..Options::default() };
    let mut settings = Settings::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let Some(flags) = arg.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            options.rest.push(arg.clone());
            continue;
        };
        if flags == "-" {
            options.rest.extend(rest.by_ref().cloned());
            break;
        }
        for (at, flag) in flags.char_indices() {
            if WITH_ARGUMENT.contains(flag) {
                let attached = &flags[at + flag.len_utf8()..];
                let argument =
                    if attached.is_empty() { rest.next().map(String::as_str) } else { Some(attached) };
                let argument = argument.ok_or_else(|| misuse("unknown argument"))?;
                if flag == 'X' && matches!(argument, "list" | "help") {
                    return Ok(Parsed::Properties);
                }
                options.set(flag, argument, &mut settings)?;
                break;
            }
            match flag {
                'h' => return Ok(Parsed::Help),
                'V' => return Ok(Parsed::Version),
                _ if WITHOUT_ARGUMENT.contains(flag) => options.switch(flag),
                _ => return Err(misuse("unknown argument").into()),
            }
        }
    }
    Ok(Parsed::Run(Box::new(options), settings))
}

impl Options {
    pub(super) fn has_packs(&self) -> bool {
        self.key_pack.is_some() || self.value_pack.is_some()
    }

    fn switch(&mut self, flag: char) {
        match flag {
            // The last one counts.
            'P' => self.mode = Some(Mode::Produce),
            'C' => self.mode = Some(Mode::Consume),
            'L' => self.mode = Some(Mode::List),
            'Q' => self.mode = Some(Mode::Query),
            'e' => self.exits_at_end = true,
            'E' => self.goes_on = true,
            'q' => self.verbosity = 0,
            'v' => self.verbosity += 1,
            'T' => self.tees = true,
            'u' => self.is_unbuffered = true,
            'l' => self.is_line_by_line = true,
            'Z' => self.shows_nulls = true,
            'J' => self.is_json = true,
            // kcat takes -O, and does nothing about it.
            _ => {}
        }
    }

    fn set(&mut self, flag: char, argument: &str, settings: &mut Settings) -> Result<()> {
        match flag {
            'G' => {
                self.mode = Some(Mode::Group);
                settings.set("group.id", argument)?;
            }
            'M' => {
                return Err(Fatal::new("-M: there is no mock cluster here: `ottla dev` is a real one").into());
            }
            't' if self.mode == Some(Mode::Query) => self.queries.push(query(argument)?),
            't' => self.topic = Some(argument.into()),
            'p' => self.partition = i32::try_from(leading_number(argument)).ok().filter(|it| *it >= 0),
            'b' => self.brokers = Some(argument.into()),
            'z' => settings.set("compression.codec", argument)?,
            'o' => self.set_start(argument),
            's' => self.set_pack(argument)?,
            'r' => return Err(no_avro().into()),
            'K' => self.key_delimiter = Some(delimiter::parse(argument)?),
            'D' => self.delimiter = delimiter::parse(argument)?,
            'k' => self.key = Some(argument.into()),
            'H' => self.headers.push(header(argument)?),
            'F' => settings.read_named_file(argument, self.verbosity)?,
            'X' => self.set_property(argument, settings)?,
            'c' => self.count = u64::try_from(leading_number(argument)).ok().filter(|count| *count > 0),
            'm' => self.seconds = u64::try_from(leading_number(argument)).ok(),
            'f' => self.format = Some(argument.into()),
            // -d says what librdkafka is to log.
            _ => {}
        }
        Ok(())
    }

    fn set_start(&mut self, text: &str) {
        match text {
            "end" => self.start = Start::End,
            "beginning" => self.start = Start::Beginning,
            "stored" => self.start = Start::Stored,
            _ => {
                if let Some(time) = text.strip_prefix("s@") {
                    self.start_time = Some(leading_number(time));
                } else if let Some(time) = text.strip_prefix("e@") {
                    self.stop_time = Some(leading_number(time));
                } else {
                    let offset = leading_number(text);
                    self.start = if offset < 0 {
                        Start::BeforeEnd(offset.saturating_neg())
                    } else {
                        Start::At(offset)
                    };
                }
            }
        }
    }

    fn set_pack(&mut self, text: &str) -> Result<(), Fatal> {
        let (of_key, of_value, text) = match (text.strip_prefix("key="), text.strip_prefix("value=")) {
            (Some(text), _) => (true, false, text),
            (None, Some(text)) => (false, true, text),
            (None, None) => (true, true, text),
        };
        if text == "avro" {
            return Err(no_avro());
        }
        if of_key {
            self.key_pack = Some(Pack::parse("key", text)?);
        }
        if of_value {
            self.value_pack = Some(Pack::parse("value", text)?);
        }
        Ok(())
    }

    fn set_property(&mut self, text: &str, settings: &mut Settings) -> Result<()> {
        match text.split_once('=') {
            Some((name, value)) => settings.set(name, value)?,
            None if text == "dump" => self.dumps = true,
            None => {
                let reason = format!("Expected -X property=value, not {text}");
                return Err(Fatal::new(reason).into());
            }
        }
        Ok(())
    }
}

fn no_avro() -> Fatal {
    Fatal::new("This build of kcat lacks Avro/Schema-Registry support")
}

/// As C reads numbers: as far as it goes, else 0.
fn leading_number(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = text.starts_with(['-', '+']);
    let digits = text[usize::from(sign)..].bytes().take_while(u8::is_ascii_digit).count();
    text[..usize::from(sign) + digits].parse().unwrap_or_default()
}

fn query(text: &str) -> Result<Query, Fatal> {
    let wrong = || Fatal::new("-t: expected \"topic:partition:offset_or_timestamp\"");
    let (topic, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (partition, timestamp) = rest.split_once(':').ok_or_else(wrong)?;
    let partition = partition.parse().map_err(|_not_a_number| wrong())?;
    let timestamp = timestamp.parse().map_err(|_not_a_number| wrong())?;
    Ok(Query { topic: topic.into(), partition, timestamp })
}

fn header(text: &str) -> Result<(String, Option<String>), Fatal> {
    if text.is_empty() || text.starts_with('=') {
        return Err(Fatal::new("Expected -H \"name=value..\" or -H \"name\""));
    }
    Ok(match text.split_once('=') {
        Some((name, value)) => (name.into(), Some(value.into())),
        None => (text.into(), None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Options {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match parse(&args) {
            Ok(Parsed::Run(options, _)) => *options,
            Ok(Parsed::Help | Parsed::Version | Parsed::Properties) => panic!("{line} asks for help"),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    fn refused(line: &str) -> String {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        parse(&args).err().unwrap_or_else(|| panic!("{line} is taken")).to_string()
    }

    #[test]
    fn flags_may_be_put_together_and_arguments_attached() {
        let options = parsed("-Ceqtorders -p3 -o -10 -c5 a -f %s -- -b");
        assert_eq!((options.mode, options.exits_at_end, options.verbosity), (Some(Mode::Consume), true, 0));
        assert_eq!((options.topic.as_deref(), options.partition), (Some("orders"), Some(3)));
        assert_eq!((options.start, options.count), (Start::BeforeEnd(10), Some(5)));
        assert_eq!(options.rest, ["a", "-b"]);
    }

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (text, expected) in [("12", 12), ("-3x", -3), ("+4", 4), ("x", 0), ("", 0), ("-", 0), (" 7", 7)] {
            assert_eq!(leading_number(text), expected, "{text}");
        }
    }

    #[test]
    fn what_kcat_refuses_is_refused_in_its_words() {
        for (line, expected) in [
            ("-x", "unknown argument"),
            ("-t", "unknown argument"),
            ("-H =1", "Expected -H \"name=value..\" or -H \"name\""),
            ("-s z", "Invalid token 'z' in key pack-format, see -s usage."),
            ("-s value=avro", "lacks Avro/Schema-Registry support"),
            ("-Q -t a:0", "-t: expected \"topic:partition:offset_or_timestamp\""),
            ("-X foo=bar", "No such configuration property: \"foo\""),
            ("-X foo", "Expected -X property=value, not foo"),
            ("-M 3", "there is no mock cluster"),
            ("-F /nowhere", "Failed to open /nowhere: "),
        ] {
            let told = refused(line);
            assert!(told.contains(expected), "{line}: {told}");
        }
    }
}
