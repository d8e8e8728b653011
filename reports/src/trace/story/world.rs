//! What lasted at nodes, and of faults?

use super::{Part, Span, SpanKind, Story, text};
use scenarios::trace::TraceEvent;
use sim_core::draw::Key;
use std::collections::VecDeque;

impl Story {
    pub(super) fn see_world(&mut self, event: &TraceEvent<'_>) {
        let (node, what) = (text(event.node.as_ref()), text(event.what.as_ref()));
        match event.kind.as_ref() {
            "fault-begins" => {
                let name = event.says.as_deref().map(|whom| format!("{what} {whom}"));
                self.goes_on(SpanKind::Fault, what, name, event);
            }
            "fault-ends" => self.is_over(SpanKind::Fault, &what, event),
            "node-dies" => {
                if self.others.get(&(SpanKind::Life, node.clone())).is_none_or(VecDeque::is_empty) {
                    let start = TraceEvent { at: 0, ..event.clone() };
                    self.goes_on(SpanKind::Life, node.clone(), Some("life 1".to_owned()), &start);
                }
                self.is_over(SpanKind::Life, &node, event);
                // Whoever comes back under a pause is told to stand still anew.
                self.is_over(SpanKind::Pause, &node, event);
                self.dies_with(event);
                self.goes_on(SpanKind::Down, node, Some("down".to_owned()), event);
            }
            "node-returns" => {
                self.is_over(SpanKind::Down, &node, event);
                self.goes_on(SpanKind::Life, node, Some(format!("life {}", event.life)), event);
            }
            "node-pauses" => self.goes_on(SpanKind::Pause, node, Some("stands still".to_owned()), event),
            "node-resumes" => self.is_over(SpanKind::Pause, &node, event),
            "job-begins" => self.goes_on(SpanKind::Job, node, Some("background work".to_owned()), event),
            "job-ends" => self.is_over(SpanKind::Job, &node, event),
            _ => {}
        }
    }

    /// What waits or is worked on at a node ends with its life, and so does what it waits for.
    fn dies_with(&mut self, event: &TraceEvent<'_>) {
        let is_there = |(kind, ..): &(SpanKind, String, u32, u32), span: &Span| {
            !matches!(kind, SpanKind::Job) && span.node.as_deref() == event.node.as_deref()
        };
        let gone: Vec<_> = self.open.iter().filter(|(place, span)| is_there(place, span)).map(|(place, _)| place.clone()).collect();
        for place in gone {
            let span = self.open.remove(&place).expect("it was found a moment ago");
            self.orphans.remove(&(place.1.clone(), place.2));
            self.inside.remove(&(place.1, place.2));
            let outcome = Some("lost with its node".to_owned());
            self.parts.push(Part::Span(Span { until: event.at, outcome, ..span }));
        }
    }

    fn goes_on(&mut self, kind: SpanKind, of: String, name: Option<String>, event: &TraceEvent<'_>) {
        let id = Key::named(&of).child(event.id).child(kind as u64).bits();
        let span = Span {
            kind,
            name: name.unwrap_or_else(|| of.clone()),
            node: event.node.as_ref().map(|node| node.as_ref().to_owned()),
            from: event.at,
            until: event.at,
            outcome: None,
            call: None,
            attempt: None,
            id,
            parent: None,
            root: id,
        };
        self.others.entry((kind, of)).or_default().push_back(span);
    }

    fn is_over(&mut self, kind: SpanKind, of: &str, event: &TraceEvent<'_>) {
        let place = (kind, of.to_owned());
        if let Some(open) = self.others.get_mut(&place) {
            if let Some(span) = open.pop_front() {
                self.parts.push(Part::Span(Span { until: event.at, outcome: Some("over".to_owned()), ..span }));
            }
            if open.is_empty() {
                self.others.remove(&place);
            }
        }
    }
}
