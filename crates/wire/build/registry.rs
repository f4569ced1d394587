//! Rust source for what spans the messages: the API keys, the metadata records, the error codes.

use std::fmt::Write;

use crate::{
    names::pascal,
    schema::{Kind, Message},
};

pub(crate) fn registry(messages: &[Message]) -> String {
    let requests: Vec<&Message> = messages.iter().filter(|m| m.kind == Kind::Request).collect();
    let records: Vec<&Message> = messages.iter().filter(|m| m.kind == Kind::Metadata).collect();
    api_keys(&requests) + &metadata_records(&records)
}

fn api_keys(requests: &[&Message]) -> String {
    let mut out = String::from(
        "/// The kinds of request, by Kafka's API keys.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[repr(i16)]\npub enum ApiKey {\n",
    );
    let name = |m: &Message| m.name().trim_end_matches("Request").to_string();
    let key = |m: &Message| m.key.expect("requests have a key");
    for m in requests {
        writeln!(out, "{} = {},", name(m), key(m)).unwrap();
    }
    out.push_str(
        "}\nimpl ApiKey {\n/// Every kind that Kafka 4.3 knows.\npub const ALL: &'static [ApiKey] = &[\n",
    );
    for m in requests {
        writeln!(out, "ApiKey::{},", name(m)).unwrap();
    }
    out.push_str("];\n/// The kind with this number.\npub fn from_code(code: i16) -> Option<ApiKey> {\nSome(match code {\n");
    for m in requests {
        writeln!(out, "{} => ApiKey::{},", key(m), name(m)).unwrap();
    }
    out.push_str("_ => return None,\n})\n}\n/// The name without `Request`, as Kafka prints it.\npub fn name(self) -> &'static str {\nmatch self {\n");
    for m in requests {
        writeln!(out, "ApiKey::{0} => \"{0}\",", name(m)).unwrap();
    }
    out.push_str("}\n}\n/// What the tables say of its versions.\npub(crate) const fn schema(self) -> ApiSchema {\nmatch self {\n");
    for m in requests {
        let flexible = if m.flexible.is_empty() { i16::MAX } else { m.flexible.low };
        writeln!(
            out,
            "ApiKey::{} => ApiSchema {{ oldest: {}, min: {}, max: {}, flexible: {flexible} }},",
            name(m),
            m.versions.low,
            m.first_kept(),
            if m.latest_unstable { m.versions.high - 1 } else { m.versions.high }
        )
        .unwrap();
    }
    out.push_str("}\n}\n}\n");
    out
}

fn metadata_records(records: &[&Message]) -> String {
    let mut out = String::from(
        "/// A record of `__cluster_metadata`.\n#[derive(Clone, Debug, PartialEq)]\npub enum MetadataRecord {\n",
    );
    let name = |m: &Message| m.name().trim_end_matches("Record").to_string();
    for m in records {
        writeln!(out, "{}({}),", name(m), m.name()).unwrap();
    }
    out.push_str(
        "}\nimpl MetadataRecord {\n/// Reads a body of this type and version.\n\
         pub(crate) fn decode_body(r: &mut Reader, kind: u32, v: i16) -> Result<Self, DecodeError> {\nmatch kind {\n",
    );
    for m in records {
        let key = m.key.expect("records have a type");
        writeln!(out, "{key} => versioned::<{0}>(r, v).map(Self::{1}),", m.name(), name(m)).unwrap();
    }
    out.push_str("other => Err(DecodeError::UnknownType(other)),\n}\n}\n/// Its type and the last version that the tables know.\npub fn kind(&self) -> (i16, i16) {\nmatch self {\n");
    for m in records {
        writeln!(
            out,
            "Self::{}(_) => ({}, {}),",
            name(m),
            m.key.expect("records have a type"),
            m.versions.high
        )
        .unwrap();
    }
    out.push_str("}\n}\npub(crate) fn encode_body(&self, w: &mut Writer, v: i16) {\nmatch self {\n");
    for m in records {
        writeln!(out, "Self::{}(record) => record.encode(w, v),", name(m)).unwrap();
    }
    out.push_str(
        "}\n}\n/// The name of the record type.\npub fn name(&self) -> &'static str {\nmatch self {\n",
    );
    for m in records {
        writeln!(out, "Self::{}(_) => \"{}\",", name(m), m.name()).unwrap();
    }
    out.push_str("}\n}\n/// The fields as Kafka's tools print them.\n#[cfg(any(test, feature = \"json\"))]\npub fn to_json(&self, v: i16) -> serde_json::Value {\nmatch self {\n");
    for m in records {
        writeln!(out, "Self::{}(record) => crate::ToJson::to_json(record, v),", name(m)).unwrap();
    }
    out.push_str("}\n}\n}\n");
    for m in records {
        writeln!(
            out,
            "impl From<{0}> for MetadataRecord {{ fn from(record: {0}) -> Self {{ Self::{1}(record) }} }}",
            m.name(),
            name(m)
        )
        .unwrap();
    }
    out
}

/// `CODE NAME [retriable]` lines to the enum.
pub(crate) fn errors(table: &str) -> String {
    let rows: Vec<(&str, &str, bool)> = table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let mut words = line.split(' ');
            let code = words.next().expect("a code");
            let name = words.next().expect("a name");
            (code, name, words.next().is_some())
        })
        .collect();
    let mut out = String::from(
        "/// Kafka's error codes.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[repr(i16)]\npub enum ErrorCode {\n",
    );
    for (code, name, _) in &rows {
        writeln!(out, "/// `{name}`\n{} = {code},", pascal(name)).unwrap();
    }
    out.push_str("}\nimpl ErrorCode {\n/// The error with this code.\npub fn from_code(code: i16) -> Option<ErrorCode> {\nSome(match code {\n");
    for (code, name, _) in &rows {
        writeln!(out, "{code} => ErrorCode::{},", pascal(name)).unwrap();
    }
    out.push_str("_ => return None,\n})\n}\n/// The name in Kafka's spelling.\npub fn name(self) -> &'static str {\nmatch self {\n");
    for (_, name, _) in &rows {
        writeln!(out, "ErrorCode::{} => \"{name}\",", pascal(name)).unwrap();
    }
    let retriable: Vec<String> =
        rows.iter().filter(|r| r.2).map(|(_, name, _)| format!("ErrorCode::{}", pascal(name))).collect();
    writeln!(out, "}}\n}}\n/// Whether a client may send the same request again.\npub fn is_retriable(self) -> bool {{\nmatches!(self, {})\n}}\n}}", retriable.join(" | ")).unwrap();
    out
}

/// Every message in one table, for tests that go through all of them.
pub(crate) fn catalogue(messages: &[Message]) -> String {
    let mut out = String::from("pub(crate) const CATALOGUE: &[Entry] = &[\n");
    for m in messages {
        writeln!(out, "Entry::of::<{}>(),", m.name()).unwrap();
    }
    out.push_str("];\n");
    out
}
