//! The history of operations on groups, as Jepsen writes one.

use super::Place;
use super::traces::CHAIN;

#[test]
fn a_history_is_written_as_jepsen_writes_one() {
    let place = Place::with(&[("chain.ron", CHAIN)]);
    assert_eq!(place.run(&["run", "abd-write-back", "--seed", "3", "--quiet", "--trace", "history.edn"]).code, Some(1));
    let history = place.read("history.edn");
    let count = |what: &str| history.lines().filter(|line| line.contains(what)).count();
    assert!(count(":type :invoke") > 500 && count(":f :read") > 100 && count(":f :write") > 100, "{}", history.lines().count());
    assert_eq!(count(":type :invoke"), count(":type :ok") + count(":type :fail") + count(":type :info"));
    let said = place.run(&["run", "chain.ron", "--trace", "history.edn"]);
    assert!(said.code == Some(2) && said.err.contains("nobody asks a group"), "{}", said.err);
    let said = place.run(&["run", "abd-write-back", "--seed", "3", "--quiet", "--trace", "history.edn", "--only", "kind=send"]);
    assert!(said.code == Some(2) && said.err.contains("a history has operations"), "{}", said.err);
    assert_eq!(place.read("history.edn"), history, "what is refused leaves the file of before as it was");
}
