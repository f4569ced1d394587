//! Text into pieces.

use super::attribute::AttributeField;
use super::text::TextCodec;
use super::time::TimeCodec;
use super::{NumberField, Piece, TextField};
use crate::format_string::{FormatString, NumberCodec, Token};

pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    parse_pieces(&mut FormatString::new(text), false)
}

fn parse_pieces(rest: &mut FormatString<'_>, is_nested: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    while let Some(token) = rest.token()? {
        pieces.push(match token {
            Token::Literal(bytes) => Piece::Literal(bytes),
            Token::Field(field) => parse_field(field, rest, is_nested)?,
        });
    }
    Ok(pieces)
}

fn parse_field(field: char, rest: &mut FormatString<'_>, is_nested: bool) -> Result<Piece, String> {
    if is_nested && !matches!(field, 'k' | 'K' | 'v' | 'V') {
        return Err(format!("there is no %{field} of a header: it has %k, %K, %v and %V"));
    }
    match field {
        't' => parse_text(TextField::Topic, rest),
        'k' => parse_text(TextField::Key, rest),
        'v' => parse_text(TextField::Value, rest),
        'd' => Ok(Piece::Time(TimeCodec::parse(rest.modifier()?)?)),
        'h' => {
            let each = rest.nested(|inner| parse_pieces(inner, true))?;
            Ok(Piece::Headers(each.ok_or("%h wants the format of a header, as in %h{%k=%v }")?))
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

fn parse_text(field: TextField, rest: &mut FormatString<'_>) -> Result<Piece, String> {
    Ok(Piece::Text(field, TextCodec::parse(rest.modifier()?)?))
}

fn parse_number(field: NumberField, rest: &mut FormatString<'_>) -> Result<Piece, String> {
    let modifier = rest.modifier()?;
    let codec = modifier.map_or(Ok(NumberCodec::Ascii), |modifier| NumberCodec::parse(modifier.alone()?))?;
    Ok(Piece::Number(field, codec))
}

fn parse_attribute(rest: &mut FormatString<'_>) -> Result<Piece, String> {
    let modifier = rest.modifier()?.ok_or("%a wants the name of an attribute, as in %a{compression}")?;
    let text = modifier.alone()?;
    let (name, codec) = text.split_once(';').map_or((text, None), |(name, codec)| (name, Some(codec)));
    Ok(Piece::Attribute(AttributeField::parse(name)?, codec.map(NumberCodec::parse).transpose()?))
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
