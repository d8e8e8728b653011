//! `replay --step`: a run gone through by hand, a command a line.

use super::Exit;
use super::output::{print, prompt, say};
use scenarios::replay::pattern::Pattern;
use scenarios::replay::stepper::{Moved, Stepper};
use sim_core::time::SimTime;
use std::io::BufRead as _;

const HELP: &str = "\
step [N]       N events further [1]                 back [N]       N events back [1]
go TIME        to an instant: go 12.5s              event N        until N events have been handled
break PATTERN  until a line fits: break node=db[1] kind=append     end    to the end of the run
node NAME      what a node is doing, its clock and what it remembers
flight         calls, attempts and messages under way              faults which faults are on
where          which event, when, and the digest                   help, quit";

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Order {
    Step(u64),
    Back(u64),
    Go(SimTime),
    Event(u64),
    Break(Pattern),
    End,
    Node(String),
    Flight,
    Faults,
    Where,
    Help,
    Quit,
    Nothing,
}

fn order(line: &str) -> Result<Order, String> {
    let (word, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let rest = rest.trim();
    let number = |usual: Option<u64>| match (rest, usual) {
        ("", Some(usual)) => Ok(usual),
        _ => rest.parse::<u64>().map_err(|_| format!("`{rest}` is no number of events, such as {word} 100")),
    };
    match word {
        "" => Ok(Order::Nothing),
        "step" | "s" => number(Some(1)).map(Order::Step),
        "back" | "b" => number(Some(1)).map(Order::Back),
        "event" | "e" => number(None).map(Order::Event),
        "go" | "g" => rest.parse().map(Order::Go).map_err(|_| format!("`{rest}` is no instant, such as go 12.5s")),
        "break" => rest.parse().map(Order::Break),
        "end" => Ok(Order::End),
        "node" | "n" => Ok(Order::Node(rest.to_owned())),
        "flight" => Ok(Order::Flight),
        "faults" => Ok(Order::Faults),
        "where" | "w" => Ok(Order::Where),
        "help" | "h" | "?" => Ok(Order::Help),
        "quit" | "q" | "exit" => Ok(Order::Quit),
        other => Err(format!("there is no command `{other}`; `help` lists them")),
    }
}

/// Reads commands from stdin until there are no more.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn step(mut stepper: Stepper, quiet: bool) -> Result<Exit, Exit> {
    if !quiet {
        say("help lists the commands, quit ends");
    }
    print(&stepper.place())?;
    let lines = std::io::stdin().lock().lines();
    prompt();
    for line in lines {
        // What is no text is no command.
        let Ok(line) = line else { break };
        match order(&line) {
            Ok(Order::Quit) => break,
            Ok(order) => obey(&mut stepper, order)?,
            // A mistyped command ends nothing.
            Err(sentence) => say(&format!("error: {sentence}")),
        }
        prompt();
    }
    Ok(Exit::Fine)
}

fn obey(stepper: &mut Stepper, order: Order) -> Result<(), Exit> {
    match order {
        Order::Step(events) => show(stepper, |stepper| stepper.step(events)),
        Order::Go(time) => show(stepper, |stepper| stepper.to_time(time)),
        Order::Event(event) => show(stepper, |stepper| stepper.to_event(event)),
        Order::End => show(stepper, |stepper| stepper.to_event(u64::MAX)),
        Order::Break(pattern) => match pattern.check(&stepper.known()) {
            Ok(()) => show(stepper, |stepper| stepper.to_first(&pattern)),
            Err(problems) => {
                problems.iter().for_each(|problem| say(&format!("error: {problem}")));
                Ok(())
            }
        },
        Order::Back(events) => {
            stepper.back(events);
            print(&stepper.place())
        }
        Order::Node(name) => match stepper.node(&name) {
            Some(text) => print(&text),
            None => {
                let known = stepper.known();
                // A service or group by its name alone is several nodes.
                let whose = || format!("`{name}` is more than one node: name one of them, such as node {name}[0]");
                say(&format!("error: {}", known.problem_of_node(&name).unwrap_or_else(whose)));
                Ok(())
            }
        },
        Order::Flight => stepper.in_flight().iter().try_for_each(|line| print(line)),
        Order::Faults => stepper.faults().iter().try_for_each(|line| print(line)),
        Order::Where => print(&stepper.place()),
        Order::Help => print(HELP),
        Order::Quit | Order::Nothing => Ok(()),
    }
}

fn show(stepper: &mut Stepper, go: impl FnOnce(&mut Stepper) -> Moved) -> Result<(), Exit> {
    let moved = go(stepper);
    if moved.left_out > 0 {
        print(&format!("... {} lines before these; --lines N shows more", moved.left_out))?;
    }
    moved.lines.iter().try_for_each(|line| print(line))?;
    if !moved.found {
        print("no line fits")?;
    }
    print(&stepper.place())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_a_number_or_a_usual_one() {
        assert_eq!((order("step"), order(" s  20 "), order("b 3")), (Ok(Order::Step(1)), Ok(Order::Step(20)), Ok(Order::Back(3))));
        assert_eq!(order("go 12.5s"), Ok(Order::Go(SimTime::from_nanos(12_500_000_000))));
        assert_eq!((order(""), order("q")), (Ok(Order::Nothing), Ok(Order::Quit)));
        for wrong in ["step x", "event", "go", "go 12", "break db", "jump 3"] {
            assert!(order(wrong).is_err(), "{wrong}");
        }
    }
}
