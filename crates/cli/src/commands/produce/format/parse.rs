//! Text into fields.

use super::number::NumberCodec;
use super::regex::Regex;
use super::text::TextCodec;
use super::{Extent, Field, NumberField, TextField};
use crate::format_string::{self, FormatString, Modifier, Token};

pub(super) fn fields(text: &str) -> Result<Vec<Field>, String> {
    let fields = parse_fields(&mut FormatString::new(text), false)?;
    let reads = |field: &Field| !matches!(field, Field::Number(_, NumberCodec::Fixed(_)));
    if fields.iter().any(reads) { Ok(fields) } else { Err("it reads nothing".into()) }
}

fn parse_fields(rest: &mut FormatString<'_>, is_nested: bool) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    while let Some(token) = rest.token()? {
        match token {
            Token::Literal(text) => match fields.last_mut() {
                Some(Field::Text(_, _, extent @ Extent::Rest)) => *extent = Extent::Until(text),
                _ => fields.push(Field::Literal(text)),
            },
            Token::Field(field) => {
                let field = parse_field(field, rest, is_nested, &fields)?;
                fields.push(field);
            }
        }
    }
    check_ends(&fields, is_nested)?;
    Ok(fields)
}

/// Only the last text of a record can go to the end of the input.
fn check_ends(fields: &[Field], is_nested: bool) -> Result<(), String> {
    let ended = if is_nested { fields } else { fields.split_last().map_or(fields, |(_, before)| before) };
    for field in ended {
        if let Field::Text(field, _, Extent::Rest) = field {
            let (small, large) = (letter(*field), letter(*field).to_ascii_uppercase());
            return Err(format!(
                "where %{small} ends is not said: put its length, %{large}, before it, or characters behind it"
            ));
        }
    }
    Ok(())
}

fn parse_field(
    field: char,
    rest: &mut FormatString<'_>,
    is_nested: bool,
    before: &[Field],
) -> Result<Field, String> {
    if is_nested && !matches!(field, 'k' | 'K' | 'v' | 'V') {
        return Err(format!("there is no %{field} of a header: it has %k, %K, %v and %V"));
    }
    match field {
        't' => parse_text(TextField::Topic, rest, before),
        'k' => parse_text(TextField::Key, rest, before),
        'v' => parse_text(TextField::Value, rest, before),
        'T' => parse_length(TextField::Topic, rest, before),
        'K' => parse_length(TextField::Key, rest, before),
        'V' => parse_length(TextField::Value, rest, before),
        'H' => parse_number(NumberField::Headers, rest),
        'p' => parse_number(NumberField::Partition, rest),
        'd' => parse_number(NumberField::Timestamp, rest),
        'o' | 'e' | 'x' | 'y' => parse_number(NumberField::Ignored, rest),
        'h' => {
            if !before.iter().any(|field| matches!(field, Field::Number(NumberField::Headers, _))) {
                return Err("%h wants %H before it, the number of headers".into());
            }
            let each = rest.nested(|inner| parse_fields(inner, true))?;
            Ok(Field::Headers(each.ok_or("%h wants the format of a header, as in %h{%k=%v }")?))
        }
        other => {
            Err(format!("%{other} cannot be read: there are %t %k %v %h{{..}} %p %d %o %e %x %y %T %K %V %H"))
        }
    }
}

fn letter(field: TextField) -> char {
    match field {
        TextField::Topic => 't',
        TextField::Key => 'k',
        TextField::Value => 'v',
    }
}

fn parse_text(field: TextField, rest: &mut FormatString<'_>, before: &[Field]) -> Result<Field, String> {
    let has_length =
        before.iter().any(|it| matches!(it, Field::Number(NumberField::LengthOf(it), _) if *it == field));
    let modifier = rest.modifier()?.unwrap_or(Modifier { name: "", argument: None });
    let (codec, extent) = match modifier {
        Modifier { name: "re", argument: Some(regex) } => {
            let regex = Regex::parse(regex).map_err(|error| format!("re[{regex}]: {error}"))?;
            (TextCodec::Plain, Extent::Match(regex))
        }
        modifier => match TextCodec::parse(modifier.alone()?)? {
            codec if codec == TextCodec::Json => (codec, Extent::Json),
            codec if has_length => (codec, Extent::Length),
            codec => (codec, Extent::Rest),
        },
    };
    if has_length && matches!(extent, Extent::Match(_) | Extent::Json) {
        return Err(format!(
            "%{}{{{}}} tells itself how long it is: leave out the length",
            letter(field),
            modifier.name
        ));
    }
    Ok(Field::Text(field, codec, extent))
}

fn parse_length(field: TextField, rest: &mut FormatString<'_>, before: &[Field]) -> Result<Field, String> {
    let large = letter(field).to_ascii_uppercase();
    if before.iter().any(|it| matches!(it, Field::Text(it, ..) if *it == field)) {
        return Err(format!("%{large} must come before %{}", letter(field)));
    }
    parse_number(NumberField::LengthOf(field), rest)
}

fn parse_number(field: NumberField, rest: &mut FormatString<'_>) -> Result<Field, String> {
    let codec = match rest.modifier()? {
        Some(modifier) => NumberCodec::parse(modifier.alone()?)?,
        None => NumberCodec::Read(format_string::NumberCodec::Ascii),
    };
    Ok(Field::Number(field, codec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_that_is_none_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it reads nothing"),
            ("%V{3}%p{1}", "it reads nothing"),
            ("%q", "%q cannot be read"),
            ("%i", "%i cannot be read"),
            ("%k%v\\n", "where %k ends is not said: put its length, %K, before it"),
            ("%v{hex}%p", "where %v ends is not said"),
            ("%k %v%K", "%K must come before %k"),
            ("%h{%k=%v }", "%h wants %H before it"),
            ("%H%h", "%h wants the format of a header"),
            ("%H%h{%k=%v}", "where %v ends is not said"),
            ("%H%h{%p }", "there is no %p of a header"),
            ("%H%h{%k=", "%h{ is not closed"),
            ("%v{rot13}", "bytes cannot be read as {rot13}"),
            ("%v{unpack[i]}", "{unpack} does not take [i]"),
            ("%v{hex", "{hex is not closed"),
            ("%V%v{json}", "%v{json} tells itself how long it is"),
            ("%K%k{re[a]}", "%k{re} tells itself how long it is"),
            ("%k{re[(]}", "re[(]: "),
            ("%k{re}", "bytes cannot be read as {re}"),
            ("%p{big7}", "a number cannot be {big7}"),
            ("%d{iso}", "a number cannot be {iso}"),
            ("\\q", "there is no \\q"),
            ("%", "it ends with %"),
        ] {
            let refused = fields(text).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
