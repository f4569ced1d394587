//! Ids as Kafka prints them: the 16 bytes in base64, as its URLs have it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ottla_client::Uuid;

pub(crate) fn kafka_id(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_22_characters() {
        let id = Uuid::from_bytes([0xff; 16]);
        assert_eq!(kafka_id(id), "_____________________w");
    }
}
