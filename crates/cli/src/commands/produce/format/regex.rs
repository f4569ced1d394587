//! Text that is as long as a regular expression matches it.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use regex_automata::dfa::dense::{self, DFA};
use regex_automata::dfa::{Automaton as _, StartKind};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, nfa::thompson};

/// What text must match from its beginning. An automaton, since that tells when nothing that may still come can belong to the match.
#[derive(Clone)]
pub(super) struct Regex {
    text: String,
    automaton: Arc<DFA<Vec<u32>>>,
}

/// A larger one is a mistake.
const AUTOMATON_BYTES_MAX: usize = 16 << 20;

impl Regex {
    pub(super) fn parse(text: &str) -> Result<Regex, String> {
        let limits = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(AUTOMATON_BYTES_MAX))
            .determinize_size_limit(Some(AUTOMATON_BYTES_MAX));
        let made = dense::Builder::new()
            .configure(limits)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(AUTOMATON_BYTES_MAX)))
            .build(text);
        let automaton = Arc::new(made.map_err(|error| told(&error))?);
        Ok(Regex { text: text.into(), automaton })
    }

    pub(super) fn search(&self) -> Result<Search<'_>> {
        let state = self.automaton.start_state(&start::Config::new().anchored(Anchored::Yes))?;
        Ok(Search { automaton: &self.automaton, state, read: 0, matched: None })
    }
}

/// By its cause: of itself the library says only which step failed.
fn told(error: &dense::BuildError) -> String {
    let mut told: &dyn std::error::Error = error;
    while let Some(source) = told.source() {
        told = source;
    }
    told.to_string()
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Regex({})", self.text)
    }
}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "re[{}]", self.text)
    }
}

/// How far a text matches, as it comes.
#[derive(Debug)]
pub(super) struct Search<'a> {
    automaton: &'a DFA<Vec<u32>>,
    state: StateID,
    read: usize,
    matched: Option<usize>,
}

impl Search<'_> {
    /// Whether what comes behind this byte can make a difference.
    pub(super) fn goes_on(&mut self, byte: u8) -> bool {
        self.state = self.automaton.next_state(self.state, byte);
        // The automaton tells of a match one byte later.
        if self.automaton.is_match_state(self.state) {
            self.matched = Some(self.read);
        }
        self.read += 1;
        if self.whatever_comes(self.state, |next| self.ends_now(next)) {
            self.matched = Some(self.read);
            return false;
        }
        !self.whatever_comes(self.state, |next| self.automaton.is_dead_state(next))
    }

    /// Nothing comes any more.
    pub(super) fn end(&mut self) {
        if self.automaton.is_match_state(self.automaton.next_eoi_state(self.state)) {
            self.matched = Some(self.read);
        }
    }

    /// Whether a state is that of a match that nothing makes longer.
    fn ends_now(&self, state: StateID) -> bool {
        self.automaton.is_match_state(state)
            && self.whatever_comes(state, |next| self.automaton.is_dead_state(next))
    }

    fn whatever_comes(&self, state: StateID, is_so: impl Fn(StateID) -> bool) -> bool {
        let mut bytes = self.automaton.byte_classes().representatives(0..=u8::MAX);
        bytes.all(|unit| unit.as_u8().is_some_and(|byte| is_so(self.automaton.next_state(state, byte))))
    }

    /// How many bytes of the text are the match.
    pub(super) fn matched(&self) -> Option<usize> {
        self.matched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes match, and after how many that was known.
    fn matched(regex: &str, text: &[u8]) -> (Option<usize>, usize) {
        let regex = Regex::parse(regex).expect(regex);
        let mut search = regex.search().expect("it begins");
        for (index, byte) in text.iter().enumerate() {
            if !search.goes_on(*byte) {
                return (search.matched(), index + 1);
            }
        }
        search.end();
        (search.matched(), text.len())
    }

    #[test]
    fn a_match_is_known_as_soon_as_it_can_be() {
        for (regex, text, expected) in [
            (r"\d+", &b"123 4"[..], (Some(3), 4)),
            (r"\d+", b"123", (Some(3), 3)),
            ("a(bc)*", b"abcbcb!", (Some(5), 7)),
            ("a|ab", b"ab", (Some(1), 1)),
            ("ab|a", b"ab!", (Some(2), 2)),
            ("ab|a", b"a!", (Some(1), 2)),
            ("^[a-z]{2}", b"abc", (Some(2), 2)),
            (r"a\b", b"a b", (Some(1), 2)),
            (r"a\b", b"ab", (None, 2)),
            ("x*", b"y", (Some(0), 1)),
            ("x", b"y", (None, 1)),
            (".+", b"\xff\xfe\n", (Some(2), 3)),
            ("(?s).+", b"a\nb", (Some(3), 3)),
            ("b", b"ab", (None, 1)),
        ] {
            assert_eq!(matched(regex, text), expected, "{regex}");
        }
    }

    #[test]
    fn what_is_no_regular_expression_is_refused_with_the_reason() {
        for (regex, reason) in [("a(", "unclosed group"), ("[é]", "Unicode"), (".*a.{20}", "limit")] {
            let refused = Regex::parse(regex).expect_err(regex);
            assert!(refused.contains(reason), "{regex}: {refused}");
        }
    }
}
