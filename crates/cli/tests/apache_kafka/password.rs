//! Passwords that are typed, which wants a broker that keeps them.

use crate::kafka::Kafka;
use crate::pty::{CTRL_C, Terminal};

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let kafka = Kafka::start();
    for (again, code, expected) in [
        ("other\r", Some(2), "the two passwords differ"),
        (CTRL_C, None, "The same again:"),
        ("s3cret\r", Some(0), "carol SCRAM-SHA-512  created"),
    ] {
        let mut terminal = Terminal::run(kafka.shell("exec ottla user create carol"));
        terminal.wait_for("Password of carol:");
        terminal.types("s3cret\r");
        terminal.wait_for("The same again:");
        terminal.types(again);
        assert_eq!(terminal.ended(), code, "{again:?}: {}", terminal.screen());
        assert!(terminal.screen().contains(expected), "{again:?}: {}", terminal.screen());
        for typed in ["s3cret", "other"] {
            assert!(!terminal.written().contains(typed), "{again:?}: {}", terminal.screen());
        }
    }
}
