//! How does a history look to the checkers of the Jepsen family?
//!
//! As EDN, one operation map a line: `{:index 0, :type :invoke, :process 0, :f :write, :value [7 3], :time 1000}`. Values are pairs of object and
//! value, as of independent keys. A process does one thing at a time, and one whose operation has an unknown end (`:info`) does nothing
//! any more: what its client does next is done by a process of its own.

use models::history::{Action, End, History, Operation};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Begins and ends, in the order in which they are written: of one instant, ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    End,
    Begin,
}

/// Writes a history.
///
/// # Errors
/// If it cannot be written.
pub fn write_history(out: &mut impl Write, history: &History) -> io::Result<()> {
    let operations = &history.operations;
    let mut moments: Vec<(u64, Moment, usize)> = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        moments.push((operation.invoked.as_nanos(), Moment::Begin, number));
        // What took no time ends after it has begun.
        moments.extend(operation.ended().map(|at| (at.as_nanos().max(operation.invoked.as_nanos() + 1), Moment::End, number)));
    }
    moments.sort_unstable();
    let processes = processes(operations, &moments);
    let mut index = 0;
    let mut last = 0;
    let mut line = |at: u64, kind: &str, number: usize| {
        let operation = &operations[number];
        let told = format!(
            "{{:index {index}, :type :{kind}, :process {}, :f :{}, :value {}, :time {at}}}",
            processes[number],
            operation.action.kind().replace("compare-and-set", "cas"),
            value(operation, kind)
        );
        index += 1;
        told
    };
    for (at, moment, number) in moments {
        last = last.max(at);
        let kind = match (moment, operations[number].end) {
            (Moment::Begin, _) => "invoke",
            (Moment::End, End::Ok { .. }) => "ok",
            (Moment::End, _) => "fail",
        };
        writeln!(out, "{}", line(at, kind, number))?;
    }
    for (number, _) in operations.iter().enumerate().filter(|(_, operation)| operation.end == End::Unknown) {
        writeln!(out, "{}", line(last + 1, "info", number))?;
    }
    out.flush()
}

/// The process of each operation: the first one of its client that is free, or a new one.
fn processes(operations: &[Operation], moments: &[(u64, Moment, usize)]) -> Vec<u32> {
    let mut free: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut of = vec![0; operations.len()];
    let mut next = 0;
    for &(_, moment, number) in moments {
        let idle = free.entry(operations[number].client).or_default();
        match moment {
            Moment::Begin => {
                of[number] = idle.pop().unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
            }
            Moment::End => idle.push(of[number]),
        }
    }
    of
}

/// The object, and what is known of its value at this moment.
fn value(operation: &Operation, kind: &str) -> String {
    let object = operation.object;
    let answer = operation.answer().filter(|_| kind == "ok").map_or("nil".to_owned(), |value| value.to_string());
    match operation.action {
        Action::Read | Action::Acquire => format!("[{object} {answer}]"),
        Action::Write(value) => format!("[{object} {value}]"),
        Action::CompareAndSet { expected, new } => format!("[{object} [{expected} {new}]]"),
        Action::Add(amount) => format!("[{object} {amount}]"),
        Action::Release => format!("[{object} nil]"),
        Action::Transfer { to, amount } => format!("{{:from {object}, :to {to}, :amount {amount}}}"),
        Action::Total => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimTime;

    fn operation(client: u32, action: Action, invoked: u64, end: End) -> Operation {
        Operation { client, call: 1, attempt: 1, object: 7, action, invoked: SimTime::from_nanos(invoked), end }
    }

    fn ok(at: u64, value: Option<u64>) -> End {
        End::Ok { at: SimTime::from_nanos(at), value }
    }

    #[test]
    fn a_client_whose_operation_is_unknown_goes_on_as_another_process() {
        let operations = vec![
            operation(4, Action::Write(1), 10, ok(20, None)),
            operation(4, Action::Write(2), 30, End::Unknown),
            operation(4, Action::Read, 40, ok(50, Some(1))),
            operation(5, Action::CompareAndSet { expected: 1, new: 3 }, 50, End::Failed { at: SimTime::from_nanos(60) }),
        ];
        let mut text = Vec::new();
        write_history(&mut text, &History { operations, ..History::default() }).unwrap();
        let expected = "\
{:index 0, :type :invoke, :process 0, :f :write, :value [7 1], :time 10}
{:index 1, :type :ok, :process 0, :f :write, :value [7 1], :time 20}
{:index 2, :type :invoke, :process 0, :f :write, :value [7 2], :time 30}
{:index 3, :type :invoke, :process 1, :f :read, :value [7 nil], :time 40}
{:index 4, :type :ok, :process 1, :f :read, :value [7 1], :time 50}
{:index 5, :type :invoke, :process 2, :f :cas, :value [7 [1 3]], :time 50}
{:index 6, :type :fail, :process 2, :f :cas, :value [7 [1 3]], :time 60}
{:index 7, :type :info, :process 0, :f :write, :value [7 2], :time 61}
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
