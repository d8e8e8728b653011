//! Where on a picture is an instant?
//!
//! Time goes to the right evenly, as long as what happens can be told apart then. Where it cannot, because messages take a millionth of the time between
//! two of them, the space between two instants is partly the same for all, and the picture says so.

use super::spacetime::Diagram;
use std::collections::BTreeSet;

/// So much space there is between two instants of a stretched picture, if there is enough for all.
const WANTED: f64 = 16.0;
/// Of all space, so much is given away evenly at most.
const MOST_EVEN: f64 = 0.75;
/// Instants that are nearer than this cannot be told apart.
const CROWDED: f64 = 3.0;
/// More instants than this are not stretched: none of them would get enough.
const MOST_STRETCHED: usize = 150;

/// From instants to places.
pub struct Scale {
    /// Instants whose places are known, in order; between two of them time is even.
    stops: Vec<(u64, f64)>,
    /// Whether time is not even everywhere.
    pub is_stretched: bool,
}

impl Scale {
    /// For a diagram that lies between two places.
    pub fn of(diagram: &Diagram, left: f64, right: f64) -> Self {
        let (from, until) = diagram.window;
        let from = from.min(u64::MAX - 1);
        let until = until.max(from + 1);
        let even = (right - left) / (until - from) as f64;
        let instants: Vec<u64> = instants(diagram, from, until).into_iter().collect();
        let gaps = instants.len() - 1;
        let crowded = instants.windows(2).filter(|pair| (pair[1] - pair[0]) as f64 * even < CROWDED).count();
        if crowded * 3 <= gaps || instants.len() > MOST_STRETCHED {
            return Self { stops: vec![(from, left), (until, right)], is_stretched: false };
        }
        let for_each = WANTED.min((right - left) * MOST_EVEN / gaps as f64);
        let rest = 1.0 - for_each * gaps as f64 / (right - left);
        let place = |(place, at): (usize, u64)| (at, left + for_each * place as f64 + (at - from) as f64 * even * rest);
        Self { stops: instants.into_iter().enumerate().map(place).collect(), is_stretched: true }
    }

    /// The place of an instant; of one outside, the nearest.
    pub fn x(&self, at: u64) -> f64 {
        let after = self.stops.partition_point(|(stop, _)| *stop <= at);
        match (after.checked_sub(1).map(|before| self.stops[before]), self.stops.get(after)) {
            (Some((earlier, x)), Some((later, end))) => x + (end - x) * ((at - earlier) as f64 / (later - earlier) as f64),
            (Some((_, x)), None) | (None, Some(&(_, x))) => x,
            (None, None) => 0.0,
        }
    }

    /// Instants for an axis of a stretched picture: some of those at which something happens, with so much space between them.
    pub fn some(&self, apart: f64) -> Vec<u64> {
        let mut free_from = f64::MIN;
        let is_far = |stop: &&(u64, f64)| {
            let is_far = stop.1 >= free_from;
            free_from = if is_far { stop.1 + apart } else { free_from };
            is_far
        };
        self.stops.iter().filter(is_far).map(|(at, _)| *at).collect()
    }
}

/// When anything happens, the ends of the window included.
fn instants(diagram: &Diagram, from: u64, until: u64) -> BTreeSet<u64> {
    let messages = diagram.messages.iter().flat_map(|message| [message.sent, message.arrived]);
    let spans = diagram.bars.iter().chain(&diagram.shades).flat_map(|span| [span.from, span.until]);
    let marks = diagram.marks.iter().map(|mark| mark.at);
    messages.chain(spans).chain(marks).filter(|at| (from..=until).contains(at)).chain([from, until]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::spacetime::Mark;
    use super::*;

    fn at_instants(instants: &[u64]) -> Scale {
        let marks = instants.iter().map(|at| Mark { at: *at, ..Mark::default() }).collect();
        let window = (instants[0], instants[instants.len() - 1]);
        Scale::of(&Diagram { marks, window, ..Diagram::default() }, 100.0, 1100.0)
    }

    #[test]
    fn time_is_even_where_what_happens_can_be_told_apart() {
        let scale = at_instants(&[0, 250, 500, 1000]);
        assert!(!scale.is_stretched);
        assert_eq!([0, 250, 1000, 5000].map(|at| scale.x(at).to_bits()), [100.0_f64, 350.0, 1100.0, 1100.0].map(f64::to_bits));
    }

    #[test]
    fn what_happens_within_a_millionth_gets_room_and_stays_in_order() {
        let instants = [5_000_000_000, 5_000_000_001, 5_000_000_002, 5_000_000_003, 5_100_000_000];
        let scale = at_instants(&instants);
        assert!(scale.is_stretched);
        let places = instants.map(|at| scale.x(at));
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= WANTED - 0.01), "{places:?}");
        assert!((places[0] - 100.0).abs() < 1e-6 && (places[4] - 1100.0).abs() < 1e-6, "{places:?}");
        assert_eq!(scale.some(100.0), [instants[0], instants[4]]);
        assert!((scale.x(5_050_000_000) - (places[3] + places[4]) / 2.0).abs() < 1.0);
    }

    #[test]
    fn a_picture_of_one_instant_has_a_place() {
        assert!(at_instants(&[7]).x(7).is_finite());
    }
}
