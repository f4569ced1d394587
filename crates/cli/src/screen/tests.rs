//! What becomes of the terminal when something breaks.

use std::env;
use std::process::Command;
use std::time::Duration;

use super::{Key, Size, View, show};
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

#[test]
fn a_panic_is_told_on_a_terminal_that_is_as_it_was() {
    if env::var_os(AT_TERMINAL).is_some() {
        let mut view = Breaking { has_answer: false };
        let broken = block_on(show(&mut view, Duration::from_secs(3600), async || ()));
        panic!("it ended with {broken:?}");
    }
    let mut command = Command::new(env::current_exe().expect("this is an executable"));
    let name = "screen::tests::a_panic_is_told_on_a_terminal_that_is_as_it_was";
    command.args(["--exact", name, "--nocapture"]).env(AT_TERMINAL, "1").env("RUST_BACKTRACE", "0");
    let mut terminal = Terminal::run(command);
    assert_eq!(terminal.ended(), Some(101), "{}", terminal.screen());
    assert!(terminal.written().contains("all is well"), "{:?}", terminal.written());
    assert!(terminal.is_given_back(), "{:?}", terminal.written());
    let screen = terminal.screen();
    assert!(screen.contains("it broke on the screen") && !screen.contains("all is well"), "{screen}");
    assert!(screen.find("running 1 test") < screen.find("it broke on the screen"), "{screen}");
}
