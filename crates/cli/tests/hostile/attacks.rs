//! Attacks that are over soon: bytes that no client sends, and connections that end as none should.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::client::DEADLINE;
use super::random::Random;
use super::requests::{Requests, request};

/// What lengths and counts are set to.
const EXTREMES: [i32; 10] = [i32::MIN, i32::MAX, -2, -1, 0, 1, 0x7fff, 0xffff, 100 << 20, 0x7fff_fff0];
/// Random bodies, and what is inserted.
const BYTES_MAX: usize = 300;
/// Times 64 KiB: a body that is large enough to take memory from others.
const LARGE_MAX: usize = 40;

/// Bytes, and how they are sent.
pub(crate) struct Attack {
    name: &'static str,
    bytes: Vec<u8>,
    ending: Ending,
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    /// Says that nothing more comes, and wants the connection to end.
    Finish,
    /// Reads one byte of an answer if there is any, and goes.
    Leave,
    /// Is gone before an answer can come.
    Vanish,
}

/// All of them, in the order of a shuffled pack.
pub(crate) fn all(seed: u64, requests: &Requests, rounds: usize) -> Vec<Attack> {
    let random = &mut Random::new(seed);
    let mut attacks = Vec::new();
    for _ in 0..rounds {
        for (api, version) in &requests.served {
            for header_version in [1, 2] {
                let body = garbage(random);
                let bytes = request(api.code(), *version, header_version, &body);
                attacks.push(attack(random, "garbage after a header", bytes));
            }
        }
        for at in 0..requests.count() {
            let bytes = mutated(random, requests.frame(at));
            attacks.push(attack(random, "a mutated request", bytes));
        }
        for (name, make) in KINDS {
            for _ in 0..KIND_COUNT {
                let bytes = make(random, requests);
                attacks.push(attack(random, name, bytes));
            }
        }
    }
    for at in (1..attacks.len()).rev() {
        attacks.swap(at, random.below(at + 1));
    }
    attacks
}

fn attack(random: &mut Random, name: &'static str, bytes: Vec<u8>) -> Attack {
    let ending = random.pick(&[Ending::Finish, Ending::Finish, Ending::Leave, Ending::Vanish]);
    Attack { name, bytes, ending }
}

/// How often each of the following is made in a round.
const KIND_COUNT: usize = 50;

type Make = fn(&mut Random, &Requests) -> Vec<u8>;

const KINDS: [(&str, Make); 9] = [
    ("random bytes", |random, _| random_bytes(random)),
    ("random bytes of the size that is told", |random, _| framed(&random_bytes(random))),
    ("a frame that is cut off", |random, requests| {
        let mut frame = requests.any(random);
        frame.truncate(random.below(frame.len()));
        frame
    }),
    ("a frame of an extreme size", |random, requests| {
        let mut frame = requests.any(random);
        frame[..4].copy_from_slice(&random.pick(&EXTREMES).to_be_bytes());
        frame
    }),
    ("a large frame that is cut off", |random, requests| {
        let mut frame = requests.any(random);
        frame[..4].copy_from_slice(&(100_i32 << 20).to_be_bytes());
        frame.resize(frame.len() + random.below(LARGE_MAX) * 65_536, 0xff);
        frame
    }),
    ("a large frame of garbage", |random, requests| {
        let (api, version) = random.pick(&requests.served);
        let mut body = garbage(random);
        let filling = random.pick(&[0, 1, 2, 0x7f, 0xff]);
        body.resize(body.len() + random.below(LARGE_MAX) * 65_536, filling);
        request(api.code(), version, api.request_header_version(version), &body)
    }),
    ("an API or a version that there is not", |random, requests| {
        let mut frame = requests.any(random);
        let at = random.pick(&[4, 6]);
        let number = random.pick(&[i16::MIN, -1, 127, 999, i16::MAX]);
        frame[at..at + 2].copy_from_slice(&number.to_be_bytes());
        frame
    }),
    ("a request with bytes behind it", |random, requests| {
        let frame = requests.any(random);
        framed(&[&frame[4..], &garbage(random)].concat())
    }),
    ("requests one behind the other", |random, requests| {
        let one = |at: usize| {
            let frame = requests.any(random);
            if at % 4 == 3 { mutated(random, frame) } else { frame }
        };
        (0..20).flat_map(one).collect()
    }),
];

fn random_bytes(random: &mut Random) -> Vec<u8> {
    let count = random.below(BYTES_MAX) + 1;
    random.bytes(count)
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let size = u32::try_from(bytes.len()).expect("small").to_be_bytes();
    [&size, bytes].concat()
}

/// Random bytes; often few different ones, which looks more like a body: counts are small, strings short.
fn garbage(random: &mut Random) -> Vec<u8> {
    let mut bytes = random_bytes(random);
    if !random.one_in(3) {
        for byte in &mut bytes {
            *byte = random.pick(&[0, 0, 0, 1, 1, 2, 3, b'x', *byte]);
        }
    }
    bytes
}

/// Damages a frame behind its size in a few places. The size is made right again, mostly.
fn mutated(random: &mut Random, mut frame: Vec<u8>) -> Vec<u8> {
    let mut body = frame.split_off(4);
    for _ in 0..=random.below(3) {
        // Rarely within the header.
        let from = if random.one_in(8) { 0 } else { 8.min(body.len()) };
        let at = from + random.below(body.len() - from + 1);
        match random.below(5) {
            0 => body.insert(at, random.bytes(1)[0]),
            1 => body.truncate(at),
            2 => overwrite(&mut body, at, &random.pick(&EXTREMES).to_be_bytes()),
            3 => overwrite(
                &mut body,
                at,
                random.pick(&[&[0xff; 5][..], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0x80, 1]]),
            ),
            _ => overwrite(&mut body, at, &random.bytes(1)),
        }
    }
    if random.one_in(10) { [frame, body].concat() } else { framed(&body) }
}

/// As much of it as there is room for.
fn overwrite(body: &mut [u8], at: usize, with: &[u8]) {
    body[at..].iter_mut().zip(with).for_each(|(byte, new)| *byte = *new);
}

impl Attack {
    /// A connection that is closed or reset under it is what an attack deserves; one that stays is not.
    pub(crate) fn make(&self, address: SocketAddr) {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.set_write_timeout(Some(DEADLINE)).expect("a timeout");
        let sent = stream.write_all(&self.bytes);
        if !self.is_over(&sent) {
            let ended = match self.ending {
                Ending::Finish => finish(&mut stream),
                Ending::Leave => stream.set_nonblocking(true).and_then(|()| stream.read(&mut [0]).map(drop)),
                Ending::Vanish => Ok(()),
            };
            self.is_over(&ended);
        }
    }

    fn is_over(&self, result: &io::Result<()>) -> bool {
        use io::ErrorKind as K;
        let Err(error) = result else { return false };
        let leaves = matches!(self.ending, Ending::Leave) && error.kind() == K::WouldBlock;
        let closed = [K::ConnectionReset, K::BrokenPipe, K::ConnectionAborted, K::NotConnected];
        let begins: String = self.bytes.iter().take(60).map(|byte| format!("{byte:02x}")).collect();
        assert!(
            leaves || closed.contains(&error.kind()),
            "{} {:?}: {error}: {begins}",
            self.name,
            self.ending
        );
        true
    }
}

fn finish(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    io::copy(stream, &mut io::sink()).map(drop)
}
