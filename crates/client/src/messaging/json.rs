//! Messages as JSON, with the feature `json`.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Event;

/// A value to publish.
///
/// ```
/// let value = ottla_client::messaging::json(&vec![1, 2])?;
/// assert_eq!(value, "[1,2]");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(value).map(Bytes::from)
}

impl Event {
    /// The message's value; that of a tombstone is JSON's null.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.record.value.as_deref().unwrap_or(b"null"))
    }
}
