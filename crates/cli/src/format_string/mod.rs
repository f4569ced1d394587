//! What the format strings of `ottla consume` and of `ottla produce` have in common, in rpk's dialect: characters that stand for
//! themselves, escapes, fields behind `%`, and what stands in braces behind these.

mod number;

pub(crate) use number::NumberCodec;

/// What is left of a format string.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormatString<'a> {
    rest: &'a str,
    /// Whether a brace ends what is being read.
    is_nested: bool,
}

/// What a format string is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(Vec<u8>),
    /// The character behind `%`. What is in braces behind it, its reader has to ask for.
    Field(char),
}

/// What stands in braces behind a field: `{hex}`, or `{strftime[%F]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modifier<'a> {
    pub(crate) name: &'a str,
    pub(crate) argument: Option<&'a str>,
}

impl<'a> Modifier<'a> {
    /// Its name, if it has no argument.
    pub(crate) fn alone(self) -> Result<&'a str, String> {
        match self.argument {
            None => Ok(self.name),
            Some(argument) => Err(format!("{{{}}} does not take [{argument}]", self.name)),
        }
    }
}

impl<'a> FormatString<'a> {
    pub(crate) fn new(text: &'a str) -> FormatString<'a> {
        FormatString { rest: text, is_nested: false }
    }

    /// None at the end, or behind the brace that closes what is nested.
    pub(crate) fn token(&mut self) -> Result<Option<Token>, String> {
        let mut literal = Vec::new();
        loop {
            let before = self.rest;
            match self.take() {
                None if self.is_nested => return Err("%h{ is not closed".into()),
                None => break,
                Some('\\') => literal.push(self.escape()?),
                Some('%') => match self.take().ok_or("it ends with %: write %%")? {
                    c @ ('%' | '{' | '}') => push(&mut literal, c),
                    field if literal.is_empty() => return Ok(Some(Token::Field(field))),
                    _ => {
                        self.rest = before;
                        break;
                    }
                },
                Some('}') if self.is_nested => {
                    if !literal.is_empty() {
                        // It is found again by whoever asks for the next one.
                        self.rest = before;
                    }
                    break;
                }
                Some(c) => push(&mut literal, c),
            }
        }
        Ok((!literal.is_empty()).then_some(Token::Literal(literal)))
    }

    /// What is in braces behind a field, as `read` reads it; none if there is no brace.
    pub(crate) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut FormatString<'a>) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let Some(rest) = self.rest.strip_prefix('{') else { return Ok(None) };
        let mut inner = FormatString { rest, is_nested: true };
        let value = read(&mut inner)?;
        self.rest = inner.rest;
        Ok(Some(value))
    }

    pub(crate) fn modifier(&mut self) -> Result<Option<Modifier<'a>>, String> {
        let Some(text) = self.rest.strip_prefix('{') else { return Ok(None) };
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '_');
        let (name, after) = text.split_at(text.find(|c| !is_of_name(c)).unwrap_or(text.len()));
        let (argument, after) = if after.starts_with('}') || after.is_empty() {
            (None, after)
        } else {
            let (argument, after) = enclosed(after)?;
            (Some(argument), after)
        };
        self.rest = after.strip_prefix('}').ok_or_else(|| format!("{{{name} is not closed"))?;
        Ok(Some(Modifier { name, argument }))
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Of what stands behind a backslash.
    fn escape(&mut self) -> Result<u8, String> {
        match self.take() {
            Some('n') => Ok(b'\n'),
            Some('t') => Ok(b'\t'),
            Some('r') => Ok(b'\r'),
            Some('0') => Ok(0),
            Some('\\') => Ok(b'\\'),
            Some('x') => {
                let digits: String = self.rest.chars().take(2).collect();
                let are_two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| are_two);
                let byte = byte.ok_or_else(|| format!("\\x{digits} is not two hexadecimal digits"))?;
                self.rest = &self.rest[2..];
                Ok(byte)
            }
            Some(other) => Err(format!("there is no \\{other}: write \\\\ for a backslash")),
            None => Err("it ends with a backslash: write \\\\".into()),
        }
    }
}

fn push(literal: &mut Vec<u8>, c: char) {
    literal.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
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
    use super::*;

    #[test]
    fn a_format_is_literals_and_fields() {
        let literal = |bytes: &[u8]| Token::Literal(bytes.to_vec());
        for (text, expected) in [
            ("", vec![]),
            ("a%%%{\u{e9}\\n\\xff}", vec![literal(b"a%{\xc3\xa9\n\xff}")]),
            ("%k=%v", vec![Token::Field('k'), literal(b"="), Token::Field('v')]),
            ("%[%]", vec![Token::Field('['), Token::Field(']')]),
        ] {
            let mut format = FormatString::new(text);
            let mut found = Vec::new();
            while let Some(token) = format.token().expect(text) {
                found.push(token);
            }
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_nested_ends_with_its_brace() {
        let mut format = FormatString::new("{%k=%}}!");
        let nested = format.nested(|inner| {
            let mut tokens = Vec::new();
            while let Some(token) = inner.token()? {
                tokens.push(token);
            }
            Ok(tokens)
        });
        assert_eq!(nested, Ok(Some(vec![Token::Field('k'), Token::Literal(b"=}".to_vec())])));
        assert_eq!(format.token(), Ok(Some(Token::Literal(b"!".to_vec()))));
    }
}
