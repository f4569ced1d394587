//! Warnings of brokers that cannot be connected to, while a command waits for them.
//!
//! Calls are tried again for as long as a minute, as a broker that restarts is soon back. Whoever waits wants to know for what.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ottla_client::config::ClientConfig;
use ottla_client::error::Attempt;
use ottla_client::{Client, Failing, Result};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::exit::print_warning;

/// A command that is done so soon, or fails itself, needs no warning.
const PATIENCE: Duration = Duration::from_millis(700);

/// A client that has asked the cluster for its brokers.
pub(super) async fn connect(config: ClientConfig) -> Result<Client> {
    let client = Client::new(config)?;
    let mut warning = JoinSet::new();
    warning.spawn(warn(client.failing(), |_any| true));
    client.refresh().await?;
    drop(warning);
    warn_from_now_on(&client);
    Ok(client)
}

/// Until the client or the runtime ends. Of `bootstrap.servers` one has answered, which is enough.
pub(super) fn warn_from_now_on(client: &Client) {
    let warning = warn(client.failing(), |attempt| attempt.advertised_by.is_some());
    // It ends with the client, and has nothing to be waited for.
    drop(tokio::spawn(warning));
}

/// Once for each address.
async fn warn(mut failing: Failing, is_meant: impl Fn(&Attempt) -> bool) {
    let mut told: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut warnings = JoinSet::new();
    while let Some(attempt) = failing.next().await {
        if is_meant(&attempt) && told.insert(attempt.address.clone()) {
            warnings.spawn(async move {
                sleep(PATIENCE).await;
                let advice = attempt.advice();
                print_warning(format!("cannot connect to {attempt}; trying again\n         {advice}"));
            });
        }
    }
}
