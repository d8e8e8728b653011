//! Which time do most of several sources agree on?
//!
//! Source: K. Marzullo, "Maintaining the Time in a Distributed System", Stanford 1984, as used by NTP: of intervals that
//! should all hold the truth, find the smallest that is held by the greatest number of them. One sweep over sorted ends.

/// What the sources agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The least value that agrees with the most sources.
    pub low: i64,
    /// The greatest that does, without leaving them in between.
    pub high: i64,
    /// How many sources hold all of it.
    pub sources: usize,
}

/// The smallest interval that is held by the greatest number of `intervals`, the lowest of several; ends belong to their
/// intervals, and one whose ends are exchanged is left out.
pub fn marzullo(intervals: impl IntoIterator<Item = (i64, i64)>) -> Option<Agreement> {
    let sound = intervals.into_iter().filter(|(low, high)| low <= high);
    // At one value intervals begin before others end, so that those which touch agree there.
    let mut ends: Vec<(i64, bool)> = sound.flat_map(|(low, high)| [(low, false), (high, true)]).collect();
    ends.sort_unstable();
    let (mut open, mut best) = (0, None::<Agreement>);
    for (index, &(value, is_end)) in ends.iter().enumerate() {
        if is_end {
            open -= 1;
            continue;
        }
        open += 1;
        if best.is_none_or(|best| open > best.sources) {
            best = Some(Agreement { low: value, high: ends[index + 1].0, sources: open });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_literature() {
        assert_eq!(marzullo([(8, 12), (11, 13), (10, 12)]), Some(Agreement { low: 11, high: 12, sources: 3 }));
        assert_eq!(marzullo([(8, 12), (11, 13), (14, 15)]), Some(Agreement { low: 11, high: 12, sources: 2 }));
        assert_eq!(marzullo([(8, 9), (8, 12), (10, 12)]), Some(Agreement { low: 8, high: 9, sources: 2 }));
    }

    #[test]
    fn it_is_what_trying_every_value_finds() {
        for case in 0..500_u64 {
            let number = |n: u64, below: u64| (sim_core::draw::mix(case * 100 + n) % below) as i64;
            let intervals: Vec<_> = (0..1 + case % 7).map(|n| (number(2 * n, 20), number(2 * n, 20) + number(2 * n + 1, 8))).collect();
            let held = |value: i64| intervals.iter().filter(|(low, high)| (*low..=*high).contains(&value)).count();
            let most = (0..30).map(held).max().unwrap();
            let low = (0..30).find(|&value| held(value) == most).unwrap();
            let found = marzullo(intervals.iter().copied()).unwrap();
            assert_eq!((found.low, found.sources), (low, most), "{intervals:?}");
            assert!((found.low..=found.high).all(|value| held(value) == most), "{intervals:?} {found:?}");
        }
        assert_eq!(marzullo([]), None);
        assert_eq!(marzullo([(3, 1)]), None);
    }
}
