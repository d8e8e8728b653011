//! How is a short history told to a reader?

use super::{Action, End, Operation};
use crate::protocols::Beginning;

/// One line for each operation: who asked what of which object, from when to when, and the answer. Values are told by their
/// beginning, as messages and traces tell them.
pub fn told(operations: &[Operation]) -> Vec<String> {
    operations.iter().map(line).collect()
}

fn line(operation: &Operation) -> String {
    let Operation { client, object, action, invoked, end, .. } = operation;
    let (asked, is_value) = match action {
        Action::Read => ("reads".to_owned(), true),
        Action::Write(value) => (format!("writes {}", Beginning(*value)), true),
        Action::CompareAndSet { expected, new } => (format!("sets {} if {}", Beginning(*new), Beginning(*expected)), false),
        Action::Add(by) => (format!("adds {by}"), false),
        Action::Acquire => ("acquires".to_owned(), false),
        Action::Release => ("releases".to_owned(), false),
        Action::Transfer { to, amount } => (format!("transfers {amount} to {to} from"), false),
        Action::Total => ("reads the total at".to_owned(), false),
    };
    let until = match end {
        End::Ok { at, .. } | End::Failed { at } => format!("{at}"),
        End::Unknown => "?".to_owned(),
    };
    let answer = match end {
        End::Ok { value: Some(value), .. } if is_value => format!(" -> {}", Beginning(*value)),
        End::Ok { value: Some(value), .. } => format!(" -> {value}"),
        End::Ok { value: None, .. } => String::new(),
        End::Failed { .. } => " (no effect)".to_owned(),
        End::Unknown => " (outcome unknown)".to_owned(),
    };
    format!("{invoked} .. {until}  client {client} {asked} object {object}{answer}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimTime;

    #[test]
    fn values_are_told_by_their_beginning_and_counts_as_they_are() {
        let operation = |action, end| Operation { client: 3, call: 1, attempt: 1, object: 7, action, invoked: SimTime::ZERO, end };
        let at = SimTime::from_nanos(2_000_000);
        let lines = told(&[
            operation(Action::Write(0x9876_5432_1000_0000), End::Unknown),
            operation(Action::Read, End::Ok { at, value: Some(55) }),
            operation(Action::Read, End::Ok { at, value: Some(0) }),
            operation(Action::Read, End::Ok { at, value: Some(0x9876_5432_1000_0000) }),
            operation(Action::Acquire, End::Failed { at }),
        ]);
        assert_eq!(
            lines,
            [
                "0s .. ?  client 3 writes 987654 object 7 (outcome unknown)",
                "0s .. 2ms  client 3 reads object 7 -> 55",
                "0s .. 2ms  client 3 reads object 7 -> nothing",
                "0s .. 2ms  client 3 reads object 7 -> 987654",
                "0s .. 2ms  client 3 acquires object 7 (no effect)",
            ]
        );
    }
}
