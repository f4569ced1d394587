//! Where a value of JSON ends. Whether it is one is checked when it is whole.

/// What was seen of a value.
#[derive(Debug, Default)]
pub(super) struct Ending {
    depth: usize,
    inside: Inside,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Inside {
    /// Before the value.
    #[default]
    Space,
    /// A number, or a name.
    Word,
    String,
    /// Behind a backslash of a string.
    Escape,
    /// An object or array, outside its strings.
    Brackets,
}

impl Ending {
    /// Where the value ends, once the byte at `at` tells.
    pub(super) fn after(&mut self, byte: u8, at: usize) -> Option<usize> {
        match (&self.inside, byte) {
            (Inside::Space, b' ' | b'\t' | b'\n' | b'\r') => {}
            (Inside::Escape, _) => self.inside = Inside::String,
            (Inside::String, b'\\') => self.inside = Inside::Escape,
            (Inside::String, b'"') if self.depth == 0 => return Some(at + 1),
            (Inside::String, b'"') => self.inside = Inside::Brackets,
            (Inside::String, _) => {}
            (Inside::Word, byte) if is_of_word(byte) => {}
            (Inside::Word, _) => return Some(at),
            (Inside::Space | Inside::Brackets, b'"') => self.inside = Inside::String,
            (Inside::Space | Inside::Brackets, b'{' | b'[') => {
                self.depth += 1;
                self.inside = Inside::Brackets;
            }
            (Inside::Brackets, b'}' | b']') if self.depth == 1 => return Some(at + 1),
            (Inside::Brackets, b'}' | b']') => self.depth -= 1,
            (Inside::Brackets, _) => {}
            (Inside::Space, byte) if is_of_word(byte) => self.inside = Inside::Word,
            // It is none.
            (Inside::Space, _) => return Some(at + 1),
        }
        None
    }

    /// Whether it is whole if nothing follows.
    pub(super) fn may_end(&self) -> bool {
        self.inside == Inside::Word
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// Without the space between what it is made of.
pub(super) fn compact(json: &[u8]) -> Vec<u8> {
    let (mut is_string, mut is_escaped) = (false, false);
    let mut kept = json.to_vec();
    kept.retain(|byte| {
        let is_space = !is_string && byte.is_ascii_whitespace();
        is_string ^= *byte == b'"' && !is_escaped;
        is_escaped = is_string && *byte == b'\\' && !is_escaped;
        !is_space
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of it is the value, if all of it has come.
    fn end(text: &[u8]) -> Option<usize> {
        let mut ending = Ending::default();
        let ended = text.iter().enumerate().find_map(|(at, byte)| ending.after(*byte, at));
        ended.or(ending.may_end().then_some(text.len()))
    }

    #[test]
    fn a_value_ends_where_json_says() {
        for (text, value) in [
            (&br#"{"a":[1,{}]}{"b":2}"#[..], Some(&br#"{"a":[1,{}]}"#[..])),
            (b" [ ] ]", Some(b" [ ]")),
            (br#""a\"b" c"#, Some(br#""a\"b""#)),
            (br#"{"}":"{\\"},"#, Some(br#"{"}":"{\\"}"#)),
            (b"-1.5e+7,", Some(b"-1.5e+7")),
            (b"true", Some(b"true")),
            (b",1", Some(b",")),
            (b"{\"a\":1", None),
            (b"\"a", None),
            (b" \n", None),
            (b"", None),
        ] {
            assert_eq!(end(text).map(|end| &text[..end]), value, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn space_in_strings_is_kept() {
        let compacted = compact(b" { \"a b\" : [ 1 ,\n2, \"\\\" x\\\\\" ] } ");
        assert_eq!(compacted, b"{\"a b\":[1,2,\"\\\" x\\\\\"]}");
    }
}
