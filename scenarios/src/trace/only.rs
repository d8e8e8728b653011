//! Which events of a trace are wanted?
//!
//! `node=checkout[1] kind=send,drop from=10s until=20s`: conditions, all of which an event must fulfil; a condition with several
//! values is fulfilled by any of them. Values with blanks are put in double quotes: `call="shoppers -> checkout #17.3"`.

use super::event::TraceEvent;
use super::known::{Known, is_kind, is_of};
use crate::problem::{did_you_mean, one_of};
use sim_core::time::SimTime;
use std::fmt;

/// Chooses events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    text: String,
    nodes: Vec<String>,
    kinds: Vec<String>,
    calls: Vec<String>,
    from: Option<u64>,
    until: Option<u64>,
}

const CONDITIONS: [&str; 5] = ["node", "kind", "call", "from", "until"];

impl Only {
    /// Reads conditions.
    ///
    /// # Errors
    /// Everything that is wrong with them, each with a remedy.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut only, mut problems) = (Self { text: text.to_owned(), ..Self::default() }, Vec::new());
        for word in words(text) {
            if let Err(problem) = only.take(&word) {
                problems.push(problem);
            }
        }
        if let (Some(from), Some(until)) = (only.from, only.until)
            && from > until
        {
            problems.push(format!(
                "nothing lies from {} until {}; exchange the two",
                SimTime::from_nanos(from),
                SimTime::from_nanos(until)
            ));
        }
        if problems.is_empty() { Ok(only) } else { Err(problems) }
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        let Some((name, value)) = word.split_once('=') else {
            return Err(format!("`{word}` is no condition: write `node=NAME`, `kind=WORD`, `call=NAME`, `from=TIME` or `until=TIME`"));
        };
        if value.is_empty() {
            return Err(format!("`{name}=` says nothing; write what it should be"));
        }
        let values = || value.split(',').map(str::to_owned);
        match name {
            "node" => self.nodes.extend(values()),
            "kind" => self.kinds.extend(values()),
            "call" => self.calls.extend(values()),
            "from" => self.from = Some(instant(name, value)?),
            "until" => self.until = Some(instant(name, value)?),
            other => {
                let hint = did_you_mean(other, CONDITIONS).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                return Err(format!("`{other}` is nothing that an event is chosen by; expected {}{hint}", one_of(CONDITIONS)));
            }
        }
        Ok(())
    }

    /// What in it names nothing that could be in a trace of a run.
    ///
    /// # Errors
    /// Everything that is unknown, each with what is known.
    pub fn check(&self, known: &Known<'_>) -> Result<(), Vec<String>> {
        let nodes = self.nodes.iter().filter_map(|wanted| known.problem_of_node(wanted));
        let problems: Vec<String> = nodes.chain(self.kinds.iter().filter_map(|wanted| known.problem_of_kind(wanted))).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Whether an event is wanted. A node means what happens there, what is sent there or comes from there, and every fault: whom one strikes, and whom that
    /// concerns, is more than a name tells.
    pub fn wants(&self, event: &TraceEvent<'_>) -> bool {
        self.wants_instant(event.at)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| is_of_kind(event, kind)))
            && (self.nodes.is_empty() || self.nodes.iter().any(|wanted| is_at(event, wanted)))
            && (self.calls.is_empty() || self.calls.iter().any(|wanted| is_about(event, wanted)))
    }

    /// Whether an event would be wanted if it happened at an instant that is: of what had begun before the first of these and is still on, that counts.
    pub fn wants_at_any_time(&self, event: &TraceEvent<'_>) -> bool {
        Self { from: None, until: None, ..self.clone() }.wants(event)
    }

    /// Whether anything at this instant, in nanoseconds, may be wanted.
    pub fn wants_instant(&self, at: u64) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at <= until)
    }
}

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn instant(name: &str, value: &str) -> Result<u64, String> {
    value.parse().map(SimTime::as_nanos).map_err(|error| format!("`{name}={value}`: {error}"))
}

/// The conditions of a text: words, in which blanks between double quotes do not count.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn is_at(event: &TraceEvent<'_>, wanted: &str) -> bool {
    event.kind.starts_with("fault-") || event.node.iter().chain(&event.peer).any(|node| is_of(node, wanted))
}

/// Whether an event is of this kind, tells of a message of this kind, or of what is announced by this name.
fn is_of_kind(event: &TraceEvent<'_>, wanted: &str) -> bool {
    let announced = event.what.as_deref().filter(|_| event.kind == "tell");
    [Some(event.kind.as_ref()), event.message.as_deref(), announced].into_iter().flatten().any(|word| is_kind(word, wanted))
}

/// Whether an event is about a call of this name or key, or over this edge, or for the sake of the client's call with this number.
fn is_about(event: &TraceEvent<'_>, wanted: &str) -> bool {
    let Some(call) = &event.call else { return false };
    let (edge, number) = call.name.rsplit_once(' ').unwrap_or((&call.name, ""));
    call.name == wanted || call.key == wanted || edge == wanted || (wanted.starts_with('#') && number == wanted)
}

#[cfg(test)]
mod tests {
    use super::super::event::CallOfEvent;
    use super::*;

    fn event() -> TraceEvent<'static> {
        TraceEvent {
            id: 1,
            at: 15_000_000_000,
            kind: "send".into(),
            node: Some("shoppers".into()),
            peer: Some("checkout[1]".into()),
            call: Some(CallOfEvent { name: "shoppers -> checkout #17.3".into(), key: "00000000000000ff".into(), ..CallOfEvent::default() }),
            ..TraceEvent::default()
        }
    }

    fn wants(text: &str) -> bool {
        Only::parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")).wants(&event())
    }

    #[test]
    fn conditions_are_all_to_be_fulfilled_and_values_of_one_are_alternatives() {
        assert!(wants(""));
        assert!(wants("node=shoppers") && wants("node=checkout") && wants("node=checkout[1]") && wants("node=other,checkout"));
        assert!(!wants("node=checkout[0]") && !wants("node=check"));
        assert!(wants("kind=send,drop") && !wants("kind=drop"));
        assert!(wants("from=15s until=15s") && !wants("from=15.000000001s") && !wants("until=14s"));
        assert!(wants("kind=SEND") && !wants("kind=sen"));
        assert!(wants("node=shoppers kind=send from=10s") && !wants("node=shoppers kind=drop"));
    }

    #[test]
    fn what_is_announced_and_messages_are_kinds_too() {
        let is_wanted = |text: &str, event: &TraceEvent<'_>| Only::parse(text).expect("it is sound").wants(event);
        let tells = TraceEvent { kind: "tell".into(), what: Some("LeaderElected".into()), ..TraceEvent::default() };
        assert!(is_wanted("kind=leaderelected", &tells) && is_wanted("kind=tell", &tells) && !is_wanted("kind=Leader", &tells));
        let says = TraceEvent { kind: "say".into(), message: Some("vote".into()), ..TraceEvent::default() };
        assert!(is_wanted("kind=Vote", &says) && !is_wanted("kind=hear", &says));
        let fault = TraceEvent { kind: "fault-begins".into(), what: Some("vote".into()), ..TraceEvent::default() };
        assert!(!is_wanted("kind=vote", &fault), "the name of a fault is no kind");
        assert!(is_wanted("node=shop kind=fault", &fault) && is_wanted("node=shop", &fault), "a fault belongs to whatever is looked at");
        assert!(!is_wanted("node=shop kind=drop", &fault) && !is_wanted("call=#1.2", &fault));
    }

    #[test]
    fn a_call_is_meant_by_its_name_its_number_its_key_or_its_edge() {
        for call in ["\"shoppers -> checkout #17.3\"", "\"shoppers -> checkout\"", "#17.3", "00000000000000ff"] {
            assert!(wants(&format!("call={call}")), "{call}");
        }
        assert!(!wants("call=\"shoppers -> checkout #17.30\"") && !wants("call=#17"));
        assert!(wants("call=#3.1,#17.3") && !wants("call=#3.1,#17.4"), "several are separated by commas");
    }

    #[test]
    fn everything_wrong_with_conditions_is_said_at_once() {
        let problems = Only::parse("nod=x send from=soon node=").unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].contains("did you mean `node`?"), "{problems:?}");
        assert!(Only::parse("from=2s until=1s").unwrap_err()[0].contains("exchange the two"));
        let known = Known::new(["checkout[0]", "shoppers"].into_iter(), ["ping"].into_iter());
        let unknown = Only::parse("node=checkot kind=sent,fault").unwrap().check(&known).unwrap_err();
        assert_eq!(unknown.len(), 2, "{unknown:?}");
        assert!(unknown[0].contains("did you mean `checkout`?") && unknown[1].contains("did you mean `send`?"), "{unknown:?}");
    }
}
