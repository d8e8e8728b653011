//! Which way does a message take, and how long?

use crate::*;
use models::topology::Topology;
use sim_core::draw::Draw;

fn constant(from: &str, to: &str, millis: u64) -> Link {
    link(from, to, Distribution::Constant(ms(millis)))
}

/// How long a message takes, if it comes at all.
fn delay(links: &[Link], from: &str, to: &str) -> Option<SimDuration> {
    let mut topology = Topology::new(links);
    topology.connect(from, to).map(|route| topology.route(route).delay(Draw::from_unit(0.3)))
}

#[test]
fn a_link_of_a_domain_serves_every_domain_inside_it() {
    let links = [constant("eu", "us", 80)];
    for (from, to) in [("eu", "us"), ("eu/a", "us"), ("eu/a/rack1", "us/b"), ("us/b", "eu/a")] {
        assert_eq!(delay(&links, from, to), Some(ms(80)), "{from} to {to}");
    }
    // A name that only begins alike is another domain.
    assert_eq!(delay(&links, "europe", "us"), None);
    // Inside one domain nothing needs saying. Between two parts of it there must be a way: none leads out and in again.
    assert_eq!(delay(&links, "eu/a", "eu/a"), Some(SimDuration::NANOSECOND));
    assert_eq!(delay(&links, "eu/a", "eu/b"), None);
    assert_eq!(delay(&[Link { one_way: true, ..constant("eu", "us", 80) }], "eu/a", "eu/b"), None);
    assert_eq!(delay(&[constant("eu", "eu", 2)], "eu/a", "eu/b"), Some(ms(2)));
}

#[test]
fn the_most_specific_link_wins_wherever_it_is_written() {
    let links = [constant("eu", "us", 80), constant("eu/a", "us/b", 60), constant("eu/a", "us", 70), constant("eu/a", "eu/a", 1)];
    let mut backwards = links.clone();
    backwards.reverse();
    for links in [links, backwards] {
        assert_eq!(delay(&links, "eu/a", "us/b"), Some(ms(60)));
        assert_eq!(delay(&links, "us/b/rack", "eu/a/rack"), Some(ms(60)));
        assert_eq!(delay(&links, "eu/a", "us/c"), Some(ms(70)));
        assert_eq!(delay(&links, "eu/b", "us/b"), Some(ms(80)));
        assert_eq!(delay(&links, "eu/a", "eu/a"), Some(ms(1)));
    }
}

#[test]
fn where_no_link_is_written_the_cheapest_way_is_taken_and_its_delays_add_up() {
    let links = [constant("a", "b", 10), constant("b", "d", 15), constant("a", "c", 5), constant("c", "e", 5), constant("e", "d", 5)];
    assert_eq!(delay(&links, "a", "d"), Some(ms(15)));
    assert_eq!(delay(&links, "d", "a"), Some(ms(15)));
    // A link of one's own is taken, however long it is.
    assert_eq!(delay(&[&links[..], &[constant("a", "d", 100)]].concat(), "a", "d"), Some(ms(100)));
}

#[test]
fn every_hop_draws_its_own_delay_and_losses_combine() {
    let half = |from, to| Link { loss: Share::percent(50), ..link(from, to, exponential(ms(10))) };
    let mut topology = Topology::new(&[half("a", "b"), half("b", "c")]);
    let route = topology.connect("a", "c").expect("there is a way");
    let draw = Draw::from_unit(0.3);
    let sampler = exponential(ms(10)).compile();
    let total = topology.route(route).delay(draw);
    assert!(total > sampler.sample(draw) && total != sampler.sample(draw) + sampler.sample(draw));
    assert_eq!(topology.route(route).loss(), Share::percent(75));
}

#[test]
fn a_one_way_link_leads_one_way() {
    let links = [Link { one_way: true, ..constant("a", "b", 10) }];
    assert_eq!(delay(&links, "a", "b"), Some(ms(10)));
    assert_eq!(delay(&links, "b", "a"), None);
}

#[test]
fn a_callee_that_cannot_be_reached_is_a_problem_and_not_a_panic() {
    let spec = pair(clients(1, "server", once()), service(Distribution::Constant(ms(1))), constant("elsewhere", "server", 1), Vec::new());
    let complaints = Plan::new(&spec).expect_err("there is no way");
    assert!(complaints.iter().any(|complaint| complaint.message.contains("needs a way from \"app\" to \"server\"")), "{complaints:?}");
    let one_way = Link { one_way: true, ..constant("app", "server", 1) };
    let complaints = Plan::new(&SystemSpec { links: vec![one_way], ..spec }).expect_err("there is no way back");
    assert!(complaints.iter().any(|complaint| complaint.message.contains("needs a way from \"server\" to \"app\"")), "{complaints:?}");
}

#[test]
fn messages_of_a_run_travel_as_their_route_says() {
    let spec = SystemSpec {
        links: vec![constant("app", "hub", 30), constant("hub", "server", 12)],
        ..pair(clients(1, "server", once()), service(Distribution::Constant(ms(100))), constant("app", "hub", 30), Vec::new())
    };
    let ended = play(&spec, 1);
    let instants: Vec<_> = ended.seen.iter().map(|(at, _)| at.as_nanos() - 1).collect();
    // Call, send, start, answer, deliver, end.
    assert_eq!(instants, [0, 0, 42_000_000, 142_000_000, 184_000_000, 184_000_000]);
}

/// Whether a call from one domain to another is answered while a cut between two domains is on.
fn passes(links: &[Link], (from, to): (&str, &str), (cut_from, cut_to): (&str, &str)) -> bool {
    let mut spec =
        pair(clients(1, "server", poisson(100)), service(Distribution::Constant(ms(1))), links[0].clone(), vec![timeout(ms(900))]);
    spec.links = links.to_vec();
    spec.clients[0].1.domain = from.to_owned();
    spec.services[0].1.domain = Placement(vec![to.to_owned()]);
    // Somebody stands in every domain that is named, so that a cut may name it.
    for (index, domain) in [cut_from, cut_to].into_iter().enumerate() {
        let other = Service { domain: Placement(vec![domain.to_owned()]), ..service(Distribution::Constant(ms(1))) };
        spec.services.push((format!("other{index}"), other));
    }
    spec.clockwork.horizon = SimDuration::from_secs(1);
    spec.faults = vec![cut(cut_from, cut_to, false, SimDuration::NANOSECOND, None)];
    play(&spec, 3).measures.succeeded > 0
}

#[test]
fn a_cut_takes_the_domains_inside_with_it_and_no_others() {
    let links = [constant("eu", "us", 10), constant("eu", "eu", 1)];
    assert!(!passes(&links, ("eu/a", "us/b"), ("eu", "us")));
    assert!(!passes(&links, ("eu/a", "us/b"), ("us", "eu/a")));
    assert!(!passes(&links, ("eu/a", "eu/b"), ("eu/a", "eu/b")));
    assert!(passes(&links, ("eu/a", "us/b"), ("eu/b", "us")));
    assert!(passes(&links, ("eu/a", "eu/b"), ("eu", "us")));
}

#[test]
fn a_cut_between_a_domain_and_one_inside_it_leaves_the_inner_one_whole() {
    let links = [constant("eu", "eu", 1)];
    assert!(!passes(&links, ("eu/b", "eu/a"), ("eu", "eu/a")));
    assert!(!passes(&links, ("eu/a", "eu/b"), ("eu/a", "eu")));
    assert!(passes(&links, ("eu/a", "eu/a"), ("eu", "eu/a")), "what stays inside is not between the two");
    assert!(passes(&links, ("eu/a/1", "eu/a/2"), ("eu/a", "eu")), "what stays inside is not between the two");
    assert!(passes(&links, ("eu/b", "eu/c"), ("eu", "eu/a")));
}

#[test]
fn a_cut_of_a_hop_blocks_whoever_goes_over_it() {
    let links = [constant("a", "hub", 10), constant("hub", "b", 10)];
    assert!(!passes(&links, ("a", "b"), ("a", "hub")));
    assert!(!passes(&links, ("a", "b"), ("b", "hub")));
    // The link is written for the whole of `eu`, the message sets out from a part of it.
    let links = [constant("eu", "hub", 10), constant("hub", "us", 10)];
    assert!(!passes(&links, ("eu/a", "us/b"), ("eu/a", "hub")));
    assert!(passes(&links, ("eu/a", "us/b"), ("eu/b", "hub")));
}
