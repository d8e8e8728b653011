//! How is a short history told to a reader?

use super::{Action, End, Operation};
use std::collections::BTreeMap;

/// Values by the order in which a history mentions them: nobody can read numbers of twenty digits.
#[derive(Default)]
struct Names(BTreeMap<u64, usize>);

impl Names {
    fn of(&mut self, value: u64) -> String {
        if value == 0 {
            return "nothing".to_owned();
        }
        let next = self.0.len() + 1;
        format!("v{}", self.0.entry(value).or_insert(next))
    }
}

/// One line for each operation: who asked what of which object, from when to when, and the answer. Values are named in the order in
/// which they come up.
pub fn told(operations: &[Operation]) -> Vec<String> {
    let mut names = Names::default();
    operations.iter().map(|operation| line(operation, &mut names)).collect()
}

fn line(operation: &Operation, names: &mut Names) -> String {
    let Operation { client, object, action, invoked, end, .. } = operation;
    let (asked, is_value) = match action {
        Action::Read => ("reads".to_owned(), true),
        Action::Write(value) => (format!("writes {}", names.of(*value)), true),
        Action::CompareAndSet { expected, new } => (format!("sets {} if {}", names.of(*new), names.of(*expected)), false),
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
        End::Ok { value: Some(value), .. } if is_value => format!(" -> {}", names.of(*value)),
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
    fn values_are_named_in_the_order_in_which_they_come_up() {
        let operation = |action, end| Operation { client: 3, call: 1, attempt: 1, object: 7, action, invoked: SimTime::ZERO, end };
        let at = SimTime::from_nanos(2_000_000);
        let lines = told(&[
            operation(Action::Write(9_876_543_210), End::Unknown),
            operation(Action::Read, End::Ok { at, value: Some(55) }),
            operation(Action::Read, End::Ok { at, value: Some(0) }),
            operation(Action::Read, End::Ok { at, value: Some(9_876_543_210) }),
            operation(Action::Acquire, End::Failed { at }),
        ]);
        assert_eq!(
            lines,
            [
                "0s .. ?  client 3 writes v1 object 7 (outcome unknown)",
                "0s .. 2ms  client 3 reads object 7 -> v2",
                "0s .. 2ms  client 3 reads object 7 -> nothing",
                "0s .. 2ms  client 3 reads object 7 -> v1",
                "0s .. 2ms  client 3 acquires object 7 (no effect)",
            ]
        );
    }
}
