//! What is answered to whom.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{
        HeaderMap, StatusCode, Uri,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use tracing::error;

use super::{Phase, Phases, legacy_clients::LegacyClients};
use crate::{Broker, clock, metrics};

const INDEX: &str = "\
Ottla

/metrics   metrics in Prometheus' text format; ?name[]=NAME for single ones
/healthz   200 as long as the process runs
/readyz    200 while the broker serves

/legacy-clients   who uses request versions that Apache Kafka 4.0 removed, as JSON
";

pub(super) fn router(phase: Phases) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/legacy-clients", get(legacy_clients))
        .with_state(phase)
}

async fn readyz(State(phases): State<Phases>) -> Response {
    match broker(&phases) {
        Ok(_) => "ready\n".into_response(),
        Err(reason) => unavailable(reason),
    }
}

async fn legacy_clients(State(phases): State<Phases>) -> Response {
    match broker(&phases) {
        Ok(broker) => {
            let clients = LegacyClients::of(&broker.metrics.old_clients, clock::now());
            ([(CONTENT_TYPE, "application/json")], clients.to_json()).into_response()
        }
        Err(reason) => unavailable(reason),
    }
}

async fn metrics(State(phases): State<Phases>, uri: Uri, headers: HeaderMap) -> Response {
    let broker = match broker(&phases) {
        Ok(broker) => broker,
        Err(reason) => return unavailable(reason),
    };
    let wanted = wanted(uri.query().unwrap_or_default());
    let packed = accepts_gzip(&headers);
    // On the only blocking thread: health is told meanwhile, and scrapes wait for each other.
    let text = tokio::task::spawn_blocking(move || text(&broker, &wanted, packed)).await;
    match text {
        Ok(text) if packed => {
            ([(CONTENT_TYPE, metrics::CONTENT_TYPE), (CONTENT_ENCODING, "gzip")], text).into_response()
        }
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            error!(%error, "cannot tell the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The broker, or why there is none to ask.
fn broker(phases: &Phases) -> Result<Arc<Broker>, &'static str> {
    match &*phases.read().expect("nobody panics with the lock held") {
        Phase::Starting => Err("starting: the logs are being opened"),
        Phase::Serving(broker) => Ok(Arc::clone(broker)),
        Phase::Stopping => Err("stopping"),
    }
}

fn unavailable(reason: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
}

/// Names that are asked for with `name[]`, as other exporters take them. They hold nothing that a URL would encode.
fn wanted(query: &str) -> Vec<String> {
    let parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    let is_name = |key: &str| key == "name[]" || key.eq_ignore_ascii_case("name%5B%5D");
    parameters.filter(|(key, _)| is_name(key)).map(|(_, name)| name.to_owned()).collect()
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = accepted
        .flat_map(|value| value.split(','))
        .map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    codings.any(|(name, weight)| {
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.unwrap_or(1.0) > 0.0
    })
}

/// Ten thousand partitions are many megabytes of text, of which packed a fiftieth remains. It is packed as it is made.
fn text(broker: &Broker, wanted: &[String], packed: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if packed {
        let mut encoder = GzEncoder::new(&mut out, Compression::fast());
        metrics::scrape(broker, wanted, &mut encoder);
        let finished: io::Result<_> = encoder.finish();
        finished.expect("memory takes everything");
    } else {
        metrics::scrape(broker, wanted, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_from_the_query() {
        for (query, expected) in [
            ("", &[][..]),
            ("name[]=a&name[]=b", &["a", "b"]),
            ("x=1&name%5b%5D=a&name", &["a"]),
            ("name=a", &[]),
        ] {
            assert_eq!(wanted(query), expected, "{query}");
        }
    }

    #[test]
    fn text_is_packed_for_those_who_can_unpack_it() {
        for (value, expected) in [
            ("gzip", true),
            ("br, GZIP ;q=0.5", true),
            ("deflate,gzip;q=0", false),
            ("identity", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(accepts_gzip(&headers), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
