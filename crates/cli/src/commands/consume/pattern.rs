//! Patterns of keys, values and headers, and of names.
//!
//! ```text
//! order-*     a glob, which all of the text must match: * is anything, ? one character, [a-z] and [!a-z] one of some
//! /^order/    a regular expression, which some of the text must match; /order/i whatever the case
//! ```

use regex::bytes::{Regex, RegexBuilder};

/// What text is to look like. It need not be UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Pattern, String> {
        let slashed = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
        let (regex, ignores_case) = match slashed {
            Some((regex, "")) => (regex.to_owned(), false),
            Some((regex, "i")) => (regex.to_owned(), true),
            Some(_) | None => (glob(text)?, false),
        };
        let made = RegexBuilder::new(&regex).case_insensitive(ignores_case).unicode(false).build();
        made.map(Pattern).map_err(|error| error.to_string())
    }

    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

/// As a regular expression of bytes.
fn glob(text: &str) -> Result<String, String> {
    let mut regex = String::from("(?s)^");
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => regex.push_str(".*"),
            // A character of UTF-8, with the bytes that continue it.
            '?' => regex.push_str(r"[\x00-\x7f\xc0-\xff][\x80-\xbf]*"),
            '[' => {
                let (set, after) =
                    rest.as_str().split_once(']').ok_or_else(|| format!("{text}: [ is not closed"))?;
                regex.push_str(
                    &set_of(set).ok_or_else(|| format!("{text}: [{set}] is no set of ASCII characters"))?,
                );
                rest = after.chars();
            }
            '\\' => push(&mut regex, rest.next().unwrap_or('\\')),
            c => push(&mut regex, c),
        }
    }
    regex.push('$');
    Ok(regex)
}

fn set_of(text: &str) -> Option<String> {
    let (not, members) = text.strip_prefix('!').map_or(("", text), |members| ("^", members));
    let mut set = format!("[{not}");
    for c in members.chars() {
        // All that means something in a set of a regular expression, but not in one of a glob.
        if matches!(c, '\\' | '[' | '^' | '&' | '~') {
            set.push('\\');
        }
        set.push(c);
    }
    set.push(']');
    (!members.is_empty() && members.is_ascii()).then_some(set)
}

fn push(regex: &mut String, c: char) {
    regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_all_of_the_text_and_regular_expressions_some_of_it() {
        for (pattern, text, expected) in [
            ("order-*", &b"order-7"[..], true),
            ("order-*", b"reorder-7", false),
            ("order", b"order-7", false),
            ("*7", b"a\n7", true),
            ("", b"", true),
            ("", b"x", false),
            ("?", "é".as_bytes(), true),
            ("?", b"\xff", true),
            ("??", "é".as_bytes(), false),
            ("[a-c]1", b"b1", true),
            ("[!a-c]1", b"b1", false),
            ("[^&~[]", b"&", true),
            ("a.b", b"axb", false),
            (r"\*", b"*", true),
            ("*\u{e9}", "caf\u{e9}".as_bytes(), true),
            ("/der-[0-9]$/", b"order-7", true),
            ("/ORDER/", b"order-7", false),
            ("/ORDER/i", b"order-7", true),
            ("/a/b/", b"xa/bx", true),
            ("/usr/bin", b"/usr/bin", true),
            (r"/^\d+$/", b"42", true),
        ] {
            assert_eq!(Pattern::parse(pattern).expect(pattern).matches(text), expected, "{pattern} {text:?}");
        }
        for bad in ["[a", "[]", "/(/"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
