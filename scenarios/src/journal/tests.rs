//! Is nothing finished ever lost, and nothing believed that was damaged?

use super::*;

fn run(calls: u64) -> Run {
    let measures = RunMeasures { calls, ..RunMeasures::default() };
    Run {
        measures,
        bins: vec![Bin { started: calls, ..Bin::default() }],
        gauges: Vec::new(),
        latencies: Latencies::default(),
        occupancies: Vec::new(),
        further: Vec::new(),
        digest: Digest::from_value(calls),
        history: None,
        stalled: None,
    }
}

fn kept(folder: &Utf8Path, runs: std::ops::Range<u64>) {
    let mut journal = Journal::open(folder).expect("the folder can be written");
    runs.for_each(|seed| journal.keep(&content_key("abc", seed), seed, &run(seed)).expect("the journal can be written"));
}

#[test]
fn a_journal_that_was_cut_anywhere_and_continued_is_the_same_file() {
    let whole = tempfile::tempdir().unwrap();
    let whole = Utf8Path::from_path(whole.path()).unwrap();
    kept(whole, 0..3);
    let text = fs_err::read(whole.join(FILE)).unwrap();
    for length in 0..text.len() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::write(folder.join(FILE), &text[..length]).unwrap();
        let known = KnownRuns::read(folder).unwrap();
        assert!(known.damaged <= 1);
        kept(folder, known.len() as u64..3);
        assert_eq!(fs_err::read(folder.join(FILE)).unwrap(), text, "cut after {length} bytes");
    }
}

#[test]
fn an_altered_line_is_not_believed_and_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    kept(folder, 0..3);
    let text = fs_err::read_to_string(folder.join(FILE)).unwrap();
    fs_err::write(folder.join(FILE), text.replacen("\"seed\":1", "\"seed\":7", 1)).unwrap();
    let known = KnownRuns::read(folder).unwrap();
    assert_eq!((known.len(), known.damaged), (2, 1));
    assert_eq!(known.damage, [(2, "it was altered, for its checksum is wrong")]);
    assert!(known.get(&content_key("abc", 1)).is_none());
    drop(Journal::open(folder).unwrap());
    assert_eq!(KnownRuns::read(folder).unwrap().damaged, 0);
}
