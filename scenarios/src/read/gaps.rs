//! Which complaints about a system would stand if all of it could be read?
//!
//! A scenario with a mistake in one element is still judged as a whole, so that everything wrong is said at once. What is
//! missing because of that mistake must not be held against the rest.

use crate::text::overlay::Overlay;
use models::registry::Complaint;
use models::services::LoadBalancer;

/// What could not be read of a system: complaints that follow from that alone are not worth a line.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Whether a node or a group is missing.
    pub(super) nodes: bool,
    /// Names of services and groups that could not be read: they exist all the same.
    pub(super) unread: Vec<String>,
    /// Whether somebody calls what does not exist.
    pub(super) calls: bool,
    /// Whether a link is missing.
    pub(super) some_link: bool,
    /// Whether a stack is missing.
    pub(super) some_stack: bool,
    /// Names of load balancers: they are services, and written otherwise.
    pub(super) balancers: Vec<String>,
    /// Positions in the text of the links that are there.
    pub(super) links: Vec<usize>,
    /// Positions in the text of the faults that are there.
    pub(super) faults: Vec<usize>,
}

/// What can be called, and what faults strike.
const CALLEE: &str = "service or group";

/// Whether a word should name something that can be called.
fn is_about_callee(complaint: &Complaint) -> bool {
    complaint.unknown.as_ref().is_some_and(|(word, _)| complaint.message.starts_with(&format!("no {CALLEE} is called `{word}`")))
}

impl Gaps {
    /// Whether a complaint would stand if everything could be read.
    pub(super) fn allow(&self, complaint: &Complaint, pieces: &Overlay<'_>) -> bool {
        let is_unread_file = complaint.message.ends_with("have not been read");
        let is_about_names = complaint.unknown.is_some() || ["nodes", "links"].contains(&complaint.field.as_str());
        let is_written = |word: &str| {
            ["nodes", "groups"].iter().any(|section| pieces.section(section).iter().any(|piece| piece.key.as_deref() == Some(word)))
        };
        let needs_links = complaint.field == "links" && (self.some_link || self.nodes);
        let needs_nodes = self.nodes
            && is_about_names
            && match &complaint.unknown {
                // `shop[1]` is a replica of `shop`.
                Some((word, _)) => is_written(word.split('[').next().unwrap_or(word)) || !is_about_callee(complaint),
                None => true,
            };
        // An edge between two nodes that exist is missing because the call is.
        let needs_calls = self.calls
            && complaint.field.starts_with("stacks.")
            && complaint
                .unknown
                .as_ref()
                .and_then(|(edge, _)| edge.split_once(" -> "))
                .is_some_and(|(from, to)| is_written(from) && is_written(to));
        let is_unread_alert = complaint.field.ends_with(".when.alert")
            && complaint
                .unknown
                .as_ref()
                .is_some_and(|(word, _)| pieces.section("alerts").iter().any(|piece| piece.key.as_ref() == Some(word)));
        let needs_stacks = self.some_stack && complaint.message.contains("its stack has no ");
        !(is_unread_file || is_unread_alert || needs_stacks || needs_links || needs_nodes || needs_calls)
    }

    /// The complaint with all names that are written, and with positions as in the text.
    pub(super) fn as_written(&self, complaint: Complaint) -> Complaint {
        let complaint = match &complaint.unknown {
            Some((word, known)) if is_about_callee(&complaint) && !self.unread.is_empty() => {
                let all = known.iter().chain(&self.unread).map(String::as_str);
                Complaint::unknown(&complaint.field, CALLEE, word, all)
            }
            _ => complaint,
        };
        let complaint = self.balancers.iter().fold(complaint, |complaint, name| LoadBalancer::as_written(name, complaint));
        for (section, positions) in [("links[", &self.links), ("faults[", &self.faults)] {
            if let Some((index, rest)) = complaint.field.strip_prefix(section).and_then(|rest| rest.split_once(']'))
                && let Some(position) = index.parse().ok().and_then(|index: usize| positions.get(index))
            {
                return Complaint { field: format!("{section}{position}]{rest}"), ..complaint };
            }
        }
        complaint
    }
}
