//! Ids as Kafka prints them: the 16 bytes in base64, as its URLs have it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ottla_client::Uuid;

pub(crate) fn kafka_id(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

pub(crate) fn parse_kafka_id(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_22_characters() {
        let id = Uuid::from_bytes([0xff; 16]);
        assert_eq!(kafka_id(id), "_____________________w");
        assert_eq!(parse_kafka_id("_____________________w"), Some(id));
        assert_eq!(parse_kafka_id("_____________________"), None);
    }
}
