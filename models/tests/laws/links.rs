//! What do lines do to the messages on them, one after the other?

use crate::*;
use models::links::{Back, Corruption, Line, LineState, LinkChange, Luck};
use models::links::{Crossing, Disturbance};
use models::outcome::{Failure, Outcome};
use models::protocols::{Group, Row};
use models::record::Loss;
use sim_core::draw::{Draws, Key};
use sim_core::units::{Bandwidth, Size};

const MESSAGES: u32 = 200_000;

fn luck(number: u32) -> Luck {
    let draws: Draws = Seed::new(5).draws(Key::named("message"), number);
    Luck { delay: draws.request_delay(), loss: draws.request_loss() }
}

/// What becomes of so many messages of 1 kB that are put on a line at these distances.
fn crossings(link: &Link, gap: SimDuration, count: u32) -> Vec<Result<Crossing, Loss>> {
    assert!(link.check().is_empty(), "{:?}", link.check());
    let (line, mut state) = (Line::of(link), LineState::default());
    let mut now = SimTime::ZERO;
    (0..count)
        .map(|number| {
            now = now.saturating_add(gap);
            line.cross(&mut state, None, now, USUAL_SIZE, luck(number))
        })
        .collect()
}

fn way(delay: Distribution) -> Link {
    link("app", "server", delay)
}

/// The lengths of the stretches in which every message is lost.
fn runs_of_losses(crossings: &[Result<Crossing, Loss>]) -> Vec<u64> {
    let mut runs = Vec::new();
    let mut length = 0;
    for crossing in crossings {
        if crossing.is_err() {
            length += 1;
        } else if length > 0 {
            runs.push(std::mem::take(&mut length));
        }
    }
    runs
}

fn mean(values: &[u64]) -> f64 {
    values.iter().sum::<u64>() as f64 / values.len() as f64
}

fn share_lost(crossings: &[Result<Crossing, Loss>]) -> f64 {
    crossings.iter().filter(|crossing| crossing.is_err()).count() as f64 / crossings.len() as f64
}

#[test]
fn on_a_line_that_is_first_in_first_out_no_message_overtakes_another() {
    let arrivals = |fifo| -> Vec<SimTime> {
        let link = Link { fifo, duplicate: Share::percent(20), ..way(exponential(ms(50))) };
        crossings(&link, ms(1), 5_000)
            .into_iter()
            .flat_map(|crossing| [Some(crossing.expect("nothing is lost").at), None])
            .flatten()
            .collect()
    };
    assert!(arrivals(true).windows(2).all(|pair| pair[0] < pair[1]));
    assert!(arrivals(false).windows(2).filter(|pair| pair[0] > pair[1]).count() > 1_000, "else the law above says nothing");
}

#[test]
fn reordered_messages_travel_without_delay_and_so_ahead() {
    let link = Link { reorder: Share::percent(25), ..way(Distribution::Constant(ms(10))) };
    let all = crossings(&link, ms(1), 20_000);
    let ahead = (1..).zip(&all).filter(|(sent, crossing)| crossing.expect("nothing is lost").at < at(*sent + 10)).count();
    assert!((0.24..0.26).contains(&(ahead as f64 / 20_000.0)), "{ahead}");
}

#[test]
fn a_backlog_of_n_messages_takes_n_times_the_time_of_one() {
    // 1 kB over 8 Mbit/s is a millisecond.
    let bandwidth = Some(Bandwidth::from_bits_per_second(8_000_000));
    let link = Link { bandwidth, ..way(Distribution::Constant(ms(7))) };
    let arrivals: Vec<_> =
        crossings(&link, SimDuration::NANOSECOND, 100).into_iter().map(|crossing| crossing.expect("there is room").at).collect();
    for (number, arrival) in (1..).zip(&arrivals) {
        assert_eq!(*arrival, SimTime::from_nanos(1) + ms(number + 7), "message {number}");
    }
    // A line that has had time to empty its queue delays nobody.
    let idle = crossings(&link, ms(1), 100);
    assert!((1..).zip(&idle).all(|(sent, crossing)| crossing.expect("there is room").at == at(sent + 8)));
}

#[test]
fn what_does_not_fit_into_the_queue_of_a_line_is_dropped_and_counted_apart() {
    let bandwidth = Some(Bandwidth::from_bits_per_second(8_000_000));
    let link = Link { bandwidth, queue: Some(Size::from_bytes(10_000)), ..way(Distribution::Constant(ms(7))) };
    let all = crossings(&link, SimDuration::NANOSECOND, 100);
    // Ten kilobytes hold ten messages, with what is left of the one that is being sent.
    assert!(all[..10].iter().all(Result::is_ok), "{:?}", &all[..12]);
    assert!(all[10..].iter().all(|crossing| *crossing == Err(Loss::Full)));
    // Offered twice what it takes: half gets through, and each of those waits for a full queue.
    let all = crossings(&link, SimDuration::from_micros(500), 10_000);
    assert!((0.495..0.505).contains(&share_lost(&all)), "{}", share_lost(&all));
    let last = all.iter().flatten().last().expect("half gets through");
    let (sent, waited) = (SimTime::ZERO + SimDuration::from_micros(500) * 10_000, ms(9));
    assert!(last.at >= sent + waited && last.at <= sent + ms(17), "a message in a full queue waits about 10 ms: {last:?}");
}

#[test]
fn bursts_have_the_mean_loss_and_the_mean_length_that_are_written() {
    for (loss, length) in [(1, 1.5), (5, 4.0), (30, 20.0)] {
        let link = Link { loss: Share::percent(loss), burst: Some(length), ..way(Distribution::Constant(ms(1))) };
        let all = crossings(&link, ms(1), MESSAGES);
        let runs = runs_of_losses(&all);
        // Four standard errors: lengths are geometric, and a share of `runs` bursts is about as uncertain as their number.
        let error = 4.0 / (runs.len() as f64).sqrt();
        assert!((mean(&runs) / length - 1.0).abs() < error, "bursts of {length}: {} over {} bursts", mean(&runs), runs.len());
        let share = share_lost(&all) * 100.0 / loss as f64;
        assert!((share - 1.0).abs() < 1.5 * error, "loss of {loss} %: {share} of it, within {error}");
    }
}

#[test]
fn the_states_of_a_bursty_line_lose_the_shares_that_are_written() {
    let (burst_loss, calm_loss) = (Some(Share::percent(60)), Some(Share::percent(2)));
    let link = Link { loss: Share::percent(10), burst: Some(50.0), burst_loss, calm_loss, ..way(Distribution::Constant(ms(1))) };
    let all = crossings(&link, ms(1), MESSAGES);
    assert!((0.085..0.115).contains(&share_lost(&all)), "{}", share_lost(&all));
    // Two losses in a row: 0.6 * 0.6 within bursts, of which 13.8 % of the messages are part, hardly any between them.
    let pairs = all.windows(2).filter(|pair| pair[0].is_err() && pair[1].is_err()).count() as f64 / all.len() as f64;
    assert!((0.04..0.06).contains(&pairs), "{pairs}");
}

#[test]
fn correlated_losses_come_in_longer_runs_than_independent_ones() {
    // Against the runs of independent losses of the same share, which are 1 / (1 - share) long.
    let of = |correlation: Option<Share>| {
        let link = Link { loss: Share::percent(20), loss_correlation: correlation, ..way(Distribution::Constant(ms(1))) };
        let all = crossings(&link, ms(1), MESSAGES);
        (mean(&runs_of_losses(&all)) * (1.0 - share_lost(&all)), share_lost(&all))
    };
    let (independent, weak, strong) = (of(None), of(Some(Share::percent(25))), of(Some(Share::percent(75))));
    assert!((0.99..1.01).contains(&independent.0), "{independent:?}");
    assert_eq!(of(Some(Share::NONE)), independent, "nothing mixed in is nothing changed");
    assert!(weak.0 > 1.05 && strong.0 > 1.2, "{weak:?} {strong:?}");
    // As in netem, mixing draws them together and loses less than is written.
    assert!(strong.1 < weak.1 && weak.1 < independent.1, "{independent:?} {weak:?} {strong:?}");
}

#[test]
fn changes_of_a_line_add_delays_combine_shares_and_leave_the_least_bandwidth() {
    let line = Line::of(&Link { loss: Share::percent(50), ..way(Distribution::Constant(ms(10))) });
    let mut disturbance = Disturbance::default();
    for (stream, kbit) in [(1, 800), (2, 80)] {
        disturbance.add(&LinkChange {
            stream,
            delay: Some(Distribution::Constant(ms(5))),
            jitter: Some(ms(2)),
            loss: Share::percent(50),
            duplicate: Share::percent(50),
            bandwidth: Some(Bandwidth::from_bits_per_second(kbit * 1_000)),
            ..LinkChange::default()
        });
    }
    let crossing =
        |number, disturbance: Option<&Disturbance>| line.cross(&mut LineState::default(), disturbance, at(0), USUAL_SIZE, luck(number));
    let all: Vec<_> = (0..20_000).map(|number| crossing(number, Some(&disturbance))).collect();
    assert!((0.865..0.885).contains(&share_lost(&all)), "1 - 0.5^3 is lost, not {}", share_lost(&all));
    let through: Vec<_> = all.iter().flatten().collect();
    let copied = through.iter().filter(|crossing| crossing.copy.is_some()).count() as f64 / through.len() as f64;
    assert!((0.72..0.78).contains(&copied), "1 - 0.5^2 is copied, not {copied}");
    // 100 ms to send 1 kB at the least bandwidth, 10 + 5 + 5 ms on the way, and twice up to 2 ms.
    assert!(through.iter().all(|crossing| (at(120)..at(124)).contains(&crossing.at)));
    assert!(through.iter().any(|crossing| crossing.at > at(123)) && through.iter().any(|crossing| crossing.at < at(121)));
    // Whoever gets through with the change gets through without it.
    assert!((0..20_000).all(|number| all[number as usize].is_err() || crossing(number, None).is_ok()));
}

#[test]
fn a_change_of_one_direction_has_draws_of_its_own_however_many_others_there_are() {
    let delay = |streams: &[u64]| {
        let mut disturbance = Disturbance::default();
        for &stream in streams {
            disturbance.add(&LinkChange { stream, jitter: Some(ms(1_000)), ..LinkChange::default() });
        }
        disturbance.delay(luck(1).loss, luck(1).delay)
    };
    assert_eq!(delay(&[7, 9]), delay(&[7]).saturating_add(delay(&[9])));
    assert_eq!(delay(&[7, 9]), delay(&[9, 7]));
    assert_ne!(delay(&[7]), delay(&[9]));
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
fn a_link_with_a_mistake_is_refused_with_the_place_of_the_mistake() {
    let good = way(Distribution::Constant(ms(1)));
    let bad = |link: Link, field: &str| {
        let complaints = link.check();
        assert!(complaints.iter().any(|complaint| complaint.field == field), "{field}: {complaints:?}");
    };
    bad(Link { burst: Some(4.0), ..good.clone() }, "loss");
    bad(Link { burst: Some(0.5), loss: Share::percent(1), ..good.clone() }, "burst");
    bad(Link { burst: Some(1.0), loss: Share::percent(60), ..good.clone() }, "burst");
    bad(Link { burst_loss: Some(Share::ALL), ..good.clone() }, "burst_loss");
    bad(Link { loss_correlation: Some(Share::ALL), ..good.clone() }, "loss_correlation");
    bad(Link { fifo: true, reorder: Share::percent(1), ..good.clone() }, "reorder");
    bad(Link { queue: Some(Size::from_bytes(1)), ..good.clone() }, "queue");
    bad(Link { bandwidth: Some(Bandwidth::from_bits_per_second(0)), ..good.clone() }, "bandwidth");
    bad(Link { one_way: true, back: Some(Back::default()), ..good.clone() }, "back");
    bad(Link { back: Some(Back { burst: Some(4.0), ..Back::default() }), ..good.clone() }, "back.loss");
    assert!(good.check().is_empty());
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
