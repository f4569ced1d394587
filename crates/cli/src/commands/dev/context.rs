//! The context that commands use while `ottla dev` runs.

use crate::exit::print_error;
use crate::remote::{Contexts, Kept};

const NAME: &str = "ottla-dev";
const BOOTSTRAP: &str = "bootstrap.servers";

/// Chosen until this is dropped.
#[derive(Debug)]
pub(super) struct DevContext {
    contexts: Contexts,
    bootstrap: String,
}

impl DevContext {
    pub(super) const NAME: &'static str = NAME;

    /// None for somebody who has no place for contexts.
    pub(super) fn choose(contexts: Contexts, bootstrap: String) -> anyhow::Result<Option<DevContext>> {
        if contexts.path().is_err() {
            return Ok(None);
        }
        let mut kept = contexts.read()?;
        kept.contexts.insert(NAME.into(), [(BOOTSTRAP.into(), bootstrap.clone())].into());
        kept.choose(NAME)?;
        contexts.write(&kept)?;
        Ok(Some(DevContext { contexts, bootstrap }))
    }

    fn let_go(&self) -> anyhow::Result<()> {
        let mut kept = self.contexts.read()?;
        if forget(&mut kept, &self.bootstrap) {
            self.contexts.write(&kept)?;
        }
        Ok(())
    }
}

impl Drop for DevContext {
    fn drop(&mut self) {
        if let Err(error) = self.let_go() {
            print_error(&format!("the context {NAME} is still there: {error:#}"));
        }
    }
}

/// Unless another broker has taken the name meanwhile. The context before is chosen again.
fn forget(kept: &mut Kept, bootstrap: &str) -> bool {
    let told = kept.contexts.get(NAME).and_then(|properties| properties.get(BOOTSTRAP));
    if told.is_none_or(|told| told != bootstrap) {
        return false;
    }
    if kept.current.as_deref() == Some(NAME) {
        kept.current = kept.previous.take();
    }
    kept.remove(NAME).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_before() -> Kept {
        let contexts = [("prod".to_owned(), [(BOOTSTRAP.to_owned(), "kafka1:9092".to_owned())].into())];
        Kept { current: Some("prod".into()), previous: None, contexts: contexts.into() }
    }

    #[test]
    fn the_context_before_is_chosen_again() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let contexts = Contexts::at(dir.path().join("contexts.toml"));
        contexts.write(&kept_before()).expect("written");
        let chosen = DevContext::choose(contexts.clone(), "127.0.0.1:1".into()).expect("kept");
        let kept = contexts.read().expect("read");
        assert_eq!(kept.in_use().map(|(name, _)| name), Some(NAME));
        drop(chosen);
        assert_eq!(contexts.read().expect("read"), kept_before());
    }

    #[test]
    fn the_context_of_another_broker_stays() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let contexts = Contexts::at(dir.path().join("contexts.toml"));
        let first = DevContext::choose(contexts.clone(), "127.0.0.1:1".into()).expect("kept");
        let second = DevContext::choose(contexts.clone(), "127.0.0.1:2".into()).expect("kept");
        drop(first);
        let kept = contexts.read().expect("read");
        assert_eq!(kept.in_use().map(|(_, properties)| &*properties[BOOTSTRAP]), Some("127.0.0.1:2"));
        drop(second);
        assert_eq!(contexts.read().expect("read"), Kept::default());
    }
}
