//! `ottla completion`.

use std::process::Command;

use super::support::{ottla, run};

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = run(&mut ottla(["completion", shell]));
        assert_eq!(ended.code, Some(0), "{shell}: {}", ended.stderr);
        for command in ["add-partitions", "consume", "log-dirs"] {
            assert!(ended.stdout.contains(command), "{shell} does not know {command}");
        }
    }
    assert_eq!(run(&mut ottla(["completion", "csh"])).code, Some(2));
}

#[test]
fn bash_completes_with_it() {
    let script = "source <(\"$1\" completion bash); COMP_WORDS=(ottla topic cre); COMP_CWORD=2; \
                  _ottla ottla cre topic; echo \"${COMPREPLY[*]}\"";
    let ended = run(Command::new("bash").args(["-c", script, "bash", env!("CARGO_BIN_EXE_ottla")]));
    assert_eq!(ended.stdout.trim(), "create", "{}", ended.stderr);
}
