mod appending;
mod crashing;
mod deleting;
mod reading;
mod support;
mod truncating;
