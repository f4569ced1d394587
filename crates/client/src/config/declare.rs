//! How options are declared.

/// What text can be set in.
pub(super) trait Options: Default {
    /// The names of the options.
    fn keys() -> Vec<&'static str>;

    /// Reads the text of the option of that name. False if there is none of that name.
    fn set(&mut self, key: &str, text: &str) -> Result<bool, String>;
}

/// A struct of options: each with its documentation, field, type, default, name in property files, and the function that reads
/// its text. Beside the fields there is a method of the same name that sets one and gives the struct back. Options that belong
/// together may stand in a struct of their own, which comes last.
macro_rules! options {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $key:literal, $parse:expr;)*
            $(..$group:ident: $group_type:ty = $group_doc:literal;)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* #[doc = concat!("\n\n`", $key, "`")] pub $field: $type,)*
            $(#[doc = $group_doc] pub $group: $group_type,)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* $($group: Default::default(),)? }
            }
        }

        impl $name {
            $(
                $(#[$doc])* #[doc = concat!("\n\n`", $key, "`")]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = $field.into();
                    self
                }
            )*
            $(
                #[doc = $group_doc]
                #[must_use]
                pub fn $group(mut self, $group: $group_type) -> Self {
                    self.$group = $group;
                    self
                }
            )?
        }

        impl $crate::config::declare::Options for $name {
            fn keys() -> Vec<&'static str> {
                let keys = [$($key),*].into_iter();
                $(let keys = keys.chain(<$group_type as $crate::config::declare::Options>::keys());)?
                keys.collect()
            }

            fn set(&mut self, key: &str, text: &str) -> Result<bool, String> {
                match key {
                    $($key => self.$field = $parse(text)?,)*
                    _ => return $crate::config::declare::elsewhere!(self, key, text $(, $group)?),
                }
                Ok(true)
            }
        }
    };
}

/// What becomes of a name that is not the struct's own.
macro_rules! elsewhere {
    ($self:ident, $key:ident, $text:ident) => {
        Ok(false)
    };
    ($self:ident, $key:ident, $text:ident, $group:ident) => {
        $self.$group.set($key, $text)
    };
}
pub(super) use {elsewhere, options};
