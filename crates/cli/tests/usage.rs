//! What everybody tries first.

mod support;

use support::{ottla, run};

#[test]
fn version_and_help_succeed() {
    let version = run(&mut ottla(["--version"]));
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout, format!("ottla {}\n", env!("CARGO_PKG_VERSION")));

    let help = run(&mut ottla(["--help"]));
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Usage: ottla [OPTIONS] <COMMAND>"), "{}", help.stdout);
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    for (args, hint) in [
        (&["log", "dmup"][..], "'dump'"),
        (&["log", "dump"], "<FILE|DIR>"),
        (&["log", "dump", "--records", "--headers-only", "x"], "cannot be used with"),
        (&["--no-such-flag"], "--no-such-flag"),
    ] {
        let ended = run(&mut ottla(args));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.stderr.contains(hint), "{args:?}: {}", ended.stderr);
    }
}
