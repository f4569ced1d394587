//! The real process under hostile input: whatever is sent to it, it goes on, within its memory, and whoever else uses it
//! notices nothing.
//!
//! `OTTLA_ROUNDS` says how often each attack is made, `OTTLA_SEED` repeats the choices of an earlier run.

mod attacks;
mod besiegers;
mod bystanders;
mod lasting;
mod requests;
mod victim;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

use attacks::Attack;
use besiegers::{Acts, Besiegers};
use bystanders::Bystanders;
use random::Random;
use requests::Requests;
use victim::Victim;

/// How often each attack is made; by hand it is run with many more.
const ROUNDS: usize = 2;
/// Attacks that are under way at once.
const ATTACKERS: usize = 12;
/// Connections of each kind that lasts.
const BESIEGERS: usize = 30;
/// All memory of the process that is attacked: what it takes for itself, unoptimised, and what its options let requests
/// and answers take.
const MEMORY_MAX: usize = 256 << 20;
/// The largest frame that is taken.
const FRAME_MAX: i32 = 100 << 20;

fn rounds() -> usize {
    std::env::var("OTTLA_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("OTTLA_ROUNDS is a number"))
}

#[test]
fn hostile_clients_do_no_harm_and_others_notice_nothing() {
    let seed = Random::seed();
    let victim = Victim::start(&[]);
    let requests = Requests::read(&victim.versions());
    let bystanders = Bystanders::start(victim.address());
    let files = victim.open_files();

    let besiegers = Besiegers::start(victim.address(), besiege(seed, &requests));
    let attacks = attacks::all(seed, &requests, rounds());
    eprintln!("{} attacks", attacks.len());
    make(victim.address(), attacks);
    eprintln!("{} connections thrown out", besiegers.thrown_out());
    besiegers.go();

    let acknowledged = bystanders.finish();
    eprintln!("{acknowledged} records of others acknowledged and read");
    victim.has_as_many_open_files(files);
    victim.is_ready();
    let memory = victim.memory_peak();
    eprintln!("at most {} MiB of memory", memory >> 20);
    assert!(memory < MEMORY_MAX, "{memory} bytes");
    victim.stop();
}

/// Those who hold their connections while the attacks are made.
fn besiege(seed: u64, requests: &Requests) -> Vec<Acts> {
    let mut random = Random::new(!seed);
    let mut all = Vec::new();
    for _ in 0..BESIEGERS {
        let mut announced = requests.any(&mut random);
        announced[..4].copy_from_slice(&FRAME_MAX.to_be_bytes());
        let mut begun = announced.clone();
        begun.resize(200 << 10, 0);
        all.extend([Acts::Silent, Acts::Slow(requests.any(&mut random)), Acts::Stops(announced)]);
        all.extend([Acts::Stops(begun), Acts::NeverReads(requests.with_large_answers())]);
    }
    all
}

/// Makes the attacks, several at once.
fn make(address: SocketAddr, attacks: Vec<Attack>) {
    let (sender, attacks_left) = mpsc::sync_channel(attacks.len());
    attacks.into_iter().for_each(|attack| sender.send(attack).expect("there is room for all"));
    drop(sender);
    let attacks_left: Arc<Mutex<Receiver<Attack>>> = Arc::new(Mutex::new(attacks_left));
    let attackers = (0..ATTACKERS).map(|_| {
        let attacks_left = Arc::clone(&attacks_left);
        let next = move || attacks_left.lock().expect("nobody panics with the lock held").recv().ok();
        thread::spawn(move || std::iter::from_fn(next).for_each(|attack| attack.make(address)))
    });
    let attackers: Vec<_> = attackers.collect();
    attackers.into_iter().for_each(|attacker| attacker.join().expect("the broker took it well"));
}
