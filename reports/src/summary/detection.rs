//! How soon was it noticed that something was wrong?

use crate::table::{Cell, Column};
use scenarios::measure::{Detection, RunMeasures};

/// More episodes than this are summed up.
const MOST_EPISODES: usize = 8;

/// What a run says of the first reactions to its faults.
pub(super) fn of_run(run: &RunMeasures, say: &mut dyn FnMut(&str, Cell, &str)) {
    if run.detections.len() > MOST_EPISODES {
        let missed = run.detections.iter().filter(|detection| detection.after.is_none()).count();
        say("not detected", Cell::Count(missed as u64), "episodes to which nothing reacted while they harmed");
        let longest = run.detections.iter().filter_map(|detection| detection.after).max();
        return say(
            "longest detection",
            Cell::or_missing(longest, Cell::Length),
            "from the begin of the first fault to the first reaction",
        );
    }
    for (index, detection) in run.detections.iter().enumerate() {
        let name = if run.detections.len() == 1 { "detection".to_owned() } else { format!("detection, episode {}", index + 1) };
        let meaning = match detection.by {
            Some(by) => format!("from the begin of the fault to the first reaction: {}", by.in_words()),
            None => "nothing reacted until service was back, or nobody looked any more".to_owned(),
        };
        say(&name, cell(detection), &meaning);
    }
}

fn cell(detection: &Detection) -> Cell {
    detection.after.map_or(Cell::Censored(detection.watched), Cell::Length)
}

/// The columns of a file of runs.
pub fn columns() -> [Column; 2] {
    [Column::text("detection"), Column::number("detection time", "s")]
}

/// The slowest detection of a run, and what it was: a fault that was not detected is slower than any.
pub fn cells(run: Option<&RunMeasures>) -> [Cell; 2] {
    let slowest = run.and_then(|run| run.detections.iter().max_by_key(|one| (one.after.is_none(), one.after, one.watched)));
    let word = |one: &Detection| Cell::text(one.by.map_or("not detected", |by| by.in_words()));
    [Cell::or_missing(slowest, word), Cell::or_missing(slowest, cell)]
}
