//! How does one event read as a sentence?

use super::event::{CallOfEvent, TraceEvent};
use sim_core::time::SimTime;

/// Seconds with all nine decimals, as in the lines of a trace.
pub fn instant(nanos: u64) -> String {
    format!("{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// A length of time to three digits or so, for reading.
pub fn length(nanos: u64) -> String {
    let (unit, name) = match nanos {
        0..1_000 => return format!("{nanos}ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (nanos / unit, nanos % unit * 1000 / unit);
    match whole {
        0..10 => format!("{whole}.{:02}{name}", rest / 10),
        10..100 => format!("{whole}.{}{name}", rest / 100),
        _ => format!("{whole}{name}"),
    }
}

/// What an event says: `service answers attempt 1 of clients -> service #17.3: ok`.
pub fn sentence(event: &TraceEvent<'_>) -> String {
    let node = event.node.as_deref().unwrap_or("somebody");
    let peer = event.peer.as_deref().unwrap_or("somebody");
    let (what, value) = (event.what.as_deref().unwrap_or("something"), event.value.as_deref().unwrap_or_default());
    let outcome = event.outcome.as_deref().unwrap_or("unknown");
    match &event.call {
        Some(call) => of_call(event, call, (node, peer), outcome),
        None => match event.kind.as_ref() {
            "fault-begins" => format!("the fault {what} begins{}", says(event)),
            "fault-ends" => format!("the fault {what} ends"),
            "node-dies" => format!("{node} dies: its life {} is over", event.life),
            "node-returns" => format!("{node} returns with empty memory: its life {} begins", event.life),
            "node-pauses" => format!("{node} stands still"),
            "node-resumes" => format!("{node} goes on"),
            "routing" => "routing has learnt of cuts, or of their end".to_owned(),
            "job-begins" => format!("{node} begins background work"),
            "job-ends" => format!("{node} is done with background work"),
            "say" => format!("{node} sends {} to {peer}{}", letter(event), says(event)),
            "hear" => format!("{node} hears {} from {peer}{}", letter(event), says(event)),
            "miss" => format!("{} from {peer} to {node} is lost: {outcome}", letter(event)),
            "altered" => format!("{} from {peer} reaches {node} altered", letter(event)),
            "timer" => format!("a timer of {node} fires"),
            "tell" => format!("{node} makes known: {what} {value}").trim_end().to_owned(),
            "clock" => format!("the clock of {node} is set by {value}"),
            "layer" => format!("{what} {value}"),
            "alert-fires" => format!("the alert {what} fires"),
            "alert-ends" => format!("the alert {what} is over"),
            other => format!("{node}: {other} {what} {value}").trim_end().to_owned(),
        },
    }
}

fn of_call(event: &TraceEvent<'_>, call: &CallOfEvent<'_>, (node, peer): (&str, &str), outcome: &str) -> String {
    let name = &call.name;
    let copy = if call.copy == 0 { String::new() } else { format!(" (copy {})", call.copy) };
    let attempt = call.attempt.map_or_else(|| name.to_string(), |number| format!("attempt {number}{copy} of {name}"));
    match event.kind.as_ref() {
        "call" => format!("{node} makes the call {name}"),
        "end" => format!("the call {name} of {node} ends: {outcome}"),
        "give-up" => format!("{node} gives up the call {name}"),
        "send" => format!("{node} sends {attempt} to {peer}"),
        "drop" => format!("a message of {attempt} from {peer} to {node} is lost: {outcome}"),
        "queue" => format!("{attempt} waits for a worker of {node}"),
        "start" if event.says.is_some() => format!("{node} is asked by {attempt}{}", says(event)),
        "start" => format!("a worker of {node} works on {attempt}"),
        "reply" => format!("an answer of {peer} to {attempt} reaches {node}{}", says(event)),
        "answer" => format!("{node} answers {attempt}: {outcome}"),
        "deliver" => format!("the answer of {peer} to {attempt} reaches {node}: {outcome}"),
        "late" => format!("the answer of {peer} to {attempt} reaches {node} too late: {outcome}"),
        "abandon" => format!("{node} no longer waits for {attempt}"),
        "discard" => format!("{node} gives up work on {attempt}, for which nobody waits"),
        "altered" => format!("a message of {attempt} reaches {node} altered"),
        "turned" => format!("{attempt} is turned back before {peer}: {outcome}"),
        "broken" => format!("the connection over which {node} waits for {attempt} is broken"),
        "unheard" => format!("a message of {attempt} lies unheard at {node}, which stands still"),
        "ignore" => format!("a second copy of the answer to {attempt} reaches {node}"),
        other => format!("{node}: {other} {attempt}"),
    }
}

/// What a message says, behind what it is.
fn says(event: &TraceEvent<'_>) -> String {
    event.says.as_deref().filter(|says| !says.is_empty()).map_or_else(String::new, |says| format!(": {says}"))
}

fn letter(event: &TraceEvent<'_>) -> String {
    format!("{} {}", event.message.as_deref().unwrap_or("a message"), event.ordinal.unwrap_or_default())
}

/// When, and what.
pub fn line_of(event: &TraceEvent<'_>) -> String {
    format!("{:>16}  {}", instant(SimTime::from_nanos(event.at).as_nanos()), sentence(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::KINDS;

    #[test]
    fn lengths_are_read_at_a_glance() {
        let texts = [0, 999, 1_000, 12_345, 999_999, 1_500_000, 123_456_789, 61_000_000_000].map(length);
        assert_eq!(texts, ["0ns", "999ns", "1.00us", "12.3us", "999us", "1.50ms", "123ms", "61.0s"]);
    }

    #[test]
    fn every_kind_of_event_is_a_sentence_of_its_own() {
        let call = CallOfEvent { name: "a -> b #1.2".into(), attempt: Some(3), ..CallOfEvent::default() };
        for (kind, _) in KINDS {
            let bare = TraceEvent { kind: kind.into(), node: Some("b".into()), peer: Some("a".into()), ..TraceEvent::default() };
            let about = TraceEvent { call: Some(call.clone()), ..bare.clone() };
            let is_told = [&bare, &about].into_iter().any(|event| !sentence(event).contains(&format!(": {kind}")));
            assert!(is_told, "{kind} has no sentence");
        }
    }
}
