//! How does a list of files become something a scenario can name?
//!
//! `registry!` turns a list of types into one enum with a variant of the same name for each: what RON reads, what `list`
//! prints, and what the engine dispatches on. A newcomer is one file and one entry.

/// What every registered thing says of itself.
pub trait Registered {
    /// The name in scenarios.
    const NAME: &'static str;
    /// One sentence for `stormglass list`.
    const SUMMARY: &'static str;
}

/// Something wrong with a written value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The field it is about, as a path; empty for the whole.
    pub field: String,
    /// What is wrong, as a clause.
    pub message: String,
    /// An unknown word, and the words that would be known: for "did you mean".
    pub unknown: Option<(String, Vec<String>)>,
}

/// A complaint about a field.
pub fn complaint(field: &str, message: impl Into<String>) -> Complaint {
    Complaint { field: field.to_owned(), message: message.into(), unknown: None }
}

impl From<(String, String)> for Complaint {
    fn from((field, message): (String, String)) -> Self {
        Self { field, message, unknown: None }
    }
}

impl Complaint {
    /// A complaint about a word that names nothing; `noun` says what it should name.
    pub fn unknown<'a>(field: &str, noun: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let listed = match known.as_slice() {
            [] => format!("there is no {noun}"),
            known => format!("there is: {}", known.iter().take(12).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        let message = format!("no {noun} is called `{word}`; {listed}");
        Self { field: field.to_owned(), message, unknown: Some((word.to_owned(), known)) }
    }

    /// The same complaint, seen from the value that holds the field.
    #[must_use]
    pub fn inside(mut self, field: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => field.to_owned(),
            inner if inner.starts_with('[') => format!("{field}{inner}"),
            inner => format!("{field}.{inner}"),
        };
        self
    }
}

/// Complaints about a part become complaints about `field.part`.
pub fn within<C: Into<Complaint>>(field: &str, complaints: Vec<C>) -> impl Iterator<Item = Complaint> + use<'_, C> {
    complaints.into_iter().map(move |complaint| complaint.into().inside(field))
}

macro_rules! registry {
    // A family whose members remember something: an enum of their memories, and a macro that pairs each with its own.
    ($(#[$meta:meta])* $any:ident as $noun:literal, $each:ident;
     $(#[$memory_meta:meta])* $memory:ident = $family:ident::$kept:ident, $pair:ident: $($name:ident),+ $(,)?) => {
        registry! { $(#[$meta])* $any as $noun, $each: $($name),+ }

        $(#[$memory_meta])*
        #[derive(Clone, Debug)]
        pub enum $memory {
            $(
                #[doc = concat!("Of a [`", stringify!($name), "`].")]
                $name(<$name as $family>::$kept),
            )+
        }

        /// Runs an expression on a member and its memory.
        macro_rules! $pair {
            ($value:expr, $remembered:expr, $inner:ident, $kept_by_it:ident => $body:expr) => {
                #[allow(unreachable_patterns, reason = "a family of one has no other pair")]
                match ($value, $remembered) {
                    $(($any::$name($inner), $memory::$name($kept_by_it)) => $body,)+
                    _ => unreachable!("a memory is made by what remembers"),
                }
            };
            // The memory that a member makes.
            (make $value:expr, $inner:ident => $body:expr) => {
                match $value {
                    $($any::$name($inner) => $memory::$name($body),)+
                }
            };
        }
    };
    ($(#[$meta:meta])* $any:ident as $noun:literal, $each:ident: $($name:ident),+ $(,)?) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename = $noun)]
        #[allow(clippy::large_enum_variant, reason = "a scenario has a handful of each, looked at in place")]
        pub enum $any {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name),
            )+
        }

        impl $any {
            /// Name and summary of everything that can be written here, in the order of the list.
            pub const ALL: &'static [(&'static str, &'static str)] =
                &[$((<$name as $crate::registry::Registered>::NAME, <$name as $crate::registry::Registered>::SUMMARY)),+];

            /// The name in scenarios.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => <$name as $crate::registry::Registered>::NAME,)+
                }
            }
        }

        $(
            impl From<$name> for $any {
                fn from(value: $name) -> Self {
                    Self::$name(value)
                }
            }
        )+

        /// Runs an expression on whichever registered value it is.
        macro_rules! $each {
            ($value:expr, $inner:ident => $body:expr) => {
                match $value {
                    $($any::$name($inner) => $body,)+
                }
            };
            // The same expression of every registered type, as a list.
            ($kind:ident in all => $body:expr) => {
                vec![$({ type $kind = $name; $body }),+]
            };
        }
    };
}
pub(crate) use registry;
