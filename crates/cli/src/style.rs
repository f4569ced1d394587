//! Colour, for people: never in a pipe, never against `NO_COLOR` (<https://no-color.org>), unless `--color` says otherwise.

use std::env;
use std::fmt::{self, Display};
use std::sync::OnceLock;

use clap::ValueEnum;

/// When there is colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On terminals, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

/// What the command line says.
static CHOSEN: OnceLock<Colour> = OnceLock::new();

/// What counts from now on; the first word counts.
pub(crate) fn choose(colour: Colour) {
    CHOSEN.get_or_init(|| colour);
}

/// How to set off what matters, or not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    coloured: bool,
}

/// Text with its escape sequences around it.
pub(crate) struct Styled<T> {
    code: Option<&'static str>,
    text: T,
}

impl Style {
    #[cfg(test)]
    pub(crate) const PLAIN: Style = Style { coloured: false };

    pub(crate) fn for_stream(is_terminal: bool) -> Style {
        let coloured = match CHOSEN.get().copied().unwrap_or_default() {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                is_terminal && !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Style { coloured }
    }

    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    pub(crate) fn heading<T: Display>(self, text: T) -> Styled<T> {
        self.styled("1", text)
    }

    pub(crate) fn faint<T: Display>(self, text: T) -> Styled<T> {
        self.styled("2", text)
    }

    pub(crate) fn bad<T: Display>(self, text: T) -> Styled<T> {
        self.styled("1;31", text)
    }

    fn styled<T>(self, code: &'static str, text: T) -> Styled<T> {
        Styled { code: self.coloured.then_some(code), text }
    }
}

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "\x1b[{code}m{}\x1b[0m", self.text),
            None => self.text.fmt(f),
        }
    }
}

/// Set and not empty, as the convention has it.
fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_goes_around_the_text_or_is_not_there() {
        assert_eq!(Style { coloured: true }.bad("x").to_string(), "\x1b[1;31mx\x1b[0m");
        assert_eq!(Style::PLAIN.bad("x").to_string(), "x");
    }
}
