//! Metrics as OpenTelemetry's protocol writes them: `MetricsData` of `opentelemetry/proto/metrics/v1`, in protobuf. Pure.
//!
//! ```text
//! MetricsData    1 resource_metrics
//! ResourceMetrics 1 resource      2 scope_metrics
//! Resource       1 attributes
//! ScopeMetrics   1 scope          2 metrics
//! Scope          1 name           2 version
//! Metric         1 name           3 unit     5 gauge    7 sum
//! Gauge          1 data_points
//! Sum            1 data_points    2 temporality         3 is_monotonic
//! DataPoint      2 start_time     3 time     4 as_double 7 attributes
//! KeyValue       1 key            2 value: AnyValue, whose 1 is a text
//! ```

use super::collect::{Point, Value};

/// Since when sums are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temporality {
    /// Since they were told last.
    Delta,
    /// Since the client was made.
    Cumulative,
}

/// What all points have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) rack: Option<&'a str>,
    pub(super) temporality: Temporality,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub(super) start: u64,
    pub(super) now: u64,
}

/// The bytes of one `MetricsData`.
pub(super) fn encode(points: impl IntoIterator<Item = Point>, frame: &Frame<'_>) -> Vec<u8> {
    let mut data = Writer::default();
    data.message(1, |resource_metrics| {
        resource_metrics.message(1, |resource| {
            if let Some(rack) = frame.rack {
                resource.message(1, |attribute| key_value(attribute, "client_rack", rack));
            }
        });
        resource_metrics.message(2, |scope_metrics| {
            scope_metrics.message(1, |scope| {
                scope.text(1, env!("CARGO_PKG_NAME"));
                scope.text(2, env!("CARGO_PKG_VERSION"));
            });
            for point in points {
                scope_metrics.message(2, |metric| write_metric(metric, &point, frame));
            }
        });
    });
    data.0
}

fn write_metric(metric: &mut Writer, point: &Point, frame: &Frame<'_>) {
    metric.text(1, point.name);
    metric.text(3, point.unit);
    match point.value {
        Value::Gauge(value) => {
            metric.message(5, |gauge| gauge.message(1, |it| data_point(it, point, value, None, frame.now)));
        }
        Value::Sum(value) => metric.message(7, |sum| {
            sum.message(1, |it| data_point(it, point, value, Some(frame.start), frame.now));
            let temporality = match frame.temporality {
                Temporality::Delta => 1,
                Temporality::Cumulative => 2,
            };
            sum.varint_field(2, temporality);
            sum.varint_field(3, 1);
        }),
    }
}

fn data_point(it: &mut Writer, point: &Point, value: f64, start: Option<u64>, now: u64) {
    if let Some(start) = start {
        it.fixed64(2, start);
    }
    it.fixed64(3, now);
    it.fixed64(4, value.to_bits());
    for (key, value) in &point.attributes {
        it.message(7, |attribute| key_value(attribute, key, value));
    }
}

fn key_value(attribute: &mut Writer, key: &str, value: &str) {
    attribute.text(1, key);
    attribute.message(2, |any| any.text(1, value));
}

/// Protobuf's wire types.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;

#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).expect("less than 128"));
    }

    fn tag(&mut self, field: u64, wire_type: u64) {
        self.varint(field << 3 | wire_type);
    }

    fn varint_field(&mut self, field: u64, value: u64) {
        self.tag(field, VARINT);
        self.varint(value);
    }

    fn fixed64(&mut self, field: u64, value: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u64, write: impl FnOnce(&mut Writer)) {
        let mut inner = Writer::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }
}
