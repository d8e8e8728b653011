//! What does a line do to the messages on it, one after the other?

use crate::links::way;
use crate::*;
use models::links::{Back, Crossing, Disturbance, Line, LineState, LinkChange, Luck};
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
