//! Lines that are typed on a terminal which does not show them.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::process::{Signal, getpid, kill_process};

use crate::exit::usage;

/// Nothing that is typed while this is there shows, also not what is typed before it is asked for.
#[derive(Debug)]
pub(super) struct Hidden(());

/// How a line ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Done,
    Interrupted,
    /// Nothing more will come.
    Closed,
}

impl Hidden {
    pub(super) fn open() -> Result<Hidden> {
        enable_raw_mode().context("cannot ask on this terminal")?;
        Ok(Hidden(()))
    }

    /// Ctrl-C ends the process as it would anywhere else.
    pub(super) fn ask(&mut self, prompt: &str) -> Result<String> {
        write(prompt)?;
        let mut line = String::new();
        let end = loop {
            if let Some(end) = typed(&mut line, &event::read().context("cannot read the terminal")?) {
                break end;
            }
        };
        // In raw mode a line feed does not go back to the line's begin.
        write("\r\n")?;
        match end {
            End::Done => Ok(line),
            End::Interrupted => Err(interrupt()),
            End::Closed => Err(usage("nothing was typed")),
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    // A terminal that is gone needs nothing.
    let _restored = disable_raw_mode();
}

fn write(text: &str) -> Result<()> {
    let mut out = io::stderr();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to the terminal")
}

fn interrupt() -> anyhow::Error {
    restore();
    match kill_process(getpid(), Signal::INT) {
        Ok(()) => usage("interrupted"),
        Err(error) => error.into(),
    }
}

/// What a key makes of the line so far.
fn typed(line: &mut String, event: &Event) -> Option<End> {
    let &Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, .. }) =
        event
    else {
        return None;
    };
    if modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    match (code, modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Enter, _) | (KeyCode::Char('j'), true) => return Some(End::Done),
        (KeyCode::Char('c'), true) => return Some(End::Interrupted),
        (KeyCode::Char('d'), true) if line.is_empty() => return Some(End::Closed),
        (KeyCode::Char('u'), true) => line.clear(),
        // Ctrl-H is what some terminals send for it.
        (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => drop(line.pop()),
        (KeyCode::Tab, _) => line.push('\t'),
        (KeyCode::Char(c), false) => line.push(c),
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `^x` is x with Ctrl, `<` a step back, `\r` the key that ends a line.
    fn check(keys: &str, expected: (&str, Option<End>)) {
        let (mut line, mut how, mut keys) = (String::new(), None, keys.chars());
        while let Some(key) = keys.next() {
            let (code, modifiers) = match key {
                '^' => (KeyCode::Char(keys.next().expect("a key")), KeyModifiers::CONTROL),
                '<' => (KeyCode::Backspace, KeyModifiers::NONE),
                '\r' => (KeyCode::Enter, KeyModifiers::NONE),
                c => (KeyCode::Char(c), KeyModifiers::NONE),
            };
            how = typed(&mut line, &Event::Key(KeyEvent::new(code, modifiers)));
        }
        assert_eq!((line.as_str(), how), expected);
    }

    #[test]
    fn a_line_is_corrected_and_ended_as_on_any_terminal() {
        check("s3cret\r", ("s3cret", Some(End::Done)));
        check("pässwört^j", ("pässwört", Some(End::Done)));
        check("ab<c", ("ac", None));
        check("ab^hc", ("ac", None));
        check("<a", ("a", None));
        check("ab^uc", ("c", None));
        check("ab^c", ("ab", Some(End::Interrupted)));
        check("^d", ("", Some(End::Closed)));
        check("a^d^k", ("a", None));
    }

    #[test]
    fn what_is_not_typed_changes_nothing() {
        let mut line = "a".to_owned();
        assert_eq!(typed(&mut line, &Event::Resize(80, 24)), None);
        let mut release = KeyEvent::new(KeyCode::Char('b'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(typed(&mut line, &Event::Key(release)), None);
        assert_eq!(line, "a");
    }
}
