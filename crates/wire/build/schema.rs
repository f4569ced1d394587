//! The schema tables as data. Their notation is described in `schema/README.md`.

/// An inclusive range of versions; empty when `low > high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) low: i16,
    pub(crate) high: i16,
}

impl Versions {
    pub(crate) const NONE: Versions = Versions { low: 1, high: 0 };

    fn parse(text: &str) -> Result<Versions, String> {
        let number = |t: &str| t.parse::<i16>().map_err(|e| format!("version {t:?}: {e}"));
        match text.split_once('-') {
            _ if text.ends_with('+') => {
                Ok(Versions { low: number(text.trim_end_matches('+'))?, high: i16::MAX })
            }
            Some((low, high)) => Ok(Versions { low: number(low)?, high: number(high)? }),
            None => Ok(Versions { low: number(text)?, high: number(text)? }),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.low > self.high
    }

    pub(crate) fn covers(self, other: Versions) -> bool {
        other.is_empty() || (self.low <= other.low && self.high >= other.high)
    }

    pub(crate) fn and(self, other: Versions) -> Versions {
        Versions { low: self.low.max(other.low), high: self.high.min(other.high) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    F64,
    String,
    Uuid,
    Bytes,
    Records,
    Struct(String),
    Array(Box<Type>),
}

impl Type {
    fn parse(text: &str) -> Type {
        if let Some(inner) = text.strip_prefix('[') {
            return Type::Array(Box::new(Type::parse(inner.trim_end_matches(']'))));
        }
        match text {
            "bool" => Type::Bool,
            "i8" => Type::I8,
            "i16" => Type::I16,
            "u16" => Type::U16,
            "i32" => Type::I32,
            "u32" => Type::U32,
            "i64" => Type::I64,
            "f64" => Type::F64,
            "string" => Type::String,
            "uuid" => Type::Uuid,
            "bytes" => Type::Bytes,
            "records" => Type::Records,
            name => Type::Struct(name.to_string()),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) versions: Versions,
    pub(crate) nullable: Versions,
    pub(crate) tag: Option<(u32, Versions)>,
    pub(crate) default: Option<String>,
    /// Always encoded in the classic way (the client id of request headers).
    pub(crate) classic: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Header,
    Data,
    Metadata,
    CoordinatorKey,
    CoordinatorValue,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) key: Option<i16>,
    pub(crate) versions: Versions,
    pub(crate) flexible: Versions,
    /// The first of `versions`, which Kafka 4.0 removed.
    pub(crate) removed: Versions,
    /// The last version is offered by Kafka only on request (`unstable.api.versions.enable`).
    pub(crate) latest_unstable: bool,
    /// The message itself first, then the structs inside it.
    pub(crate) structs: Vec<Struct>,
}

impl Message {
    /// The first version that Kafka 4 serves.
    pub(crate) fn first_kept(&self) -> i16 {
        if self.removed.is_empty() { self.versions.low } else { self.removed.high + 1 }
    }

    pub(crate) fn name(&self) -> &str {
        &self.structs[0].name
    }
}

/// Reads a table.
pub(crate) fn parse(text: &str) -> Result<Vec<Message>, String> {
    let mut messages = Vec::new();
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .peekable();
    while let Some((number, head)) = lines.next() {
        let mut message = parse_head(head).map_err(|e| format!("line {}: {e}", number + 1))?;
        let mut open = vec![(0, 0)];
        while let Some((number, line)) = lines.next_if(|(_, line)| line.starts_with(' ')) {
            parse_line(&mut message, &mut open, line).map_err(|e| format!("line {}: {e}", number + 1))?;
        }
        messages.push(message);
    }
    Ok(messages)
}

/// Adds one indented line to the message; `open` holds the (indentation, struct) that are being filled.
fn parse_line(message: &mut Message, open: &mut Vec<(usize, usize)>, line: &str) -> Result<(), String> {
    let indent = line.len() - line.trim_start().len();
    while open.len() > 1 && open.last().is_some_and(|(i, _)| *i >= indent) {
        open.pop();
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    if words[0] == "struct" {
        message.structs.push(Struct { name: words[1].to_string(), fields: Vec::new() });
        open.push((indent, message.structs.len() - 1));
        return Ok(());
    }
    let field = parse_field(&words)?;
    let (_, owner) = open[open.len() - 1];
    let inner = match &field.ty {
        Type::Array(inner) => inner.as_ref().clone(),
        other => other.clone(),
    };
    message.structs[owner].fields.push(field);
    if let Type::Struct(name) = inner {
        // Fields may follow, one level deeper; a struct that is declared elsewhere stays empty here and is dropped.
        message.structs.push(Struct { name, fields: Vec::new() });
        open.push((indent, message.structs.len() - 1));
    }
    Ok(())
}

fn parse_head(line: &str) -> Result<Message, String> {
    let mut words = line.split_whitespace().peekable();
    let kind = match words.next() {
        Some("request") => Kind::Request,
        Some("response") => Kind::Response,
        Some("header") => Kind::Header,
        Some("data") => Kind::Data,
        Some("metadata") => Kind::Metadata,
        Some("coordinator-key") => Kind::CoordinatorKey,
        Some("coordinator-value") => Kind::CoordinatorValue,
        other => return Err(format!("unknown kind {other:?}")),
    };
    let key = words.next_if(|w| w.parse::<i16>().is_ok()).map(|w| w.parse().expect("it was just parsed"));
    let name = words.next().ok_or("a message needs a name")?.to_string();
    let versions = Versions::parse(words.next().ok_or("a message needs versions")?)?;
    let mut flexible = Versions::NONE;
    let mut removed = Versions::NONE;
    let mut latest_unstable = false;
    while let Some(word) = words.next() {
        match word {
            "flexible" => flexible = Versions::parse(words.next().ok_or("flexible needs versions")?)?,
            "removed" => removed = Versions::parse(words.next().ok_or("removed needs versions")?)?,
            "latest-unstable" => latest_unstable = true,
            other => return Err(format!("unknown word {other:?}")),
        }
    }
    if !removed.is_empty() && (removed.low != versions.low || removed.high >= versions.high) {
        return Err("the removed versions are not the first ones".to_string());
    }
    let structs = vec![Struct { name, fields: Vec::new() }];
    Ok(Message { kind, key, versions, flexible, removed, latest_unstable, structs })
}

fn parse_field(words: &[&str]) -> Result<Field, String> {
    let [name, ty, versions, options @ ..] = words else {
        return Err(format!("a field needs name, type and versions: {words:?}"));
    };
    let versions = Versions::parse(versions)?;
    let mut field = Field {
        name: name.to_string(),
        ty: Type::parse(ty),
        versions,
        nullable: Versions::NONE,
        tag: None,
        default: None,
        classic: false,
    };
    for option in options {
        if let Some(nullable) = option.strip_prefix('?') {
            field.nullable = Versions::parse(nullable)?;
        } else if let Some(tag) = option.strip_prefix('@') {
            let (tag, tagged) =
                tag.split_once(':').map_or((tag, Ok(versions)), |(t, v)| (t, Versions::parse(v)));
            field.tag = Some((tag.parse().map_err(|e| format!("tag {tag:?}: {e}"))?, tagged?));
        } else if let Some(default) = option.strip_prefix('=') {
            field.default = Some(default.to_string());
        } else if *option == "classic" {
            field.classic = true;
        } else if *option != "~" {
            return Err(format!("unknown option {option:?}"));
        }
    }
    Ok(field)
}
