//! Data that keep flowing, so that there is something to look at: orders, payments for most of them, and a group that reads the
//! orders.

use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::NewTopic;
use ottla_client::config::{ConsumerConfig, OffsetReset, ProducerConfig};
use ottla_client::consumer::Consumer;
use ottla_client::producer::{Producer, ProducerRecord};
use ottla_client::{Client, Error};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::interval;
use tracing::warn;

const ORDERS: &str = "orders";
const PAYMENTS: &str = "payments";
const GROUP: &str = "billing";
const PARTITIONS: i32 = 3;
/// One order each.
const PACE: Duration = Duration::from_millis(200);
const GOODS: [(&str, u64); 5] =
    [("apples", 120), ("bread", 350), ("coffee", 890), ("olive oil", 1250), ("salt", 95)];
const CUSTOMERS: [&str; 6] = ["ada", "bela", "chidi", "dora", "emre", "fatima"];

/// Flows until this is dropped.
#[derive(Debug)]
pub(super) struct Demo {
    tasks: [JoinHandle<()>; 2],
}

impl Demo {
    pub(super) fn topics() -> [NewTopic; 2] {
        [ORDERS, PAYMENTS].map(|name| NewTopic::new(name).partitions(PARTITIONS))
    }

    pub(super) fn start(client: &Client) -> Result<Demo> {
        let producer = client.producer(ProducerConfig::default())?;
        let config =
            ConsumerConfig::default().group_id(GROUP.to_owned()).auto_offset_reset(OffsetReset::Earliest);
        let consumer = Consumer::new(client.clone(), config)?;
        consumer.subscribe([ORDERS])?;
        let selling = tokio::spawn(async move { tell(sell(&producer).await) });
        let billing = tokio::spawn(async move { tell(bill(&consumer).await) });
        Ok(Demo { tasks: [selling, billing] })
    }

    /// What to try.
    pub(super) fn line() -> String {
        format!("topics {ORDERS} and {PAYMENTS}, group {GROUP}")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn tell(ended: Result<(), Error>) {
    if let Err(error) = ended {
        warn!(%error, "the demo's data flow no more");
    }
}

async fn sell(producer: &Producer) -> Result<(), Error> {
    let mut pace = interval(PACE);
    for number in 1.. {
        pace.tick().await;
        let (order, payment) = order(number);
        producer.send_and_wait(order).await?;
        if let Some(payment) = payment {
            producer.send_and_wait(payment).await?;
        }
    }
    Ok(())
}

/// The same orders at every start; one in seven is not paid.
fn order(number: u64) -> (ProducerRecord, Option<ProducerRecord>) {
    let at = |from: u64, among: usize| usize::try_from(from % among as u64).unwrap_or_default();
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let customer = CUSTOMERS[at(mixed, CUSTOMERS.len())];
    let (good, price) = GOODS[at(mixed >> 8, GOODS.len())];
    let count = mixed % 4 + 1;
    let cents = count * price;
    let record = |topic: &'static str, value: serde_json::Value| {
        ProducerRecord::new(topic).key(customer).value(value.to_string())
    };
    let order =
        json!({ "order": number, "customer": customer, "good": good, "count": count, "cents": cents });
    let paid = !number.is_multiple_of(7);
    let payment = paid.then(|| record(PAYMENTS, json!({ "order": number, "cents": cents, "by": "card" })));
    (record(ORDERS, order).header("source", "demo"), payment)
}

/// Commits by itself, as consumers do.
async fn bill(consumer: &Consumer) -> Result<(), Error> {
    loop {
        match consumer.poll(Duration::from_secs(60)).await {
            Err(error) if !error.is_retriable() => return Err(error),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_orders_are_paid() {
        let paid = (1..=70).filter(|number| order(*number).1.is_some()).count();
        assert_eq!(paid, 60);
    }
}
