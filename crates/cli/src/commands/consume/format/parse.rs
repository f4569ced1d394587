//! Text into pieces.

use super::attribute::AttributeField;
use super::number::NumberCodec;
use super::text::TextCodec;
use super::time::TimeCodec;
use super::{NumberField, Piece, TextField};

/// What stands in braces behind a field: `{hex}`, or `{strftime[%F]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Modifier<'a> {
    pub(super) name: &'a str,
    pub(super) argument: Option<&'a str>,
}

impl<'a> Modifier<'a> {
    /// Its name, if it has no argument.
    pub(super) fn alone(self) -> Result<&'a str, String> {
        match self.argument {
            None => Ok(self.name),
            Some(argument) => Err(format!("{{{}}} does not take [{argument}]", self.name)),
        }
    }
}

pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut rest = text;
    parse_pieces(&mut rest, false)
}

/// Up to the end, or to the brace that closes what is nested.
fn parse_pieces(rest: &mut &str, is_nested: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = Vec::new();
    loop {
        match take(rest) {
            None if is_nested => return Err("%h{ is not closed".into()),
            None => break,
            Some('}') if is_nested => break,
            Some('\\') => literal.push(parse_escape(rest)?),
            Some('%') => match take(rest).ok_or("it ends with %: write %%")? {
                c @ ('%' | '{' | '}') => push(&mut literal, c),
                field => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(parse_field(field, rest, is_nested)?);
                }
            },
            Some(c) => push(&mut literal, c),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn take(rest: &mut &str) -> Option<char> {
    let c = rest.chars().next()?;
    *rest = &rest[c.len_utf8()..];
    Some(c)
}

fn push(literal: &mut Vec<u8>, c: char) {
    literal.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Of what stands behind a backslash.
fn parse_escape(rest: &mut &str) -> Result<u8, String> {
    match take(rest) {
        Some('n') => Ok(b'\n'),
        Some('t') => Ok(b'\t'),
        Some('r') => Ok(b'\r'),
        Some('0') => Ok(0),
        Some('\\') => Ok(b'\\'),
        Some('x') => {
            let digits: String = rest.chars().take(2).collect();
            let are_two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| are_two);
            let byte = byte.ok_or_else(|| format!("\\x{digits} is not two hexadecimal digits"))?;
            *rest = &rest[2..];
            Ok(byte)
        }
        Some(other) => Err(format!("there is no \\{other}: write \\\\ for a backslash")),
        None => Err("it ends with a backslash: write \\\\".into()),
    }
}

fn parse_field(field: char, rest: &mut &str, is_nested: bool) -> Result<Piece, String> {
    if is_nested && !matches!(field, 'k' | 'K' | 'v' | 'V') {
        return Err(format!("there is no %{field} of a header: it has %k, %K, %v and %V"));
    }
    match field {
        't' => parse_text(TextField::Topic, rest),
        'k' => parse_text(TextField::Key, rest),
        'v' => parse_text(TextField::Value, rest),
        'd' => Ok(Piece::Time(TimeCodec::parse(parse_modifier(rest)?)?)),
        'h' => {
            *rest = rest.strip_prefix('{').ok_or("%h wants the format of a header, as in %h{%k=%v }")?;
            Ok(Piece::Headers(parse_pieces(rest, true)?))
        }
        'a' => parse_attribute(rest),
        'T' => parse_number(NumberField::TopicLength, rest),
        'K' => parse_number(NumberField::KeyLength, rest),
        'V' => parse_number(NumberField::ValueLength, rest),
        'p' => parse_number(NumberField::Partition, rest),
        'o' => parse_number(NumberField::Offset, rest),
        'e' => parse_number(NumberField::LeaderEpoch, rest),
        'x' => parse_number(NumberField::ProducerId, rest),
        'y' => parse_number(NumberField::ProducerEpoch, rest),
        'H' => parse_number(NumberField::Headers, rest),
        'i' => parse_number(NumberField::Number, rest),
        '[' => parse_number(NumberField::Start, rest),
        '|' => parse_number(NumberField::StableEnd, rest),
        ']' => parse_number(NumberField::End, rest),
        other => Err(format!(
            "there is no %{other}: there are %t %k %v %h{{..}} %p %o %d %e %a{{..}} %x %y %i %T %K %V %H %[ %| %]"
        )),
    }
}

fn parse_text(field: TextField, rest: &mut &str) -> Result<Piece, String> {
    Ok(Piece::Text(field, TextCodec::parse(parse_modifier(rest)?)?))
}

fn parse_number(field: NumberField, rest: &mut &str) -> Result<Piece, String> {
    let modifier = parse_modifier(rest)?;
    let codec = modifier.map_or(Ok(NumberCodec::Ascii), |modifier| NumberCodec::parse(modifier.alone()?))?;
    Ok(Piece::Number(field, codec))
}

fn parse_attribute(rest: &mut &str) -> Result<Piece, String> {
    let modifier = parse_modifier(rest)?.ok_or("%a wants the name of an attribute, as in %a{compression}")?;
    let text = modifier.alone()?;
    let (name, codec) = text.split_once(';').map_or((text, None), |(name, codec)| (name, Some(codec)));
    Ok(Piece::Attribute(AttributeField::parse(name)?, codec.map(NumberCodec::parse).transpose()?))
}

fn parse_modifier<'a>(rest: &mut &'a str) -> Result<Option<Modifier<'a>>, String> {
    let Some(text) = rest.strip_prefix('{') else { return Ok(None) };
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '_');
    let (name, after) = text.split_at(text.find(|c| !is_of_name(c)).unwrap_or(text.len()));
    let (argument, after) = if after.starts_with('}') || after.is_empty() {
        (None, after)
    } else {
        let (argument, after) = enclosed(after)?;
        (Some(argument), after)
    };
    *rest = after.strip_prefix('}').ok_or_else(|| format!("{{{name} is not closed"))?;
    Ok(Some(Modifier { name, argument }))
}

/// What stands between the first character, repeated or not, and its counterpart, as often; and what comes behind it.
fn enclosed(text: &str) -> Result<(&str, &str), String> {
    let open = text.chars().next().unwrap_or_default();
    let close = match open {
        '{' => '}',
        '[' => ']',
        '(' => ')',
        other => other,
    };
    let inner = text.trim_start_matches(open);
    let count = (text.len() - inner.len()) / open.len_utf8();
    let end: String = std::iter::repeat_n(close, count).collect();
    inner.split_once(&end).ok_or_else(|| format!("{text} has no {end} that closes it"))
}

#[cfg(test)]
mod tests {
    use super::super::unpack::Unpack;
    use super::*;

    #[test]
    fn a_format_that_is_none_is_refused_with_the_reason() {
        for (text, reason) in [
            ("%", "it ends with %"),
            ("%q", "there is no %q"),
            ("%v{rot13}", "bytes cannot be {rot13}"),
            ("%v{hex[a]}", "{hex} does not take [a]"),
            ("%v{unpack[z]}", "unpack: there is no z"),
            ("%v{unpack[sb]}", "nothing can follow s or $"),
            ("%v{unpack[b", "has no ] that closes it"),
            ("%o{big7}", "a number cannot be {big7}"),
            ("%d{strftime}", "want a format in brackets"),
            ("%d{rfc822}", "a number cannot be {rfc822}"),
            ("%a", "%a wants"),
            ("%a{colour}", "there is no attribute colour"),
            ("%a{control-bit;x}", "a number cannot be {x}"),
            ("%v{hex", "{hex is not closed"),
            ("%h", "%h wants"),
            ("%h{%k", "%h{ is not closed"),
            ("%h{%o}", "there is no %o of a header"),
            ("\\q", "there is no \\q"),
            ("\\x1", "is not two hexadecimal digits"),
            ("\\x1é", "is not two hexadecimal digits"),
            ("x\\", "it ends with a backslash"),
        ] {
            let refused = pieces(text).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn literals_and_escapes_are_bytes() {
        let literal = pieces("a%%%{é\\n\\xff").expect("a format");
        assert_eq!(literal, [Piece::Literal(b"a%{\xc3\xa9\n\xff".to_vec())]);
    }

    #[test]
    fn what_is_enclosed_may_be_so_by_anything() {
        let strftime = |format: &str| Piece::Time(TimeCodec::Strftime(format.into()));
        let unpack =
            |types| Piece::Text(TextField::Key, TextCodec::Unpack(Unpack::parse(types).expect(types)));
        for (text, expected) in [
            ("%d{strftime[%F]}", strftime("%F")),
            ("%d{strftime##%d]##}", strftime("%d]")),
            ("%d{strftime{{%}}}", strftime("%")),
            ("%d{go(2006)}", Piece::Time(TimeCodec::Go("2006".into()))),
            ("%d{strftimeé%Fé}", strftime("%F")),
            ("%k{unpack{<bBhH>iIqQc.$}}", unpack("<bBhH>iIqQc.$")),
        ] {
            assert_eq!(pieces(text).expect(text), [expected], "{text}");
        }
    }
}
