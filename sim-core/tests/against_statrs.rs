//! Do our distributions agree with an independent implementation?
//!
//! `statrs` is written by others, from other sources. It is asked here only, and decides nothing.

use sim_core::stats::quantile::Quantile;
use sim_core::stats::{binomial, normal, student};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

const SHARES: [f64; 11] = [1e-6, 0.001, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.975, 0.999];

#[test]
fn normal_quantiles_and_tails() {
    let theirs = Normal::new(0.0, 1.0).unwrap();
    for share in SHARES {
        let (is, of) = (normal::quantile(share), theirs.inverse_cdf(share));
        assert!((is - of).abs() < 1e-9 * of.abs().max(1.0), "{share}: {is} for {of}");
        assert!((normal::at_most(of) - theirs.cdf(of)).abs() < 1e-10, "{of}");
    }
}

#[test]
fn quantiles_and_tails_of_students_t() {
    for freedom in [1_u64, 2, 3, 5, 9, 19, 29, 99, 399, 2999] {
        let theirs = StudentsT::new(0.0, 1.0, freedom as f64).unwrap();
        for share in SHARES {
            let is = student::quantile(share, freedom);
            // Their inverse is the coarser of the two: it is the curve that is held, at our quantile.
            assert!((theirs.cdf(is) - share).abs() < 1e-9, "{share} with {freedom}: {}", theirs.cdf(is));
            assert!((student::at_most(is, freedom) - theirs.cdf(is)).abs() < 1e-9, "{is} with {freedom}");
        }
    }
}

#[test]
fn sums_of_the_binomial_distribution() {
    for (total, share) in [(20, 0.05), (20, 0.5), (100, 0.01), (400, 0.3), (3000, 0.99)] {
        let theirs = Binomial::new(share, total).unwrap();
        for count in (0..=total).step_by((total / 20) as usize) {
            assert!((binomial::at_most(count, total, share) - theirs.cdf(count)).abs() < 1e-9, "{count} of {total} at {share}");
            let above = if count == 0 { 1.0 } else { theirs.sf(count - 1) };
            assert!((binomial::at_least(count, total, share) - above).abs() < 1e-9, "{count} of {total} at {share}");
        }
    }
}

#[test]
fn ranks_of_quantile_intervals_leave_at_most_a_fortieth_on_each_side_and_are_the_narrowest_that_do() {
    for (quantile, share) in [(Quantile::MEDIAN, 0.5), (Quantile::P5, 0.05), (Quantile::P95, 0.95), (Quantile::P99, 0.99)] {
        for count in [20_u64, 100, 400, 1000] {
            let Some((low, high)) = quantile.interval_ranks(count) else { continue };
            let below = Binomial::new(share, count).unwrap();
            // The true quantile lies below the value of rank r if fewer than r of all values do, that is at most r - 1.
            assert!(below.cdf(low - 1) <= 0.025 && below.cdf(low) > 0.025, "{count} at {share}: {low}");
            assert!(below.sf(high - 1) <= 0.025 && below.sf(high - 2) > 0.025, "{count} at {share}: {high}");
        }
    }
}
