//! What is asked about?

use super::survey::Survey;
use std::fmt;

/// What somebody wants explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A call, by its name, its number or its key.
    Call(String),
    /// The client's call that took longest.
    Slowest,
    /// The first client's call that failed.
    FirstFailure,
    /// That callers try again and again.
    Storm,
    /// The first violation, of the property of this name, or of any.
    Violation(Option<String>),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(name) => f.write_str(name),
            Self::Slowest => f.write_str("slowest"),
            Self::FirstFailure => f.write_str("first-failure"),
            Self::Storm => f.write_str("retry-storm"),
            Self::Violation(None) => f.write_str("violation"),
            Self::Violation(Some(name)) => write!(f, "the property {name}"),
        }
    }
}

/// Which call of a run a subject means, by its key or its name; none if there is none of that kind.
pub fn select(subject: &Subject, survey: &Survey) -> Option<String> {
    match subject {
        Subject::Call(name) => Some(name.clone()),
        Subject::Slowest => survey.slowest.as_ref().map(|call| call.key.clone()),
        Subject::FirstFailure => survey.first_failed.as_ref().map(|call| call.key.clone()),
        Subject::Storm | Subject::Violation(_) => None,
    }
}
