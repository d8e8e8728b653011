//! What do links do to the calls over them?

use crate::*;
use models::links::{Back, Corruption};
use models::outcome::{Failure, Outcome};
use models::protocols::{Group, Row};
use sim_core::draw::Key;
use sim_core::units::{Bandwidth, Size};

pub(crate) fn way(delay: Distribution) -> Link {
    link("app", "server", delay)
}

/// A hundred calls a second for ten seconds to a server that needs a millisecond, over one link, with timeouts of a second.
fn over(link: Link) -> SystemSpec {
    let mut spec = pair(clients(50, "server", poisson(100)), service(Distribution::Constant(ms(1))), link, vec![timeout(ms(1_000))]);
    spec.clockwork.horizon = SimDuration::from_secs(10);
    spec
}

/// Every message that was sent or copied arrived or was lost, and nothing is left of it.
fn check_messages(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0), "records are in use");
}

#[test]
fn a_copied_request_is_worked_on_twice_and_a_copied_answer_is_ignored() {
    let back = Some(Back { duplicate: Some(Share::NONE), ..Back::default() });
    let ended = play(&over(Link { duplicate: Share::ALL, back, ..way(Distribution::Constant(ms(10))) }), 3);
    check_messages(&ended);
    let (calls, messages) = (ended.measures.calls, ended.measures.messages);
    assert_eq!((messages.copied, messages.sent), (calls, 3 * calls), "each request twice, and an answer to each");
    assert_eq!(ended.measures.succeeded, calls);
    assert_eq!(ended.measures.work, ms(1) * (2 * calls));
    assert_eq!(ended.measures.wasted_work, ms(1) * calls);
    let late = ended.seen.iter().filter(|(_, record)| matches!(record, Record::DeliveredLate(name, ..) if name.copy <= 1)).count();
    assert_eq!(late as u64, calls);

    let back = Some(Back { duplicate: Some(Share::ALL), ..Back::default() });
    let ended = play(&over(Link { back, ..way(Distribution::Constant(ms(10))) }), 3);
    check_messages(&ended);
    assert_eq!((ended.measures.messages.copied, ended.measures.work), (calls, ms(1) * calls));
    let ignored = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Ignored(..))).count();
    assert_eq!((ignored as u64, ended.measures.succeeded), (calls, calls));
}

#[test]
fn a_copy_saves_a_call_whose_first_answer_is_lost() {
    let lossy = Link { back: Some(Back { loss: Some(Share::percent(50)), ..Back::default() }), ..way(exponential(ms(10))) };
    let alone = play(&over(lossy.clone()), 4).measures;
    let copied = play(
        &over(Link {
            duplicate: Share::ALL,
            back: Some(Back { duplicate: Some(Share::NONE), ..lossy.back.clone().expect("it is written") }),
            ..lossy
        }),
        4,
    );
    check_messages(&copied);
    let share = |measures: &RunMeasures| measures.succeeded as f64 / measures.calls as f64;
    assert!((0.45..0.55).contains(&share(&alone)), "{}", share(&alone));
    assert!((0.70..0.80).contains(&share(&copied.measures)), "{}", share(&copied.measures));
}

#[test]
fn what_is_altered_and_found_out_is_dropped_and_counted_apart() {
    let ended = play(&over(Link { corrupt: Share::percent(20), ..way(Distribution::Constant(ms(10))) }), 5);
    check_messages(&ended);
    let messages = ended.measures.messages;
    assert_eq!((messages.lost, messages.altered, ended.measures.wrong), (0, 0, 0));
    let share = messages.corrupt as f64 / messages.sent as f64;
    assert!((0.17..0.23).contains(&share), "{share}");
    assert!((0.58..0.70).contains(&(ended.measures.succeeded as f64 / ended.measures.calls as f64)), "0.8^2 of all calls succeed");
}

#[test]
fn what_is_altered_and_not_found_out_makes_answers_wrong_downstream_as_well() {
    let link = Link { corrupt_undetected: Share::percent(10), ..way(Distribution::Constant(ms(10))) };
    let ended = play(&over(link.clone()), 6);
    check_messages(&ended);
    assert_eq!(ended.measures.succeeded, ended.measures.calls, "nobody finds out");
    let share = |measures: &RunMeasures| measures.wrong as f64 / measures.calls as f64;
    assert!((0.15..0.23).contains(&share(&ended.measures)), "1 - 0.9^2 of all answers are wrong: {}", share(&ended.measures));
    // The same link, one step further inside: a front asks the server.
    let mut spec = over(link);
    let front = Service { does: vec![models::services::Task::Call("server".to_owned())], ..service(Distribution::Constant(ms(1))) };
    spec.services.push(("front".to_owned(), Service { domain: Placement(vec!["app".to_owned()]), ..front }));
    spec.clients[0].1.calls = "front".to_owned();
    spec.stacks = vec![("app -> front".to_owned(), vec![timeout(ms(1_000))])];
    let ended = play(&spec, 6);
    assert!((0.15..0.23).contains(&share(&ended.measures)), "{}", share(&ended.measures));
}

#[test]
fn a_link_for_some_kinds_of_message_treats_these_alone() {
    let mut spec = over(way(Distribution::Constant(ms(10))));
    spec.links.push(Link { kinds: vec!["reply".to_owned()], ..way(Distribution::Constant(ms(30))) });
    let ended = play(&spec, 7);
    assert_eq!(ended.measures.latency.mean, ms(41));
    check_messages(&ended);
    spec.links[1].kinds = vec!["reply".to_owned(), "request".to_owned()];
    assert_eq!(play(&spec, 7).measures.latency.mean, ms(61));
    // It makes no way where there is none.
    spec.links.remove(0);
    assert!(Plan::new(&spec).is_err());
    spec.links[0].kinds = vec!["repply".to_owned()];
    let complaints = Plan::new(&spec).expect_err("there is no such kind");
    assert!(complaints.iter().any(|complaint| complaint.field == "links[0].kinds[0]"), "{complaints:?}");
}

#[test]
fn messages_of_a_group_are_copied_altered_and_lost_as_all_others() {
    let mut spec = over(Link {
        duplicate: Share::percent(20),
        corrupt_undetected: Share::percent(10),
        loss: Share::percent(5),
        ..way(exponential(ms(10)))
    });
    spec.services.clear();
    spec.groups = vec![("row".to_owned(), Group::Row(Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE }))];
    spec.clients[0].1.calls = "row".to_owned();
    spec.stacks = vec![("app -> row".to_owned(), vec![timeout(ms(1_000))])];
    let ended = play(&spec, 8);
    check_messages(&ended);
    let messages = ended.measures.messages;
    assert!(messages.copied > 500 && messages.altered > 100 && messages.corrupt > 20 && messages.lost > 100, "{messages:?}");
    let conflicts = ended.measures.failed[Failure::Conflict.index()];
    assert!(conflicts > 100, "a second write of one writer meets its own first one: {conflicts}");
    // A link for writes alone loses these, and nothing else.
    spec.links = vec![
        way(Distribution::Constant(ms(1))),
        Link { kinds: vec!["write".to_owned()], loss: Share::ALL, ..way(Distribution::Constant(ms(1))) },
    ];
    let ended = play(&spec, 8);
    check_messages(&ended);
    assert_eq!((ended.measures.succeeded, ended.measures.messages.lost), (0, ended.measures.calls));
}

#[test]
fn the_word_that_a_caller_has_gone_is_lost_and_delayed_as_all_others() {
    let work_of = |link: Link| {
        let mut spec = over(link);
        spec.services[0].1 = Service { late_work: LateWork::Cancel, ..service(Distribution::Constant(ms(500))) };
        spec.stacks[0].1 = vec![timeout(ms(100))];
        let ended = play(&spec, 9);
        check_messages(&ended);
        (ended.measures.work.as_nanos() / ended.measures.calls / 1_000_000, ended.measures.messages)
    };
    let link = way(Distribution::Constant(ms(10)));
    // Given up 100 ms after it was sent, it is heard of 10 ms later, and was begun after 10 ms.
    assert_eq!(work_of(link.clone()).0, 100);
    assert_eq!(work_of(Link { fifo: true, ..link.clone() }).0, 100);
    let (work, messages) = work_of(Link { loss: Share::percent(50), ..link.clone() });
    // Half of the requests do not come; of the other half every second is worked on to its end.
    assert!((140..160).contains(&work), "{work}");
    assert!(messages.lost > messages.sent / 3);
    // Only words are lost.
    let mut spec = over(link.clone());
    spec.links.push(Link { kinds: vec!["cancel".to_owned()], loss: Share::ALL, ..link });
    spec.services[0].1 = Service { late_work: LateWork::Cancel, ..service(Distribution::Constant(ms(500))) };
    spec.stacks[0].1 = vec![timeout(ms(100))];
    let ended = play(&spec, 9);
    check_messages(&ended);
    assert_eq!(ended.measures.work, ms(500) * ended.measures.calls);
}

#[test]
fn large_answers_fill_a_line_and_small_requests_do_not() {
    let bandwidth = Some(Bandwidth::from_bits_per_second(8_000_000));
    let mut spec = over(Link { bandwidth, ..way(Distribution::Constant(ms(10))) });
    spec.services[0].1.reply_size = Size::from_bytes(20_000);
    spec.stacks.clear();
    let ended = play(&spec, 10);
    check_messages(&ended);
    // A hundred answers a second of 20 ms each: after ten seconds about as much waits as has been sent.
    let longest = ended.measures.latency.max;
    assert!(longest > SimDuration::from_secs(8) && longest < SimDuration::from_secs(13), "{longest}");
    spec.services[0].1.reply_size = USUAL_SIZE;
    spec.services[0].1.request_size = Size::from_bytes(5_000);
    let mean = play(&spec, 10).measures.latency.mean;
    // M/D/1 at 50 %: half of the 5 ms is waited for.
    assert!(mean > ms(28) && mean < ms(31), "{mean}");
}

#[test]
fn whatever_links_do_every_message_arrives_or_is_lost_once_in_random_systems() {
    use proptest::strategy::{Strategy as _, ValueTree};
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(conservation::config());
    let mut all = models::measure::MessageMeasures::default();
    for seed in 0..900_u64 {
        let mut spec = conservation::system().new_tree(&mut runner).expect("a system is made").current();
        make_rare(&mut spec, seed);
        let ended = play(&spec, seed);
        check_messages(&ended);
        let nothing_wrong = Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len());
        assert_eq!(ended.environment, nothing_wrong, "all faults are over");
        let measures = &ended.measures;
        assert_eq!(measures.succeeded + measures.failed.iter().sum::<u64>() + measures.unfinished, measures.calls);
        assert!(measures.wrong <= measures.succeeded && measures.unfinished == 0);
        assert_eq!(ended.digest, play(&spec, seed).digest);
        let seen = measures.messages;
        for (sum, one) in [
            (&mut all.copied, seen.copied),
            (&mut all.lost, seen.lost),
            (&mut all.cut, seen.cut),
            (&mut all.full, seen.full),
            (&mut all.corrupt, seen.corrupt),
            (&mut all.dead, seen.dead),
            (&mut all.altered, seen.altered),
        ] {
            *sum += one;
        }
    }
    assert!([all.copied, all.lost, all.cut, all.full, all.corrupt, all.dead, all.altered].iter().all(|&count| count > 200), "{all:?}");
}

/// Gives the links of a random system something to remember, and lets routing know of cuts.
fn make_rare(spec: &mut SystemSpec, seed: u64) {
    let bit = |place: u64| Seed::new(seed).draws(Key::named("rare").child(place), 1);
    for (index, link) in (0..).zip(&mut spec.links) {
        let draws = bit(index);
        let some = |place: usize, percent: u64| if draws.numbered(place).bits() & 1 == 0 { Share::percent(percent) } else { Share::NONE };
        link.duplicate = some(0, 30);
        link.corrupt = some(1, 10);
        link.corrupt_undetected = some(2, 10);
        link.fifo = draws.numbered(3).bits() & 1 == 0;
        if !link.fifo {
            link.reorder = some(3, 20);
        }
        if link.loss != Share::NONE && draws.numbered(4).bits() & 1 == 0 {
            link.burst = Some(5.0);
        }
        if draws.numbered(5).bits() & 1 == 0 {
            link.bandwidth = Some(Bandwidth::from_bits_per_second(1_000_000));
            link.queue = Some(Size::from_bytes(5_000));
        }
        if draws.numbered(6).bits() & 1 == 0 && link.from != link.to {
            link.back = Some(Back { duplicate: Some(Share::percent(50)), ..Back::default() });
        }
    }
    // A second way between the regions, for routing to find.
    spec.links.push(link("eu", "middle", exponential(ms(4))));
    spec.links.push(link("middle", "us", exponential(ms(4))));
    if seed.is_multiple_of(2) {
        spec.routing.convergence = Some(ms(40));
    }
}

#[test]
fn an_attempt_that_meets_a_corrupted_or_copied_message_is_named_in_the_records() {
    let ended = play(&over(Link { corrupt_undetected: Share::ALL, duplicate: Share::ALL, ..way(Distribution::Constant(ms(10))) }), 11);
    check_messages(&ended);
    assert_eq!(ended.measures.wrong, ended.measures.calls);
    assert!(ended.seen.iter().any(|(_, record)| matches!(record, Record::Altered(..))));
    assert!(ended.seen.iter().any(|(_, record)| matches!(record, Record::Answered(name, _, Outcome::Success) if name.copy == 1)));
    assert_ne!(Corruption::None, Corruption::Undetected);
}
