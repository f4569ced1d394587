//! Lines on a screen: as wide as there is room for, styled or not.

/// To the top left.
const HOME: &str = "\x1b[H";
/// What is left of this line goes away.
const CLEAR_LINE: &str = "\x1b[K";
/// What is below goes away.
const CLEAR_BELOW: &str = "\x1b[J";

/// What a terminal of this size is told for these lines. Each replaces what was in its place, so that nothing flickers.
pub(super) fn painting(lines: &[String], columns: usize, rows: usize) -> Vec<u8> {
    let mut text = String::from(HOME);
    for (at, line) in lines.iter().take(rows).enumerate() {
        if at > 0 {
            // In raw mode a line feed does not go back to the line's begin.
            text.push_str("\r\n");
        }
        text.push_str(&cut(line, columns));
        text.push_str(CLEAR_LINE);
    }
    text.push_str(CLEAR_BELOW);
    text.into_bytes()
}

/// Text on lines of so many characters, broken between words, and no more lines than that: what is more is left out. One line at least.
pub(crate) fn wrapped(text: &str, columns: usize, lines_max: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut shown = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if shown > 0 && shown + 1 + length > columns {
            lines.push(String::new());
            shown = 0;
        }
        let line = lines.last_mut().expect("there is one from the beginning on");
        if shown > 0 {
            line.push(' ');
            shown += 1;
        }
        line.push_str(word);
        shown += length;
    }
    lines.truncate(lines_max.max(1));
    lines
}

/// The first so many characters, and all escape sequences, as what was begun with one is ended with another.
pub(super) fn cut(line: &str, columns: usize) -> String {
    let (mut text, mut shown, mut is_escape) = (String::with_capacity(line.len()), 0, false);
    for c in line.chars() {
        let is_of_escape = is_escape || c == '\x1b';
        if is_of_escape || shown < columns {
            text.push(c);
        }
        shown += usize::from(!is_of_escape);
        is_escape = is_of_escape && !c.is_ascii_alphabetic();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_to_the_width_and_keeps_its_style() {
        for (line, columns, expected) in [
            ("abcdef", 3, "abc"),
            ("abc", 3, "abc"),
            ("é€x", 2, "é€"),
            ("\x1b[1mabcdef\x1b[0m", 3, "\x1b[1mabc\x1b[0m"),
            ("ab\x1b[1;31mcd\x1b[0mef", 3, "ab\x1b[1;31mc\x1b[0m"),
            ("", 3, ""),
        ] {
            assert_eq!(cut(line, columns), expected, "{line:?}");
        }
    }

    #[test]
    fn text_is_broken_between_words() {
        for (text, columns, expected) in [
            ("", 3, &[""][..]),
            ("one two", 7, &["one two"]),
            ("one two", 6, &["one", "two"]),
            ("one twothree four", 4, &["one", "twothree", "four"]),
            ("a b c d e f g", 1, &["a", "b", "c"]),
        ] {
            assert_eq!(wrapped(text, columns, 3), expected, "{text:?}");
        }
    }

    #[test]
    fn no_more_lines_are_painted_than_there_are() {
        let lines: Vec<String> = ["one", "two", "three"].map(str::to_owned).into();
        let painted = String::from_utf8(painting(&lines, 80, 2)).expect("text");
        assert_eq!(painted, "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
    }
}
