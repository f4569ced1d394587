//! `ottla completion`.

use std::process::Command;

use super::Visit;
use super::support::{ottla, run, search_path};

/// What bash completes of these words, the last of which is not finished, with this executable as `ottla`.
fn completed(words: &str) -> Vec<String> {
    let script = "source <(ottla completion bash); COMP_WORDS=($1); [[ $1 == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
                  COMP_TYPE=9; $(complete -p ottla | sed 's/.*-F \\([^ ]*\\).*/\\1/') ottla \"${COMP_WORDS[-1]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["-c", script, "bash", words]).env("PATH", search_path()).env("XDG_CONFIG_HOME", "/nowhere");
    let ended = run(&mut bash);
    assert_eq!(ended.code, Some(0), "{words}: {}", ended.stderr);
    ended.stdout.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn every_shell_gets_a_script_that_asks_this_executable() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = run(&mut ottla(["completion", shell]));
        assert_eq!(ended.code, Some(0), "{shell}: {}", ended.stderr);
        assert!(ended.stdout.contains("COMPLETE"), "{shell}: {}", ended.stdout);
    }
    assert_eq!(run(&mut ottla(["completion", "csh"])).code, Some(2));
}

#[test]
fn bash_completes_commands_and_flags() {
    assert_eq!(completed("ottla topic cre"), ["create"]);
    assert_eq!(completed("ottla topic create --part"), ["--partitions"]);
}

#[test]
fn bash_completes_topics_and_groups_of_the_cluster_that_the_line_names() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "others", "billing"]);
    visit.ok(&["group", "seek", "shippers", "--to", "start", "--topic", "orders", "--execute"]);
    let at = format!("-b {}", visit.brokers);
    assert_eq!(completed(&format!("ottla topic describe {at} o")), ["orders", "others"]);
    assert_eq!(completed(&format!("ottla topic describe {at} ")), ["billing", "orders", "others"]);
    assert!(completed(&format!("ottla topic describe {at} --")).contains(&"--output".to_owned()));
    assert_eq!(completed(&format!("ottla consume orders {at} --group sh")), ["shippers"]);
    assert_eq!(completed("ottla topic describe -b 127.0.0.1:1 o"), [""; 0], "nobody is there to be asked");
}
