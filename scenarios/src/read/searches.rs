//! What does `vary` say that is no list: along which paths is the edge of the stable region looked for?

use super::change::changed;
use super::grid::refuse_fixed;
use super::{Reader, SweepSpec};
use crate::problem::{Problem, Problems, Span};
use crate::text::parse::parse_as;
use crate::text::path::Path;
use crate::text::tree::Entry;
use crate::threshold::{Scale, ThresholdSearch, Varied};

impl<'a> Reader<'a> {
    /// The search that an entry of `vary` asks for.
    pub(super) fn threshold_search(&self, entry: &Entry<'a>, problems: &mut Problems) -> Option<(Span, ThresholdSearch)> {
        let Varied::Bisect(bisect) = problems.note(parse_as::<Varied>(entry.value, "way to vary"))?;
        if let Some(problem) = refuse_fixed(&entry.key) {
            problems.push(problem.at(entry.key_span));
            return None;
        }
        let [from, to] = [&bisect.from, &bisect.to].map(ToString::to_string);
        let precision = bisect.precision.as_ref().map(ToString::to_string);
        let scale = Scale::new(&from, &to, precision.as_deref());
        let complaints = [scale.as_ref().err().cloned(), bisect.until.check().err()].into_iter().flatten();
        complaints.for_each(|sentence| problems.push(Problem::new(sentence).at(entry.value.head())));
        Some((entry.key_span, ThresholdSearch { path: entry.key.clone(), scale: scale.ok()?, until: bisect.until }))
    }

    /// What is wrong with the systems at both ends: what lies between them is read when it is looked at.
    pub(super) fn refuse_ends(&self, sweep: &SweepSpec<'a>, problems: &mut Problems) {
        for (span, search) in &sweep.searches {
            for index in [0, search.scale.steps()] {
                if !problems.is_empty() {
                    return;
                }
                self.refuse_end(*span, search, index, problems);
            }
        }
    }

    fn refuse_end(&self, span: Span, search: &ThresholdSearch, index: u32, problems: &mut Problems) {
        let (path, value) = (&search.path, search.scale.text(index));
        let text = match Path::parse(path).and_then(|path| changed(self.source, &path, &value)) {
            Ok(text) => text,
            Err(problem) => {
                let message = format!("cannot vary `{path}`: {}", problem.message);
                return problems.push(Problem { place: Some(span), path: String::new(), message, second: None, ..problem });
            }
        };
        let mut source = self.source.clone();
        source.text = text;
        let mut inner = Problems::new();
        if let Some(reader) = Reader::new(&source, self.data, self.vocabulary, &mut inner) {
            let clockwork = reader.clockwork(&mut inner);
            let arms = reader.arms(&mut inner);
            reader.systems(&arms, clockwork, &mut inner);
        }
        for problem in inner.sorted() {
            let message = format!("with {path} = {value}: {}", problem.message);
            problems.push(Problem { place: Some(span), path: String::new(), message, second: None, ..problem.clone() });
        }
    }
}
