//! What is said on standard error, whether somebody listens or not: `eprintln!` panics where it is a pipe that nobody reads any more.

use std::fmt::Arguments;
use std::io::{self, Write as _};

pub(crate) fn write(text: Arguments<'_>) {
    // Nobody is left to be told of it.
    let _written = io::stderr().write_fmt(text);
}

/// As `eprint!`.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::write(format_args!($($part)*)) };
}

/// As `eprintln!`.
macro_rules! sayln {
    ($($part:tt)*) => { $crate::say::write(format_args!("{}\n", format_args!($($part)*))) };
}
