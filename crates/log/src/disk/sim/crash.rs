//! What may be left after a crash: a sequence of independent choices, each among a few outcomes.

use super::state::{Content, State, apply};

/// What becomes of all that was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Only what was synced is left.
    Everything,
    /// Nothing is lost, as when only the process dies.
    Nothing,
    /// Some of it, the same for the same seed.
    Part { seed: u64 },
}

/// What a device writes at once; all of it or nothing. `usize::MAX` stands for a device that keeps the order.
const BLOCKS: [usize; 3] = [512, 4096, usize::MAX];

pub(super) fn crash(state: &State, loss: Loss) -> State {
    match loss {
        Loss::Everything => settle(state, BLOCKS[0], &mut |_| 0),
        Loss::Nothing => settle(state, BLOCKS[0], &mut |outcomes| outcomes - 1),
        Loss::Part { seed } => sample(state, &mut Random(seed)),
    }
}

pub(super) fn crashes(state: &State, limit: usize, seed: u64) -> Vec<State> {
    if count(state, BLOCKS[0]) <= limit {
        return enumerate(state, BLOCKS[0]);
    }
    let extremes = [crash(state, Loss::Everything), crash(state, Loss::Nothing)];
    let random = &mut Random(seed);
    extremes.into_iter().chain(std::iter::repeat_with(|| sample(state, random))).take(limit).collect()
}

fn count(state: &State, block: usize) -> usize {
    let mut count: usize = 1;
    settle(state, block, &mut |outcomes| {
        count = count.saturating_mul(outcomes);
        0
    });
    count
}

/// Counts through all choices as through the digits of a number. How many outcomes a choice has does not depend
/// on the others.
fn enumerate(state: &State, block: usize) -> Vec<State> {
    let mut digits: Vec<usize> = Vec::new();
    let mut outcomes_of = Vec::new();
    let mut found = Vec::new();
    loop {
        outcomes_of.clear();
        found.push(settle(state, block, &mut |outcomes| {
            outcomes_of.push(outcomes);
            digits.get(outcomes_of.len() - 1).copied().unwrap_or(0)
        }));
        digits.resize(outcomes_of.len(), 0);
        let Some(digit) = (0..digits.len()).rev().find(|&at| digits[at] + 1 < outcomes_of[at]) else {
            return found;
        };
        digits[digit] += 1;
        digits[digit + 1..].fill(0);
    }
}

/// Fair coins alone would never lose just one block of a hundred, so the bias is drawn as well.
fn sample(state: &State, random: &mut Random) -> State {
    let block = BLOCKS[random.below(BLOCKS.len())];
    let keep_in_ten = [1, 5, 9][random.below(3)];
    settle(state, block, &mut |outcomes| {
        let kept = random.below(10) < keep_in_ten;
        if kept { outcomes - 1 } else { random.below(outcomes) }
    })
}

/// Asks `choose` for a number below the number of outcomes, again and again: 0 loses, the highest loses
/// nothing.
fn settle(state: &State, block: usize, choose: &mut dyn FnMut(usize) -> usize) -> State {
    let mut settled = state.clone();
    for (ino, content) in state.files() {
        let bytes = settle_content(content, block, choose);
        *settled.content_mut(ino) = Content { durable: bytes.clone(), current: bytes, unsynced: Vec::new() };
    }
    settled.settle_names(|| choose(2) == 1);
    settled.drop_unreachable();
    settled
}

fn settle_content(content: &Content, block: usize, choose: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
    if content.unsynced.is_empty() {
        return content.durable.clone();
    }
    let versions = versions(content);
    let longest = versions.iter().map(Vec::len).max().unwrap_or(0);
    let mut bytes = vec![0; longest];
    let mut from = 0;
    while from < longest {
        let to = from.saturating_add(block).min(longest);
        let candidates = distinct(versions.iter().map(|version| part(version, from, to)));
        bytes[from..to].copy_from_slice(&pick(candidates, choose));
        from = to;
    }
    bytes.truncate(pick(distinct(versions.iter().map(Vec::len)), choose));
    bytes
}

/// The file as it was when last synced and after each change since.
fn versions(content: &Content) -> Vec<Vec<u8>> {
    let mut version = content.durable.clone();
    let mut versions = vec![version.clone()];
    for change in &content.unsynced {
        apply(&mut version, change);
        versions.push(version.clone());
    }
    versions
}

/// A part of a version, with zeros for what lies behind its end.
fn part(version: &[u8], from: usize, to: usize) -> Vec<u8> {
    let mut part = version.get(from..to.min(version.len())).unwrap_or_default().to_vec();
    part.resize(to - from, 0);
    part
}

fn distinct<V: PartialEq>(versions: impl Iterator<Item = V>) -> Vec<V> {
    let mut distinct: Vec<V> = versions.collect();
    distinct.dedup();
    distinct
}

fn pick<V>(mut candidates: Vec<V>, choose: &mut dyn FnMut(usize) -> usize) -> V {
    let chosen = if candidates.len() == 1 { 0 } else { choose(candidates.len()) };
    candidates.swap_remove(chosen)
}

/// Steele, Lea and Flood's SplitMix64.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("less than a usize")
    }
}
