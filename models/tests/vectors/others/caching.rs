//! Caches and coalescing.

use super::{at_s, secs};
use models::strategies::cache::{Cache, Flights, Freshness, Joined};
use models::strategies::{Scope, Ticket};

pub fn freshness_1() {
    let cache = Cache {
        lifetime: secs(10),
        stale_while_revalidate: secs(5),
        stale_if_error: secs(0),
        hit_ratio: None,
        max_objects: 10,
        per: Scope::Process,
    };
    let at_age = |age: u64| {
        let mut store = cache.fresh();
        cache.answered(&mut store, 1, at_s(100));
        cache.look_up(&mut store, 1, at_s(100 + age))
    };
    let stale = Freshness::Stale { refresh: true };
    assert_eq!([9, 10, 15, 16].map(at_age), [Freshness::Fresh, stale, stale, Freshness::Miss]);
}

pub fn coalescing_2() {
    let (k, j) = (7, 8);
    let mut flights = Flights::default();
    assert_eq!(
        [flights.join(k, Ticket(1)), flights.join(k, Ticket(2)), flights.join(j, Ticket(3))],
        [Joined::Leads, Joined::Follows, Joined::Leads]
    );
    assert_eq!(flights.ended(k, Ticket(1)), [Ticket(2)], "both get what the leader got");
    assert_eq!(flights.join(k, Ticket(4)), Joined::Leads);
    assert_eq!(flights.join(j, Ticket(5)), Joined::Follows, "the other object is still asked for");
}
