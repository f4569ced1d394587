//! Publishes messages to a topic and has a handler called with each, by the facade for message-driven programs.
//!
//!     cargo run -p ottla-client --example messaging [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use ottla_client::Client;
use ottla_client::config::ClientConfig;
use ottla_client::group::HandlerError;
use ottla_client::messaging::{Broker, Carrier, Event, PublishOptions, ReaderOptions, WriterOptions};
use tokio::sync::mpsc;

const COUNT: usize = 10;

/// Gives the messages that were handled.
pub(crate) async fn run(servers: &str) -> Result<Vec<String>, HandlerError> {
    let broker = Broker::new(Client::connect(ClientConfig::new(servers)).await?, WriterOptions::default());
    let (tell, mut told) = mpsc::channel(COUNT);
    let handler = move |event: Event| {
        let tell = tell.clone();
        async move {
            let greeting = String::from_utf8(event.record.value.clone().unwrap_or_default().into())?;
            println!("{greeting} (trace {:?})", event.headers().get("traceparent"));
            // When this is done without an error the message is acknowledged.
            tell.send(greeting).await?;
            Ok(())
        }
    };
    let options = ReaderOptions::default().auto_create_topic(1, 1);
    let subscription = broker.subscribe("example-greetings", "example-greeters", options, handler).await?;

    let mut headers = Carrier::default();
    headers.set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    for number in 0..COUNT {
        let options = PublishOptions::default().key("greetings").headers(headers.clone());
        broker.publish("example-greetings", format!("hello {number}"), options).await?;
    }
    let mut handled = Vec::new();
    while handled.len() < COUNT {
        handled.extend(told.recv().await);
    }
    subscription.stop().await?;
    broker.close().await;
    Ok(handled)
}

#[tokio::main]
async fn main() -> Result<(), HandlerError> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
