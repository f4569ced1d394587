mod appending;
mod crashing;
mod deleting;
mod preallocating;
mod reading;
pub(crate) mod support;
mod truncating;
