//! Which faults were on meanwhile, and which of them did what is told?

use scenarios::trace::{TraceEvent, instant, length};
use scenarios::why::{FaultSpan, Survey};

/// So many faults are told.
const MOST_FAULTS: usize = 8;

/// These faults, or that there were none; if so, the last one before an instant.
pub(super) fn faults_on(faults: &[&FaultSpan], began: u64, survey: &Survey) -> Vec<String> {
    told("meanwhile", (faults, &[]), began, survey)
}

/// The faults that were on at any time between the first of what matters and what showed, those first that had cut off one of the messages that are told
/// as lost.
pub(super) fn faults_since(from: u64, at: u64, causes: &[&TraceEvent<'static>], survey: &Survey) -> Vec<String> {
    let faults: Vec<&FaultSpan> = survey.faults_between(from, at).collect();
    let proven = proven(&faults, causes);
    let (mut first, others): (Vec<&FaultSpan>, Vec<&FaultSpan>) = faults.into_iter().partition(|fault| proven.contains(fault));
    first.extend(others);
    told(&format!("meanwhile, from {} on", instant(from)), (&first, &proven), from, survey)
}

/// Of these faults, those that alone could have cut off a message that was lost so.
fn proven<'s>(faults: &[&'s FaultSpan], causes: &[&TraceEvent<'static>]) -> Vec<&'s FaultSpan> {
    let is_cut = |event: &&&TraceEvent<'static>| matches!(event.kind.as_ref(), "drop" | "miss") && event.outcome.as_deref() == Some("cut");
    let mut proven: Vec<&FaultSpan> = Vec::new();
    for loss in causes.iter().filter(is_cut) {
        let mut cutting = faults.iter().filter(|fault| fault.cuts && fault.touches(loss.at, loss.at));
        if let (Some(only), None) = (cutting.next(), cutting.next())
            && !proven.contains(only)
        {
            proven.push(only);
        }
    }
    proven
}

fn told(when: &str, (faults, proven): (&[&FaultSpan], &[&FaultSpan]), began: u64, survey: &Survey) -> Vec<String> {
    if faults.is_empty() {
        let before = survey.faults.iter().filter(|fault| fault.until.is_some_and(|until| until < began)).max_by_key(|fault| fault.until);
        let last = before.map_or("there was none before, either".to_owned(), |fault| {
            let until = fault.until.unwrap_or_default();
            format!("the last before it was {}, over {} earlier", fault.name, length(began - until))
        });
        return vec![format!("no fault was on {when}; {last}")];
    }
    let line = |fault: &&FaultSpan| {
        let until = fault.until.map_or("on, and is on when the run ends".to_owned(), |at| format!("to {}", instant(at)));
        let did = if proven.contains(fault) { ": it cut off what is lost above" } else { "" };
        format!("  {} from {} {until}{did}", fault.name, instant(fault.from))
    };
    let mut lines = vec![format!("faults that were on {when}")];
    lines.extend(faults.iter().take(MOST_FAULTS).map(line));
    if faults.len() > MOST_FAULTS {
        lines.push(format!("  and {} more", faults.len() - MOST_FAULTS));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str, from: u64, until: Option<u64>, cuts: bool) -> FaultSpan {
        FaultSpan { name: name.to_owned(), from, until, cuts }
    }

    fn lost(at: u64, why: &'static str) -> TraceEvent<'static> {
        TraceEvent { at, kind: "miss".into(), outcome: Some(why.into()), ..TraceEvent::default() }
    }

    #[test]
    fn a_loss_by_a_cut_proves_the_one_fault_that_cut_then() {
        let faults = vec![
            fault("bad link", 10, Some(90), false),
            fault("isolation", 20, Some(40), true),
            fault("cut", 50, Some(60), true),
            fault("another cut", 55, None, true),
        ];
        let mut survey = Survey::default();
        survey.faults = faults;
        let told = |losses: &[TraceEvent<'static>]| faults_since(15, 70, &losses.iter().collect::<Vec<_>>(), &survey);
        let lines = told(&[lost(30, "cut"), lost(56, "cut"), lost(58, "link")]);
        let expected = [
            "faults that were on meanwhile, from 0.000000015s on",
            "  isolation from 0.000000020s to 0.000000040s: it cut off what is lost above",
            "  bad link from 0.000000010s to 0.000000090s",
            "  cut from 0.000000050s to 0.000000060s",
            "  another cut from 0.000000055s on, and is on when the run ends",
        ];
        assert_eq!(lines, expected, "two cuts at once prove nothing of either, and a link that loses proves nothing of a cut");
        assert!(told(&[lost(65, "cut")])[1].starts_with("  another cut"), "only one was on then");
    }
}
