//! Somebody, as brokers know them: `User:alice`.

use ottla_client::admin::Principal;

/// For clap: kind and name.
pub(crate) fn principal(text: &str) -> Result<Principal, String> {
    match text.split_once(':') {
        None => Err(format!("say what kind it is, too: User:{text}")),
        Some(("", name)) => Err(format!("it has no kind: say User:{name}")),
        Some((kind, "")) => Err(format!("it has no name: say {kind}:alice, or {kind}:* for all")),
        Some((kind, name)) => Ok(Principal { kind: kind.into(), name: name.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_a_kind_and_a_name_and_what_is_missing_is_said() {
        for (text, expected) in [
            ("User:alice", Ok(("User", "alice"))),
            ("User:*", Ok(("User", "*"))),
            ("User:CN=a:b", Ok(("User", "CN=a:b"))),
            ("alice", Err("say what kind it is, too: User:alice")),
            (":alice", Err("it has no kind: say User:alice")),
            ("User:", Err("it has no name: say User:alice, or User:* for all")),
        ] {
            let found = principal(text);
            let found = found.as_ref().map(|it| (&*it.kind, &*it.name)).map_err(String::as_str);
            assert_eq!(found, expected, "{text}");
            if let Ok(found) = principal(text) {
                assert_eq!(found.to_string(), text);
            }
        }
    }
}
