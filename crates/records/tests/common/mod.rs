//! What the tests share: the vectors as bytes, and damage to them.

#![allow(dead_code, reason = "each test file takes what it needs")]

pub(crate) mod describe;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use ottla_records::{Batch, Entries, Entry, EntryHeader, Limits};
use serde_json::Value;

/// The content of a compressed file of the folder testdata.
pub(crate) fn testdata(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    let file = File::open(path).expect("testdata is part of the repository");
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut content).unwrap();
    content
}

/// The values of a file with one on each line.
pub(crate) fn json_lines(name: &str) -> Vec<Value> {
    let text = String::from_utf8(testdata(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The bytes of every vector.
pub(crate) fn all_vectors() -> Vec<Bytes> {
    json_lines("batches.jsonl.gz").iter().map(|line| from_hex(line["hex"].as_str().unwrap())).collect()
}

pub(crate) fn from_hex(hex: &str) -> Bytes {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(digits).collect()
}

/// Numbers that look random and are the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_le_bytes()[0]
    }
}

/// Damages a few bytes, lengthens or shortens.
pub(crate) fn mutate(bytes: &Bytes, dice: &mut Dice) -> Bytes {
    let mut mutated = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(mutated.len() + 1);
        match dice.below(8) {
            0 => mutated.truncate(at),
            1 => mutated.insert(at, dice.byte()),
            2 if at < mutated.len() => drop(mutated.remove(at)),
            3 if at < mutated.len() => mutated[at] ^= 1 << dice.below(8),
            4 if at < mutated.len() => mutated[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)],
            _ if at < mutated.len() => mutated[at] = dice.byte(),
            _ => {}
        }
    }
    Bytes::from(mutated)
}

/// Does all that a reader can do with bytes.
pub(crate) fn read_everything(bytes: Bytes, limits: &Limits, scratch: &mut Vec<u8>) {
    let _ = EntryHeader::parse(&bytes);
    for entry in Entries::new(bytes).filter_map(Result::ok) {
        let _ = entry.check_crc();
        let _ = entry.base_offset(limits);
        let _ = (entry.last_offset(), entry.max_timestamp(), entry.leader_epoch());
        if let Ok(records) = entry.records(limits) {
            records.filter_map(Result::ok).for_each(|record| record.headers.iter().for_each(drop));
        }
        if let Entry::Batch(batch) = entry {
            read_views(&batch, limits, scratch);
        }
    }
}

fn read_views(batch: &Batch, limits: &Limits, scratch: &mut Vec<u8>) {
    let header = batch.header();
    let _ = (header.last_sequence(), header.next_offset(), header.delete_horizon());
    if let Ok(views) = batch.record_views(limits, scratch) {
        views.filter_map(Result::ok).for_each(|view| view.headers.for_each(drop));
    }
}
