//! What is true of everything that is made of a trace?

use super::{Chrome, Otlp, Part, SpanKind, Story, TraceWriter};
use scenarios::diff::{RunSource, Source};
use scenarios::text::Source as Text;
use scenarios::{Extent, Scenario, read};

fn scenario(horizon: &str, demand: &str) -> Scenario {
    let text = format!(
        r#"(schema: 1, name: "x", horizon: "{horizon}", nodes: {{
            "clients": Clients(count: 50, arrivals: Poisson(rate: "100/s"), calls: "front", domain: "out"),
            "front": Service(workers: 8, demand: Constant("1ms"), does: [Call("back")], domain: "in"),
            "back": Service(replicas: 2, workers: 2, demand: Exponential(mean: "{demand}"), domain: "in") }},
        links: [Link(from: "out", to: "in", delay: Constant("5ms"), loss: "5%", duplicate: "5%")],
        faults: [Crash(node: "back[0]", at: "500ms", lasts: "200ms", every: "1s")],
        stacks: {{ "clients -> front": [Retry(attempts: 3, backoff: Immediate()), Timeout("100ms")], "front -> back": [Timeout("50ms")] }})"#
    );
    read(Text::new("x.ron", &text), "x.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// All parts of a run, and how many were open at most.
fn told(scenario: &Scenario) -> (Vec<Part>, usize) {
    let source = RunSource::new("x", "as written", &scenario.cells[0].arms[0], 1);
    let (mut story, mut parts, mut most) = (Story::default(), Vec::new(), 0);
    source
        .tell(&mut |event| {
            parts.extend(story.see(event));
            most = most.max(story.open());
        })
        .expect("it can be run");
    parts.extend(story.end());
    (parts, most)
}

#[test]
fn what_a_story_remembers_does_not_grow_with_the_length_of_the_run() {
    // A service that keeps up: of one that does not, ever more is under way.
    let ((short, few), (long, many)) = (told(&scenario("3s", "4ms")), told(&scenario("30s", "4ms")));
    assert!(long.len() > 8 * short.len() && many < 2 * few, "{} parts and {few} open, {} and {many}", short.len(), long.len());
}

#[test]
fn spans_lie_inside_of_those_that_are_around_them_unless_nobody_waited_any_longer() {
    let (parts, _) = told(&scenario("5s", "20ms"));
    let spans: Vec<_> = parts.iter().filter_map(|part| if let Part::Span(span) = part { Some(span) } else { None }).collect();
    let attempts = spans.iter().filter(|span| span.kind == SpanKind::Attempt);
    for attempt in attempts.clone() {
        let call = spans.iter().find(|call| Some(call.id) == attempt.parent).expect("an attempt is one of a call");
        assert!(call.from <= attempt.from && attempt.until <= call.until && call.kind == SpanKind::Call, "{attempt:?} in {call:?}");
    }
    assert!(attempts.count() > 500);
    for work in spans.iter().filter(|span| span.kind == SpanKind::Work) {
        let attempt = spans.iter().find(|attempt| Some(attempt.id) == work.parent).expect("work is done for an attempt");
        assert!(attempt.from <= work.from && attempt.root == work.root, "{work:?} in {attempt:?}");
    }
    let lost = spans.iter().filter(|span| span.outcome.as_deref() == Some("lost with its node")).count();
    let downs: Vec<_> = spans.iter().filter(|span| span.kind == SpanKind::Down).collect();
    assert!(downs.len() >= 4 && downs.iter().all(|down| down.until - down.from == 200_000_000), "{downs:?}");
    assert!(lost > 0, "crashes end work");
}

#[test]
fn messages_take_as_long_as_their_link_says_and_some_are_lost() {
    let (parts, _) = told(&scenario("5s", "20ms"));
    let over_link = |from: &str, to: &str| (from == "clients") != (to == "clients");
    let messages: Vec<_> = parts.iter().filter_map(|part| if let Part::Message(message) = part { Some(message) } else { None }).collect();
    let far: Vec<_> = messages.iter().filter(|message| over_link(&message.from, &message.to)).collect();
    assert!(far.iter().filter(|message| message.lost.is_none()).all(|message| message.arrived - message.sent == 5_000_000));
    let lost = far.iter().filter(|message| message.lost.as_deref() == Some("link")).count() as f64 / far.len() as f64;
    assert!((0.02..0.09).contains(&lost), "{lost}");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_and_not_a_panic() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let header = scenarios::trace::Header::default();
    assert!(Chrome::begin(Full, &header).is_err() && Otlp::begin(Full, &header).is_err());
    let lines: Box<dyn TraceWriter> = Box::new(super::Mermaid::begin(Full, &header));
    assert!(lines.end("").is_err());
}
