//! Between which bounds does a proportion lie, when k of n were seen?
//!
//! Source: Wilson, JASA 22 (1927); numbers checked against Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
//! It stays inside [0, 1] and says something even for none and for all of n, where the textbook interval has no width.
//! Left out: the continuity correction, which is wider than it says.

/// The 97.5 % point of the normal distribution: 95 % between plus and minus this.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson interval of a proportion of which `successes` out of `total` were seen; `None` if nothing was.
///
/// ```
/// use sim_core::stats::interval::wilson;
/// let (low, high) = wilson(0, 20).expect("something was seen");
/// assert!(low < 1e-12 && (high - 0.1611).abs() < 5e-5);
/// ```
pub fn wilson(successes: u64, total: u64) -> Option<(f64, f64)> {
    if total == 0 {
        return None;
    }
    assert!(successes <= total, "no more successes than trials");
    let (n, share) = (total as f64, successes as f64 / total as f64);
    let scale = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Key, Seed};

    #[test]
    fn the_bounds_are_those_of_newcombes_table() {
        for (successes, total, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let (l, h) = wilson(successes, total).unwrap();
            assert!((l - low).abs() < 5e-5 && (h - high).abs() < 5e-5, "{successes} of {total}: {l} to {h}");
        }
    }

    #[test]
    fn the_bounds_are_mirrored_when_successes_and_failures_are() {
        let ((l, h), (ml, mh)) = (wilson(3, 40).unwrap(), wilson(37, 40).unwrap());
        assert!((l + mh - 1.0).abs() < 1e-12 && (h + ml - 1.0).abs() < 1e-12);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn the_interval_covers_the_true_share_about_as_often_as_it_says() {
        let samples = 2_000_u64;
        let covered = (0..samples)
            .filter(|&sample| {
                let seed = Seed::new(sample);
                let hits = (0..60).filter(|&i| seed.draws(Key::named("hit"), i).share().index(10) < 3).count();
                let (low, high) = wilson(hits as u64, 60).unwrap();
                (low..=high).contains(&0.3)
            })
            .count() as u64;
        assert!((1_860..=1_940).contains(&covered), "{covered} of {samples}");
    }
}
