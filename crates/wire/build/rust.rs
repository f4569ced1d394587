//! Rust source for the messages: structs, defaults, decoders and encoders.

use std::fmt::Write;

use crate::{
    json,
    names::snake,
    schema::{Field, Kind, Message, Struct, Type, Versions},
};

pub(crate) fn messages(messages: &[Message]) -> String {
    let mut out = String::new();
    for message in messages {
        let name = message.name();
        let module = snake(name);
        writeln!(out, "/// `{name}`, versions {}.", range(message.versions)).unwrap();
        writeln!(out, "pub mod {module} {{\nuse super::prelude::*;\n").unwrap();
        for (index, item) in declared(message).enumerate() {
            let generator = StructSource { message, item };
            out.push_str(&generator.definition());
            out.push_str(&generator.default());
            out.push_str(&generator.codec());
            if index == 0 {
                out.push_str(&message_impl(message));
            }
            out.push_str(&json::implementation(message, item));
        }
        writeln!(out, "}}\npub use {module}::{name};\n").unwrap();
    }
    out
}

/// A struct that is used in several places is declared in one of them; the others are empty.
fn declared(message: &Message) -> impl Iterator<Item = &Struct> {
    let full = |name: &str| message.structs.iter().any(|s| s.name == name && !s.fields.is_empty());
    message
        .structs
        .iter()
        .enumerate()
        .filter(move |(i, s)| *i == 0 || !s.fields.is_empty() || !full(&s.name))
        .map(|(_, s)| s)
}

fn range(versions: Versions) -> String {
    if versions.low == versions.high {
        versions.low.to_string()
    } else {
        format!("{}-{}", versions.low, versions.high)
    }
}

fn message_impl(message: &Message) -> String {
    let name = message.name();
    let key = message.key.unwrap_or(-1);
    let flexible = if message.flexible.is_empty() { i16::MAX } else { message.flexible.low };
    let mut out = format!(
        "impl Message for {name} {{\n\
         const NAME: &'static str = \"{name}\";\nconst API_KEY: i16 = {key};\n\
         const MIN_VERSION: i16 = {};\nconst MAX_VERSION: i16 = {};\nconst FLEXIBLE_FROM: i16 = {flexible};\n\
         fn decode(r: &mut Reader, v: i16) -> Result<Self, DecodeError> {{ Self::read(r, v) }}\n\
         fn encode(&self, w: &mut Writer, v: i16) {{ self.write(w, v); }}\n{}}}\n",
        message.versions.low,
        message.versions.high,
        throttle(message)
    );
    if message.kind == Kind::Request {
        let response = name.replace("Request", "Response");
        writeln!(out, "impl Request for {name} {{ type Response = super::{response}; }}").unwrap();
    }
    out
}

/// Responses that tell the client to be silent for a while say so in a field of one name.
fn throttle(message: &Message) -> &'static str {
    if message.structs[0].fields.iter().any(|field| field.name == "ThrottleTimeMs") {
        "fn throttle_time_ms(&self) -> i32 { self.throttle_time_ms }\n"
    } else {
        ""
    }
}

struct StructSource<'a> {
    message: &'a Message,
    item: &'a Struct,
}

impl StructSource<'_> {
    fn definition(&self) -> String {
        let mut out = format!("#[derive(Clone, Debug, PartialEq)]\npub struct {} {{\n", self.item.name);
        for field in &self.item.fields {
            writeln!(out, "pub {}: {},", snake(&field.name), rust_type(field)).unwrap();
        }
        out.push_str("}\n");
        out
    }

    fn default(&self) -> String {
        let mut out = format!("impl Default for {} {{\nfn default() -> Self {{\nSelf {{\n", self.item.name);
        for field in &self.item.fields {
            writeln!(out, "{}: {},", snake(&field.name), default(field)).unwrap();
        }
        out.push_str("}\n}\n}\n");
        out
    }

    fn codec(&self) -> String {
        let name = &self.item.name;
        format!(
            "impl {name} {{\n\
             /// The fewest bytes that one takes on the wire.\n\
             #[allow(dead_code, reason = \"only those in arrays are asked\")]\n\
             const MIN_SIZE: usize = {};\n\
             #[allow(unused_variables, reason = \"not every struct depends on the version\")]\n\
             fn read(r: &mut Reader, v: i16) -> Result<Self, DecodeError> {{\n{}}}\n\
             #[allow(unused_variables, reason = \"not every struct depends on the version\")]\n\
             fn write(&self, w: &mut Writer, v: i16) {{\n{}}}\n}}\n",
            self.min_size(),
            self.read(),
            self.write(),
        )
    }

    fn min_size(&self) -> usize {
        let always = |f: &&Field| {
            f.versions.covers(self.message.versions) && f.tag.is_none_or(|(_, tagged)| tagged.is_empty())
        };
        self.item.fields.iter().filter(always).map(|f| min_size(&f.ty)).sum::<usize>().max(1)
    }

    /// Versions in which the field stands in its place, not in the tagged section.
    fn plain(&self, field: &Field) -> Vec<Versions> {
        let all = field.versions.and(self.message.versions);
        match field.tag {
            None => vec![all],
            Some((_, tagged)) => {
                let before = Versions { low: all.low, high: all.high.min(tagged.low - 1) };
                let after = Versions { low: all.low.max(tagged.high.saturating_add(1)), high: all.high };
                vec![before, after]
            }
        }
    }

    fn tagged(&self) -> Vec<(u32, Versions, &Field)> {
        let mut tagged: Vec<_> = self
            .item
            .fields
            .iter()
            .filter_map(|f| {
                f.tag.map(|(tag, v)| {
                    (tag, v.and(f.versions).and(self.message.flexible).and(self.message.versions), f)
                })
            })
            .collect();
        tagged.sort_by_key(|(tag, ..)| *tag);
        tagged
    }

    fn read(&self) -> String {
        let mut out = self.flexible_flag();
        let mutable = if self.item.fields.is_empty() { "" } else { "mut " };
        writeln!(out, "let {mutable}s = Self::default();").unwrap();
        for field in &self.item.fields {
            let read = format!("s.{} = {};", snake(&field.name), self.read_value(field));
            for versions in self.plain(field).into_iter().filter(|v| !v.is_empty()) {
                out.push_str(&guarded(&read, self.message.versions, versions));
            }
        }
        if !self.message.flexible.is_empty() {
            let mut arms = String::new();
            for (tag, versions, field) in self.tagged() {
                let guard =
                    condition(self.message.versions, versions).map_or(String::new(), |c| format!(" if {c}"));
                writeln!(arms, "{tag}{guard} => s.{} = {},", snake(&field.name), self.read_value(field))
                    .unwrap();
            }
            let skip = if arms.is_empty() {
                "r.skip_tags()?;".to_string()
            } else {
                format!("r.tags(|tag, r| {{ match tag {{\n{arms}_ => return Ok(false),\n}}\nOk(true) }})?;")
            };
            out.push_str(&guarded(&skip, self.message.versions, self.message.flexible));
        }
        out.push_str("Ok(s)\n");
        out
    }

    fn write(&self) -> String {
        let mut out = self.flexible_flag();
        for field in &self.item.fields {
            let write = self.write_value(field, &format!("self.{}", snake(&field.name)));
            for versions in self.plain(field).into_iter().filter(|v| !v.is_empty()) {
                out.push_str(&guarded(&write, self.message.versions, versions));
            }
        }
        if !self.message.flexible.is_empty() {
            out.push_str(&guarded(&self.write_tags(), self.message.versions, self.message.flexible));
        }
        out
    }

    fn write_tags(&self) -> String {
        let tagged = self.tagged();
        if tagged.is_empty() {
            return "w.no_tags();".to_string();
        }
        let mut out = String::new();
        let mut count = Vec::new();
        for (tag, versions, field) in &tagged {
            let name = snake(&field.name);
            let present = format!("self.{name} != {}", default(field))
                .replace(" != false", "")
                .replace(" != true", " == false");
            let present = condition(self.message.versions, *versions)
                .map_or(present.clone(), |c| format!("({c}) && {present}"));
            writeln!(out, "let has_{tag} = {present};").unwrap();
            count.push(format!("u32::from(has_{tag})"));
        }
        writeln!(out, "w.unsigned_varint({});", count.join(" + ")).unwrap();
        for (tag, _, field) in &tagged {
            let value = self.write_value(field, &format!("self.{}", snake(&field.name)));
            writeln!(out, "if has_{tag} {{ w.tag({tag}, |w| {{ {value} }}); }}").unwrap();
        }
        out
    }

    fn flexible_flag(&self) -> String {
        let uses = self.item.fields.iter().any(|f| !f.classic && depends_on_flexible(&f.ty));
        if !uses {
            return String::new();
        }
        match condition(self.message.versions, self.message.flexible) {
            _ if self.message.flexible.is_empty() => "let flexible = false;\n".to_string(),
            None => "let flexible = true;\n".to_string(),
            Some(condition) => format!("let flexible = {condition};\n"),
        }
    }

    fn read_value(&self, field: &Field) -> String {
        let flexible = if field.classic { "false" } else { "flexible" };
        if field.nullable.is_empty() {
            return read(&field.ty, flexible);
        }
        let nullable = presence(field, read_nullable(&field.ty, flexible));
        let versions = field.versions.and(self.message.versions);
        match condition(versions, field.nullable.and(versions)) {
            None => nullable,
            Some(c) => format!("if {c} {{ {nullable} }} else {{ Some({}) }}", read(&field.ty, flexible)),
        }
    }

    fn write_value(&self, field: &Field, place: &str) -> String {
        let flexible = if field.classic { "false" } else { "flexible" };
        if field.nullable.is_empty() {
            return write(&field.ty, flexible, place);
        }
        let nullable = presence(field, write_nullable(&field.ty, flexible, place));
        let versions = field.versions.and(self.message.versions);
        match condition(versions, field.nullable.and(versions)) {
            None => nullable,
            // Null where the version has none: written as empty, the nearest that it can say.
            Some(c) => {
                let empty = write(&field.ty, flexible, "some");
                let fallback = default_value(&field.ty);
                format!(
                    "if {c} {{ {nullable} }} else {{ match &{place} {{ Some(some) => {{ {} }} None => {{ let some = &{fallback}; {} }} }} }}",
                    empty.replace("&some", "some"),
                    empty.replace("&some", "some")
                )
            }
        }
    }
}

/// A nullable struct says whether it is there in another way when it is a tagged field.
fn presence(field: &Field, source: String) -> String {
    if field.tag.is_some() { source.replace(".present(", ".tagged_present(") } else { source }
}

/// The test that a version lies in `wanted`, given that it lies in `all`; None if it always does.
fn condition(all: Versions, wanted: Versions) -> Option<String> {
    let low = (wanted.low > all.low).then(|| format!("v >= {}", wanted.low));
    let high = (wanted.high < all.high).then(|| format!("v <= {}", wanted.high));
    match (low, high) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(_), Some(_)) if wanted.low == wanted.high => Some(format!("v == {}", wanted.low)),
        (Some(_), Some(_)) => Some(format!("({}..={}).contains(&v)", wanted.low, wanted.high)),
    }
}

fn guarded(statement: &str, all: Versions, wanted: Versions) -> String {
    match condition(all, wanted) {
        None => format!("{statement}\n"),
        Some(condition) => format!("if {condition} {{ {statement} }}\n"),
    }
}

fn rust_type(field: &Field) -> String {
    let plain = base_type(&field.ty);
    if field.nullable.is_empty() { plain } else { format!("Option<{plain}>") }
}

fn base_type(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::I8 => "i8".into(),
        Type::I16 => "i16".into(),
        Type::U16 => "u16".into(),
        Type::I32 => "i32".into(),
        Type::U32 => "u32".into(),
        Type::I64 => "i64".into(),
        Type::F64 => "f64".into(),
        Type::String => "ByteString".into(),
        Type::Uuid => "Uuid".into(),
        Type::Bytes => "Bytes".into(),
        Type::Records => "Records".into(),
        Type::Struct(name) => name.clone(),
        Type::Array(inner) => format!("Vec<{}>", base_type(inner)),
    }
}

fn default(field: &Field) -> String {
    let value = match (field.default.as_deref(), &field.ty) {
        (Some("null"), _) => return "None".into(),
        (None, Type::Records) if !field.nullable.is_empty() => return "None".into(),
        (Some("\"\""), _) | (None, _) => default_value(&field.ty),
        (Some(literal), _) => literal.to_string(),
    };
    if field.nullable.is_empty() { value } else { format!("Some({value})") }
}

fn default_value(ty: &Type) -> String {
    match ty {
        Type::Bool => "false".into(),
        Type::I8 | Type::I16 | Type::U16 | Type::I32 | Type::U32 | Type::I64 => "0".into(),
        Type::F64 => "0.0".into(),
        Type::String => "ByteString::new()".into(),
        Type::Uuid => "Uuid::nil()".into(),
        Type::Bytes => "Bytes::new()".into(),
        Type::Records => "Records::default()".into(),
        Type::Struct(name) => format!("{name}::default()"),
        Type::Array(inner) => format!("Vec::<{}>::new()", base_type(inner)),
    }
}

fn min_size(ty: &Type) -> usize {
    match ty {
        Type::Bool
        | Type::I8
        | Type::String
        | Type::Bytes
        | Type::Records
        | Type::Array(_)
        | Type::Struct(_) => 1,
        Type::I16 | Type::U16 => 2,
        Type::I32 | Type::U32 => 4,
        Type::I64 | Type::F64 => 8,
        Type::Uuid => 16,
    }
}

fn element_min_size(ty: &Type) -> String {
    match ty {
        Type::Struct(name) => format!("{name}::MIN_SIZE"),
        other => min_size(other).to_string(),
    }
}

fn depends_on_flexible(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::Bytes | Type::Records | Type::Array(_))
}

fn method(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::I8 => "i8",
        Type::I16 => "i16",
        Type::U16 => "u16",
        Type::I32 => "i32",
        Type::U32 => "u32",
        Type::I64 => "i64",
        Type::F64 => "f64",
        Type::Uuid => "uuid",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Records => "records",
        Type::Struct(_) | Type::Array(_) => unreachable!("structs and arrays have no method of their own"),
    }
}

fn read(ty: &Type, flexible: &str) -> String {
    match ty {
        Type::Struct(name) => format!("{name}::read(r, v)?"),
        Type::Array(inner) => {
            format!("r.array({flexible}, {}, |r| Ok({}))?", element_min_size(inner), read(inner, flexible))
        }
        Type::String | Type::Bytes | Type::Records => format!("r.{}({flexible})?", method(ty)),
        _ => format!("r.{}()?", method(ty)),
    }
}

fn read_nullable(ty: &Type, flexible: &str) -> String {
    match ty {
        Type::Struct(name) => format!("if r.present()? {{ Some({name}::read(r, v)?) }} else {{ None }}"),
        Type::Array(inner) => {
            format!(
                "r.nullable_array({flexible}, {}, |r| Ok({}))?",
                element_min_size(inner),
                read(inner, flexible)
            )
        }
        Type::String | Type::Bytes | Type::Records => format!("r.nullable_{}({flexible})?", method(ty)),
        _ => unreachable!("{ty:?} cannot be null"),
    }
}

fn write(ty: &Type, flexible: &str, place: &str) -> String {
    match ty {
        Type::Struct(_) => format!("{place}.write(w, v);"),
        Type::Array(inner) => {
            let item = write(inner, flexible, "item");
            let item = if is_number(inner) { item.replace("(item)", "(*item)") } else { item };
            format!("w.array({flexible}, &{place}, |w, item| {{ {} }});", item.replace("&item", "item"))
        }
        Type::String | Type::Bytes | Type::Records => format!("w.{}({flexible}, &{place});", method(ty)),
        _ => format!("w.{}({place});", method(ty)),
    }
}

fn is_number(ty: &Type) -> bool {
    !matches!(ty, Type::Struct(_) | Type::Array(_) | Type::String | Type::Bytes | Type::Records)
}

fn write_nullable(ty: &Type, flexible: &str, place: &str) -> String {
    match ty {
        Type::Struct(_) => {
            format!("w.present({place}.is_some()); if let Some(some) = &{place} {{ some.write(w, v); }}")
        }
        Type::Array(inner) => {
            let item = write(inner, flexible, "item");
            let item = if is_number(inner) { item.replace("(item)", "(*item)") } else { item };
            format!(
                "w.nullable_array({flexible}, {place}.as_deref(), |w, item| {{ {} }});",
                item.replace("&item", "item")
            )
        }
        Type::String => format!("w.nullable_string({flexible}, {place}.as_ref());"),
        Type::Bytes => format!("w.nullable_bytes({flexible}, {place}.as_ref());"),
        Type::Records => format!("w.nullable_records({flexible}, {place}.as_ref());"),
        _ => unreachable!("{ty:?} cannot be null"),
    }
}
