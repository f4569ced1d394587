//! Java's properties files, which is what `server.properties` is.
//!
//! A line that ends with an odd number of backslashes goes on in the next one, whose leading space does not count.
//! A key ends at the first `=`, `:` or space that is not escaped. `#` and `!` begin a comment where a line would begin.

use std::{iter::Peekable, str::Chars};

use crate::{
    error::ConfigError,
    origin::{Assignment, Origin},
};

/// The assignments of a file in their order. `path` is only told, not read.
pub(crate) fn parse_properties(path: &str, text: &str) -> Result<Vec<Assignment>, ConfigError> {
    logical_lines(&text.replace("\r\n", "\n"))
        .into_iter()
        .map(|(line, content)| assignment(path, line, &content))
        .collect()
}

/// Lines with what continues them, each with the number of its first, without comments and blank lines.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = text.split(['\n', '\r']).zip(1..);
    while let Some((first, number)) = lines.next() {
        let mut content = first.trim_start_matches(is_space).to_owned();
        if content.is_empty() || content.starts_with(['#', '!']) {
            continue;
        }
        while is_continued(&content) {
            content.pop();
            let Some((next, _)) = lines.next() else { break };
            content.push_str(next.trim_start_matches(is_space));
        }
        found.push((number, content));
    }
    found
}

fn is_continued(content: &str) -> bool {
    let backslashes = content.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes % 2 == 1
}

fn assignment(path: &str, line: usize, content: &str) -> Result<Assignment, ConfigError> {
    let mut rest = content.chars().peekable();
    let syntax = |message| ConfigError::Syntax { file: path.into(), line, message };
    let name = unescape(&mut rest, |c| is_space(c) || is_separator(c)).map_err(syntax)?;
    skip_separator(&mut rest);
    let value = unescape(&mut rest, |_| false).map_err(syntax)?;
    Ok(Assignment { name, value, origin: Origin::File { path: path.into(), line } })
}

/// Space, at most one `=` or `:`, space.
fn skip_separator(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| is_space(*c)).is_some() {}
    rest.next_if(|c| is_separator(*c));
    while rest.next_if(|c| is_space(*c)).is_some() {}
}

/// Reads up to the first unescaped character that ends it. A backslash before anything unknown just goes.
fn unescape(rest: &mut Peekable<Chars<'_>>, ends: fn(char) -> bool) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = rest.next_if(|c| !ends(*c)) {
        match c {
            '\\' => match rest.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('f') => text.push('\u{c}'),
                Some('u') => text.push(unicode(rest)?),
                Some(other) => text.push(other),
                None => {}
            },
            _ => text.push(c),
        }
    }
    Ok(text)
}

/// The four digits after `\u`, and the other half of a surrogate pair if this is one.
fn unicode(rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let high = utf16_unit(rest)?;
    let mut units = vec![high];
    if (0xD800..0xDC00).contains(&high) && rest.next_if_eq(&'\\').is_some() && rest.next_if_eq(&'u').is_some()
    {
        units.push(utf16_unit(rest)?);
    }
    match String::from_utf16(&units).ok().and_then(|text| text.chars().next()) {
        Some(c) => Ok(c),
        None => Err(format!("\\u{high:04x} is half of a surrogate pair")),
    }
}

fn utf16_unit(rest: &mut Peekable<Chars<'_>>) -> Result<u16, String> {
    let digits: String = (0..4).map_while(|_| rest.next_if(char::is_ascii_hexdigit)).collect();
    match u16::from_str_radix(&digits, 16) {
        Ok(unit) if digits.len() == 4 => Ok(unit),
        _ => Err("\\u needs four hexadecimal digits".into()),
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

fn is_separator(c: char) -> bool {
    matches!(c, '=' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, usize)]) {
        let found = parse_properties("p", text).unwrap();
        let found: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.value.as_str(), one.origin.to_string())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, value, line)| (*name, *value, format!("p:{line}"))).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn every_form_that_java_reads_is_read() {
        check("", &[]);
        check("a=b", &[("a", "b", 1)]);
        check("a = b \n", &[("a", "b ", 1)]);
        check("a:b\na b\na\tb\na  :  b", &[("a", "b", 1), ("a", "b", 2), ("a", "b", 3), ("a", "b", 4)]);
        check("a\nb=", &[("a", "", 1), ("b", "", 2)]);
        check("a==b\na=:b\na = = b", &[("a", "=b", 1), ("a", ":b", 2), ("a", "= b", 3)]);
        check("# no\n  ! neither\n\n \t\nx=1 # part of it", &[("x", "1 # part of it", 5)]);
        check("listeners=PLAINTEXT://:9092,C://:1", &[("listeners", "PLAINTEXT://:9092,C://:1", 1)]);
    }

    #[test]
    fn a_backslash_at_the_end_goes_on_in_the_next_line() {
        check("a=b,\\\n   c,\\\r\n\td\ne=f", &[("a", "b,c,d", 1), ("e", "f", 4)]);
        check("a=b\\\\\nc=d", &[("a", "b\\", 1), ("c", "d", 2)]);
        check("a=b\\\n# no comment", &[("a", "b# no comment", 1)]);
        check("a=b\\", &[("a", "b", 1)]);
        check("a\\\n=b", &[("a", "b", 1)]);
    }

    #[test]
    fn escapes_are_undone_in_keys_and_values() {
        check("a\\ b\\=c\\:d=e", &[("a b=c:d", "e", 1)]);
        check("a=\\ttab\\nline\\q\\\\", &[("a", "\ttab\nlineq\\", 1)]);
        check("a=\\u00e9\\u20AC\\uD83D\\uDE00", &[("a", "é€😀", 1)]);
        check("pfad=C:\\\\daten", &[("pfad", "C:\\daten", 1)]);
    }

    #[test]
    fn a_bad_escape_is_told_with_its_line() {
        for (text, message) in [
            ("a=b\n\nc=\\u12", "p:3: \\u needs four hexadecimal digits"),
            ("c=\\uD800", "p:1: \\ud800 is half of a surrogate pair"),
            ("c=\\uD800\\u0041", "p:1: \\ud800 is half of a surrogate pair"),
        ] {
            assert_eq!(parse_properties("p", text).unwrap_err().to_string(), message);
        }
    }
}
