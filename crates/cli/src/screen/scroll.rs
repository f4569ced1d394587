//! Which lines are shown of those that there is no room for.

use std::ops::Range;

use super::Key;

/// The first line that is shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scroll {
    first: usize,
    /// How many were shown last.
    page: usize,
}

impl Scroll {
    /// Arrows, pages, the first line and the last.
    pub(crate) fn press(&mut self, key: Key) {
        self.first = match key {
            Key::Up | Key::Char('k') => self.first.saturating_sub(1),
            Key::Down | Key::Char('j') => self.first.saturating_add(1),
            Key::PageUp => self.first.saturating_sub(self.page),
            Key::PageDown => self.first.saturating_add(self.page),
            Key::Home => 0,
            Key::End => usize::MAX,
            Key::Char(_) | Key::Tab => self.first,
        };
    }

    /// Those of so many that are shown, where there is room for that many.
    pub(crate) fn shown(&mut self, lines: usize, room: usize) -> Range<usize> {
        self.page = room;
        self.first = self.first.min(lines.saturating_sub(room));
        self.first..lines.min(self.first + room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_within_what_there_is() {
        for (keys, lines, expected) in [
            (&[][..], 10, 0..4),
            (&[Key::Down], 10, 1..5),
            (&[Key::Down, Key::Up, Key::Up], 10, 0..4),
            (&[Key::PageDown], 10, 4..8),
            (&[Key::End], 10, 6..10),
            (&[Key::End, Key::Up], 10, 5..9),
            (&[Key::End, Key::PageUp], 10, 2..6),
            (&[Key::End, Key::Home], 10, 0..4),
            (&[Key::Down], 3, 0..3),
            (&[Key::Down], 0, 0..0),
        ] {
            let mut scroll = Scroll::default();
            scroll.shown(lines, 4);
            for key in keys {
                scroll.press(*key);
                scroll.shown(lines, 4);
            }
            assert_eq!(scroll.shown(lines, 4), expected, "{keys:?} of {lines}");
        }
    }
}
