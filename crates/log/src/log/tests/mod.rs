mod appending;
mod crashing;
mod deleting;
mod reading;
pub(crate) mod support;
mod truncating;
