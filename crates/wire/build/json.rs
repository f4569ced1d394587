//! Rust source that gives a message as JSON, as Kafka's `…JsonConverter` classes do.

use std::fmt::Write;

use crate::{
    names::{camel, snake},
    schema::{Field, Kind, Message, Struct, Type},
};

pub(crate) fn implementation(message: &Message, item: &Struct) -> String {
    let stored = !matches!(message.kind, Kind::Request | Kind::Response);
    let gate = if stored { "#[cfg(any(test, feature = \"json\"))]" } else { "#[cfg(test)]" };
    let mut body = String::new();
    for field in &item.fields {
        body.push_str(&field_source(message, field));
    }
    let first = std::ptr::eq(item, &message.structs[0]);
    let mut out = format!(
        "{gate}\nimpl {} {{\n#[allow(unused_variables, unused_mut, reason = \"not every struct has fields or depends on the version\")]\n\
         fn json(&self, v: i16) -> serde_json::Value {{\nlet mut map = serde_json::Map::new();\n{body}\
         serde_json::Value::Object(map)\n}}\n}}\n",
        item.name
    );
    if first {
        writeln!(
            out,
            "{gate}\nimpl crate::ToJson for {} {{ fn to_json(&self, v: i16) -> serde_json::Value {{ self.json(v) }} }}",
            item.name
        )
        .unwrap();
    }
    out
}

fn field_source(message: &Message, field: &Field) -> String {
    let versions = field.versions.and(message.versions);
    if versions.is_empty() {
        return String::new();
    }
    let place = format!("self.{}", snake(&field.name));
    let mut conditions = Vec::new();
    if versions.low > message.versions.low {
        conditions.push(format!("v >= {}", versions.low));
    }
    if versions.high < message.versions.high {
        conditions.push(format!("v <= {}", versions.high));
    }
    if let Some((_, tagged)) = field.tag {
        let default = format!("Self::default().{}", snake(&field.name));
        conditions.push(if tagged.covers(versions) {
            format!("{place} != {default}")
        } else {
            format!("(v < {} || {place} != {default})", tagged.low)
        });
    }
    let value = if field.nullable.is_empty() {
        value(&field.ty, &format!("&{place}"))
    } else {
        format!("{place}.as_ref().map_or(serde_json::Value::Null, |some| {})", value(&field.ty, "some"))
    };
    let insert = format!("map.insert(\"{}\".into(), {value});\n", camel(&field.name));
    if conditions.is_empty() { insert } else { format!("if {} {{ {insert} }}\n", conditions.join(" && ")) }
}

fn value(ty: &Type, place: &str) -> String {
    match ty {
        Type::Struct(_) => format!("({place}).json(v)"),
        Type::Array(inner) => {
            format!(
                "serde_json::Value::Array(({place}).iter().map(|item| {}).collect())",
                value(inner, "item")
            )
        }
        Type::String => format!("crate::json::string({place})"),
        Type::Uuid => format!("crate::json::uuid({place})"),
        Type::Bytes => format!("crate::json::bytes({place})"),
        Type::Records => {
            format!("crate::json::bytes(&({place}).as_bytes().expect(\"decoded records are in memory\"))")
        }
        _ => format!("serde_json::Value::from(*({place}))"),
    }
}
