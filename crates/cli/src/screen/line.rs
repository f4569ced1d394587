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

/// The first so many characters, and all escape sequences, as what was begun with one is ended with another.
fn cut(line: &str, columns: usize) -> String {
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
    fn no_more_lines_are_painted_than_there_are() {
        let lines: Vec<String> = ["one", "two", "three"].map(str::to_owned).into();
        let painted = String::from_utf8(painting(&lines, 80, 2)).expect("text");
        assert_eq!(painted, "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
    }
}
