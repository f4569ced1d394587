//! Many records at once: a run of them takes one lock, one share of memory and one look at the clock.

use super::{Deliveries, Producer, ProducerRecord, Shared};
use crate::{Result, clock};

/// So much of `buffer.memory` is taken at once, so that others who send need not wait for long.
const RUN_SIZE_MAX: u32 = 256 * 1024;

impl Producer {
    /// Takes records in their order. What becomes of them will be told by `deliveries`, behind what is there already.
    ///
    /// It does what [`Producer::send`] does for each, and takes a fraction of the processor time: for those who have many records at
    /// hand. Fails with the first record that is not taken; those before it were taken, those behind it were not.
    ///
    /// Cancel-safe: dropped before it is done, `deliveries` knows of those that were taken, and the others were not.
    ///
    /// ```no_run
    /// # async fn example(producer: ottla_client::producer::Producer) -> Result<(), ottla_client::Error> {
    /// use ottla_client::producer::{Deliveries, ProducerRecord};
    ///
    /// let mut deliveries = Deliveries::new();
    /// for block in ["apples\npears", "plums\ncherries"] {
    ///     let records = block.lines().map(|line| ProducerRecord::new("orders").value(line)).collect();
    ///     producer.send_many(records, &mut deliveries).await?;
    /// }
    /// while let Some(delivered) = deliveries.next().await {
    ///     println!("{} records at {:?}", delivered.count, delivered.result?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_many(&self, records: Vec<ProducerRecord>, deliveries: &mut Deliveries) -> Result<()> {
        let shared = &self.handle.shared;
        if shared.interceptors.is_empty() {
            return shared.take_many(&records, deliveries).await;
        }
        for record in records {
            deliveries.push(self.send(record).await?);
        }
        Ok(())
    }
}

impl Shared {
    async fn take_many(&self, mut records: &[ProducerRecord], deliveries: &mut Deliveries) -> Result<()> {
        while let Some(first) = records.first() {
            let mut count = self.take_run(records, deliveries)?;
            if count == 0 {
                // It waits for its topic or for room.
                deliveries.push(self.take(first).await?);
                count = 1;
            }
            records = &records[count..];
        }
        Ok(())
    }

    /// Takes the first records as far as that is possible at once; how many these are.
    fn take_run(&self, records: &[ProducerRecord], deliveries: &mut Deliveries) -> Result<usize> {
        let free = u32::try_from(self.memory.available_permits()).unwrap_or(u32::MAX);
        let (count, size) = self.run(records, free.min(RUN_SIZE_MAX))?;
        let Ok(mut memory) = self.memory.clone().try_acquire_many_owned(size) else { return Ok(0) };
        let (now, wall_ms) = (clock::now(), clock::wall_ms());
        let (mut taken, mut is_news) = (0, false);
        let mut accumulator = self.accumulator();
        let mut take = |record: &ProducerRecord| -> Result<bool> {
            let size = self.check_size(record)? as usize;
            let memory = memory.split(size).expect("a run has the memory of its records");
            let timestamp = record.timestamp.unwrap_or(wall_ms);
            let Some((delivery, is_new)) = accumulator.append(record, timestamp, memory, now)? else {
                return Ok(false);
            };
            deliveries.push(delivery);
            is_news |= is_new;
            Ok(true)
        };
        let failed = loop {
            match records[..count].get(taken).map(&mut take) {
                Some(Ok(true)) => taken += 1,
                Some(Ok(false)) | None => break None,
                Some(Err(error)) => break Some(error),
            }
        };
        drop(accumulator);
        if is_news {
            self.wake.notify_one();
        }
        failed.map_or(Ok(taken), Err)
    }

    /// How many records make a run, and what they take of `buffer.memory`, which is to be no more than this.
    fn run(&self, records: &[ProducerRecord], size_max: u32) -> Result<(usize, u32)> {
        let (mut count, mut size) = (0, 0);
        for record in records {
            match self.check_size(record) {
                Ok(more) if size_max - size >= more => size += more,
                Err(error) if count == 0 => return Err(error),
                Ok(_) | Err(_) => break,
            }
            count += 1;
        }
        Ok((count, size))
    }
}
