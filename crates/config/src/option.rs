//! What is declared of an option: the one place that everything else derives from.

/// The type of an option's value, as Kafka's `ConfigDef` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Int,
    Long,
    Short,
    Double,
    String,
    List,
    Password,
    Class,
}

impl Kind {
    /// The number that `DescribeConfigs` has for it; 0 stands for an option that nobody declared.
    pub fn code(self) -> i8 {
        match self {
            Kind::Boolean => 1,
            Kind::String => 2,
            Kind::Int => 3,
            Kind::Short => 4,
            Kind::Long => 5,
            Kind::Double => 6,
            Kind::List => 7,
            Kind::Class => 8,
            Kind::Password => 9,
        }
    }

    /// As Kafka writes it in its messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Boolean => "BOOLEAN",
            Kind::Int => "INT",
            Kind::Long => "LONG",
            Kind::Short => "SHORT",
            Kind::Double => "DOUBLE",
            Kind::String => "STRING",
            Kind::List => "LIST",
            Kind::Password => "PASSWORD",
            Kind::Class => "CLASS",
        }
    }
}

/// What a value of the right type must also be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
    Anything,
    AtLeast(i64),
    Between(i64, i64),
    /// Within the bounds, or the one number beyond them.
    BetweenOr(i64, i64, i64),
    Fraction(f64, f64),
    OneOf(&'static [&'static str]),
    OneOfAnyCase(&'static [&'static str]),
    /// A list of these; of anything if there are none.
    Items {
        allowed: &'static [&'static str],
        may_be_empty: bool,
    },
    NotEmpty,
    ThrottledReplicas,
    OffsetReset,
    Voters,
    Servers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importance {
    High,
    Medium,
    Low,
}

/// Whether a running broker takes a new value, and for whom (KIP-226).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Only at the start.
    ReadOnly,
    /// For one broker at a time.
    PerBroker,
    /// For one broker or for all.
    ClusterWide,
}

/// An option of one scope. A name may be declared in two scopes, as `compression.type` is.
#[derive(Debug, Clone, Copy)]
pub struct ConfigOption {
    pub name: &'static str,
    pub kind: Kind,
    /// As text, in the form in which it is shown; `None` is Kafka's null.
    pub default: Option<&'static str>,
    pub check: Check,
    pub importance: Importance,
    pub change: Change,
    /// The broker's option that is the default of this one, for options of topics and groups.
    pub fallback: Option<&'static str>,
    /// Whether it is shown without being asked for by name.
    pub listed: bool,
    /// Whether anything here acts on it. Others are accepted, kept and shown, with a warning.
    pub acts: bool,
    pub documentation: &'static str,
}

impl ConfigOption {
    const fn new(name: &'static str, kind: Kind) -> ConfigOption {
        ConfigOption {
            name,
            kind,
            default: None,
            check: Check::Anything,
            importance: Importance::Medium,
            change: Change::ReadOnly,
            fallback: None,
            listed: true,
            acts: true,
            documentation: "",
        }
    }

    /// Never shown to anybody: not in answers, not in logs.
    pub fn is_sensitive(&self) -> bool {
        self.kind == Kind::Password
    }

    /// Ours rather than Kafka's.
    pub fn is_own(&self) -> bool {
        self.name.starts_with(crate::options::OWN_PREFIX)
    }

    pub(crate) const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    const fn check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    pub(crate) const fn at_least(self, least: i64) -> Self {
        self.check(Check::AtLeast(least))
    }

    pub(crate) const fn between(self, least: i64, most: i64) -> Self {
        self.check(Check::Between(least, most))
    }

    pub(crate) const fn between_or(self, least: i64, most: i64, other: i64) -> Self {
        self.check(Check::BetweenOr(least, most, other))
    }

    pub(crate) const fn fraction(self, least: f64, most: f64) -> Self {
        self.check(Check::Fraction(least, most))
    }

    pub(crate) const fn one_of(self, allowed: &'static [&'static str]) -> Self {
        self.check(Check::OneOf(allowed))
    }

    pub(crate) const fn one_of_any_case(self, allowed: &'static [&'static str]) -> Self {
        self.check(Check::OneOfAnyCase(allowed))
    }

    pub(crate) const fn items(self, allowed: &'static [&'static str]) -> Self {
        self.check(Check::Items { allowed, may_be_empty: true })
    }

    pub(crate) const fn not_empty(self) -> Self {
        if let Check::Items { allowed, .. } = self.check {
            return self.check(Check::Items { allowed, may_be_empty: false });
        }
        self.check(Check::NotEmpty)
    }

    pub(crate) const fn throttled_replicas(self) -> Self {
        self.check(Check::ThrottledReplicas)
    }

    pub(crate) const fn offset_reset(self) -> Self {
        self.check(Check::OffsetReset)
    }

    pub(crate) const fn voters(self) -> Self {
        self.check(Check::Voters)
    }

    pub(crate) const fn servers(self) -> Self {
        self.check(Check::Servers)
    }

    pub(crate) const fn high(mut self) -> Self {
        self.importance = Importance::High;
        self
    }

    pub(crate) const fn low(mut self) -> Self {
        self.importance = Importance::Low;
        self
    }

    pub(crate) const fn per_broker(mut self) -> Self {
        self.change = Change::PerBroker;
        self
    }

    pub(crate) const fn cluster_wide(mut self) -> Self {
        self.change = Change::ClusterWide;
        self
    }

    pub(crate) const fn falls_back_to(mut self, broker_option: &'static str) -> Self {
        self.fallback = Some(broker_option);
        self
    }

    pub(crate) const fn unlisted(mut self) -> Self {
        self.listed = false;
        self
    }

    pub(crate) const fn ignored(mut self) -> Self {
        self.acts = false;
        self
    }

    pub(crate) const fn doc(mut self, text: &'static str) -> Self {
        self.documentation = text;
        self
    }
}

pub(crate) const fn boolean(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Boolean)
}

pub(crate) const fn int(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Int)
}

pub(crate) const fn long(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Long)
}

pub(crate) const fn short(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Short)
}

pub(crate) const fn double(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Double)
}

pub(crate) const fn string(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::String)
}

/// A list refuses empty items unless it says otherwise, as Kafka's `ValidList` does.
pub(crate) const fn list(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::List).items(&[])
}

pub(crate) const fn password(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Password)
}

pub(crate) const fn class(name: &'static str) -> ConfigOption {
    ConfigOption::new(name, Kind::Class)
}
