//! What becomes of the terminal when something breaks, or there is something to warn of.

use std::env;
use std::process::Command;
use std::time::Duration;

use super::{Key, Size, View, show};
use crate::exit::print_warning;
use crate::remote::block_on;
use pty::Terminal;

#[path = "../../tests/support/terminal.rs"]
mod pty;

/// Breaks as soon as there is something new to be shown.
struct Breaking {
    has_answer: bool,
}

impl View for Breaking {
    type Answer = ();

    fn asks(&self) -> bool {
        true
    }

    fn take(&mut self, (): ()) {
        self.has_answer = true;
    }

    fn press(&mut self, _: Key) {}

    fn lines(&mut self, _: Size) -> Vec<String> {
        assert!(!self.has_answer, "it broke on the screen");
        vec!["all is well".into()]
    }
}

/// Says to this test that it is the program at the terminal.
const AT_TERMINAL: &str = "OTTLA_TEST_AT_TERMINAL";

/// One of these tests, at a terminal.
fn run(name: &str) -> Terminal {
    let mut command = Command::new(env::current_exe().expect("this is an executable"));
    command.args(["--exact", &format!("screen::tests::{name}"), "--nocapture"]);
    command.env(AT_TERMINAL, "1").env("RUST_BACKTRACE", "0");
    Terminal::run(command)
}

#[test]
fn a_panic_is_told_on_a_terminal_that_is_as_it_was() {
    if env::var_os(AT_TERMINAL).is_some() {
        let mut view = Breaking { has_answer: false };
        let broken = block_on(show(&mut view, Duration::from_secs(3600), async || ()));
        panic!("it ended with {broken:?}");
    }
    let mut terminal = run("a_panic_is_told_on_a_terminal_that_is_as_it_was");
    assert_eq!(terminal.ended(), Some(101), "{}", terminal.screen());
    assert!(terminal.written().contains("all is well"), "{:?}", terminal.written());
    assert!(terminal.is_given_back(), "{:?}", terminal.written());
    let screen = terminal.screen();
    assert!(screen.contains("it broke on the screen") && !screen.contains("all is well"), "{screen}");
    assert!(screen.find("running 1 test") < screen.find("it broke on the screen"), "{screen}");
}

/// Warns of what it is told.
#[derive(Default)]
struct Warning {
    has_warned: bool,
}

impl View for Warning {
    type Answer = ();

    fn asks(&self) -> bool {
        true
    }

    fn take(&mut self, (): ()) {
        print_warning("a broker is gone");
        self.has_warned = true;
    }

    fn press(&mut self, _: Key) {}

    fn lines(&mut self, _: Size) -> Vec<String> {
        vec![if self.has_warned { "it has warned" } else { "all is well" }.into()]
    }
}

#[test]
fn warnings_are_not_written_over_what_is_shown() {
    if env::var_os(AT_TERMINAL).is_some() {
        let shown = block_on(show(&mut Warning::default(), Duration::from_secs(3600), async || ()));
        shown.expect("it is shown until somebody has seen enough");
        print_warning("it is over");
        return;
    }
    let mut terminal = run("warnings_are_not_written_over_what_is_shown");
    terminal.wait_for("it has warned");
    terminal.types("q");
    assert_eq!(terminal.ended(), Some(0), "{}", terminal.screen());
    let written = terminal.written();
    assert!(!written.contains("a broker is gone") && written.contains("it is over"), "{written:?}");
}
