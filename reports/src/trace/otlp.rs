//! How does a trace look to a tracing system?
//!
//! OTLP in its JSON form (`TracesData` of opentelemetry-proto 1: ids as hexadecimal text, instants as decimal text). Every call and
//! every attempt is a client's span, retries of one call are siblings inside it, and what their servers do are spans inside the
//! attempts: a request's way through the whole system is one tree. Every node is a resource. Virtual time begins in 1970.

use super::TraceWriter;
use super::story::{Part, Span, SpanKind, Story};
use scenarios::trace::{Header, TraceEvent};
use serde_json::{Value, json};
use sim_core::draw::Key;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes spans.
pub struct Otlp<W> {
    out: W,
    story: Story,
    seed: Key,
    version: String,
    /// Spans of a node that are still to be written.
    waiting: BTreeMap<String, Vec<Value>>,
    has_batch: bool,
    spans: u64,
}

/// So many spans of one node are written together.
const BATCH: usize = 64;

const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

impl<W: Write> Otlp<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(mut out: W, header: &Header) -> io::Result<Self> {
        out.write_all(b"{\"resourceSpans\":[")?;
        let seed = Key::named(&header.scenario).child(header.seed);
        Ok(Self {
            out,
            story: Story::default(),
            seed,
            version: header.version.clone(),
            waiting: BTreeMap::new(),
            has_batch: false,
            spans: 0,
        })
    }

    fn part(&mut self, part: Part) -> io::Result<()> {
        let Part::Span(span) = part else { return Ok(()) };
        let node = span.node.clone().unwrap_or_else(|| "faults".to_owned());
        let told = self.told(&span);
        let waiting = self.waiting.entry(node.clone()).or_default();
        waiting.push(told);
        self.spans += 1;
        if waiting.len() >= BATCH {
            let spans = std::mem::take(waiting);
            self.write(&node, spans)?;
        }
        Ok(())
    }

    fn told(&self, span: &Span) -> Value {
        let kind = match span.kind {
            SpanKind::Call | SpanKind::Attempt => CLIENT,
            SpanKind::Work => SERVER,
            _ => INTERNAL,
        };
        // The same call has the same number under every seed; as a trace it is another.
        let trace = self.seed.child(span.root);
        let outcome = span.outcome.as_deref().unwrap_or("still going on when the trace ended");
        let text = |name: &str, value: &str| json!({ "key": name, "value": { "stringValue": value } });
        let mut attributes = vec![text("stormglass.outcome", outcome)];
        attributes.extend(span.call.as_deref().map(|call| text("stormglass.call", call)));
        let attempt = span.attempt.map(|number| json!({ "key": "stormglass.attempt", "value": { "intValue": number.to_string() } }));
        attributes.extend(attempt);
        let is_fine = matches!(outcome, "ok" | "over" | "taken" | "goes on" | "waits again");
        let mut told = json!({
            "traceId": format!("{:016x}{:016x}", trace.bits(), trace.child(1).bits()),
            "spanId": format!("{:016x}", span.id),
            "name": span.name,
            "kind": kind,
            "startTimeUnixNano": span.from.to_string(),
            "endTimeUnixNano": span.until.to_string(),
            "attributes": attributes,
            "status": if is_fine { json!({ "code": 1 }) } else { json!({ "code": 2, "message": outcome }) },
        });
        if let Some(parent) = span.parent {
            told["parentSpanId"] = format!("{parent:016x}").into();
        }
        told
    }

    fn write(&mut self, node: &str, spans: Vec<Value>) -> io::Result<()> {
        let comma = if std::mem::replace(&mut self.has_batch, true) { ",\n" } else { "\n" };
        self.out.write_all(comma.as_bytes())?;
        let service = node.split_once('[').map_or(node, |(service, _)| service);
        let text = |name: &str, value: &str| json!({ "key": name, "value": { "stringValue": value } });
        let batch = json!({
            "resource": { "attributes": [text("service.name", service), text("service.instance.id", node)] },
            "scopeSpans": [{ "scope": { "name": "stormglass", "version": self.version }, "spans": spans }],
        });
        serde_json::to_writer(&mut self.out, &batch).map_err(io::Error::from)
    }
}

impl<W: Write> TraceWriter for Otlp<W> {
    fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        self.story.see(event).into_iter().try_for_each(|part| self.part(part))
    }

    fn is_on(&mut self, begin: &TraceEvent<'_>) -> io::Result<()> {
        self.story.is_on(begin);
        Ok(())
    }

    fn end(mut self: Box<Self>, _digest: &str) -> io::Result<u64> {
        std::mem::take(&mut self.story).end().into_iter().try_for_each(|part| self.part(part))?;
        for (node, spans) in std::mem::take(&mut self.waiting) {
            if !spans.is_empty() {
                self.write(&node, spans)?;
            }
        }
        self.out.write_all(b"\n]}\n")?;
        self.out.flush().map(|()| self.spans)
    }
}
