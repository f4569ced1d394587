//! `ottla ctx`.

use std::fs;

use super::{Visit, run, user};

#[test]
fn contexts_are_added_chosen_renamed_and_forgotten() {
    let visit = Visit::new();
    visit.ok(&["ctx", "add", "here", "-b", &visit.brokers]);
    visit.ok(&["ctx", "add", "there", "-b", "127.0.0.1:1", "-X", "security.protocol=SSL"]);
    let listed = visit.ok(&["ctx", "ls"]);
    let expected = format!(
        "NAME   CURRENT  BROKERS{}  SECURITY\nhere   true     {}  -\nthere  false    127.0.0.1:1{}  SSL\n",
        " ".repeat(visit.brokers.len() - 7),
        visit.brokers,
        " ".repeat(visit.brokers.len() - 11),
    );
    assert_eq!(listed, expected);

    // Nothing else says where the cluster is.
    let used = || run(&mut user(visit.home.path(), &["topic", "list"]));
    assert_eq!(used().code, Some(0), "{}", used().stderr);
    visit.ok(&["ctx", "use", "there"]);
    assert!(used().stderr.contains("127.0.0.1:1 (context there)"), "{}", used().stderr);
    let ended = run(&mut user(visit.home.path(), &["topic", "list", "--ctx", "here"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    visit.ok(&["ctx", "use", "-"]);
    visit.ok(&["ctx", "rename", "here", "home"]);
    assert_eq!(used().code, Some(0), "{}", used().stderr);
    visit.ok(&["ctx", "rm", "home"]);
    let refused = visit.refused(&["ctx", "use", "home"], 2);
    assert!(refused.contains("there is no context home; there are there"), "{refused}");
}

#[test]
fn files_of_other_tools_become_contexts() {
    let visit = Visit::new();
    let kcat = visit.home.path().join("kcat.conf");
    fs::write(&kcat, format!("# mine\nmetadata.broker.list={}\napi.version.request=true\n", visit.brokers))
        .unwrap();
    let ended = visit.run(&["ctx", "import", "old", kcat.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let java = visit.home.path().join("client.properties");
    fs::write(&java, format!("bootstrap.servers = {}\nacks = 1\n", visit.brokers)).unwrap();
    visit.ok(&["ctx", "import", "java", java.to_str().unwrap()]);
    let rpk = visit.home.path().join("rpk.yaml");
    let profile = |name: &str| format!("- name: {name}\n  kafka_api: {{brokers: ['{}']}}\n", visit.brokers);
    fs::write(&rpk, format!("profiles:\n{}{}", profile("rpk"), profile("other"))).unwrap();
    visit.ok(&["ctx", "import", "rpk", rpk.to_str().unwrap()]);
    let refused = visit.refused(&["ctx", "import", "x", rpk.to_str().unwrap()], 2);
    assert!(refused.contains("none of them is x: there are rpk, other"), "{refused}");
    let kaf = visit.home.path().join("kaf.yaml");
    fs::write(&kaf, format!("clusters:\n- name: here\n  brokers: ['{}']\n", visit.brokers)).unwrap();
    visit.ok(&["ctx", "import", "kaf", kaf.to_str().unwrap(), "--from", "kaf", "--cluster", "here"]);
    let other = visit.home.path().join("other");
    fs::write(&other, "all of this\nis something else\n").unwrap();
    let refused = visit.refused(&["ctx", "import", "java", other.to_str().unwrap()], 2);
    assert!(refused.contains("has no option of a client"), "{refused}");
    for name in ["old", "java", "rpk", "kaf"] {
        let ended = run(&mut user(visit.home.path(), &["topic", "list", "--ctx", name]));
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
    }
}

#[test]
fn the_editor_is_the_users_and_what_it_leaves_must_make_sense() {
    let home = tempfile::tempdir().unwrap();
    let edit = |editor: &str| run(user(home.path(), &["ctx", "edit"]).env("VISUAL", editor));
    let ended = edit("printf '[contexts.x]\\n\"bootstrap.servers\" = \"a:1\"\\n' >");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let listed = run(&mut user(home.path(), &["ctx", "ls", "-o", "ndjson"])).stdout;
    let expected = r#"{"name":"x","isCurrent":false,"brokers":"a:1","securityProtocol":null}"#;
    assert_eq!(listed.trim(), expected);
    let ended = edit("echo contxts=1 >");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot understand"), "{}", ended.stderr);
    assert!(edit("false").stderr.contains("the editor false failed"));
}
