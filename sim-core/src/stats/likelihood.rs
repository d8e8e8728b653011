//! How much more likely is it that two counts have different causes than that they have the same?
//!
//! The logarithm of the likelihood ratio (half of Wilks' statistic G; S. Wilks 1938): it knows that both counts are uncertain, and that few events are not
//! spread like a normal distribution. Of many questions asked at once, the chance that any is answered wrongly is below a limit where the
//! logarithm exceeds that of the number of questions divided by the limit: a bound by large deviations (H. Chernoff 1952), on the safe side.

use super::ln;

/// So many successes out of so many trials, here and there: nothing (0) if the shares are the same.
pub fn of_shares((good, all): (u128, u128), (other_good, other_all): (u128, u128)) -> f64 {
    let both = (all + other_all) as f64;
    let share = (good + other_good) as f64 / both;
    let of = |good: u128, all: u128| {
        let bad = all.saturating_sub(good);
        term(good, all as f64 * share) + term(bad, all as f64 * (1.0 - share))
    };
    of(good, all) + of(other_good, other_all)
}

/// So many successes out of so many trials, beside a share that is known for certain: nothing (0) if it is that.
pub fn of_known_share((good, all): (u128, u128), (other_good, other_all): (u128, u128)) -> f64 {
    let share = other_good as f64 / other_all as f64;
    term(good, all as f64 * share) + term(all.saturating_sub(good), all as f64 * (1.0 - share))
}

/// So many events in so much time, here and there: nothing (0) if the rates are the same.
pub fn of_counts((count, time): (u128, u128), (other_count, other_time): (u128, u128)) -> f64 {
    let rate = (count + other_count) as f64 / (time + other_time) as f64;
    term(count, time as f64 * rate) + term(other_count, other_time as f64 * rate)
}

/// What one count adds that was expected to be so much.
fn term(count: u128, expected: f64) -> f64 {
    if count == 0 { 0.0 } else { count as f64 * ln(count as f64 / expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shares_and_rates_say_nothing_and_unequal_ones_more_the_more_there_are() {
        assert!(of_shares((50, 100), (500, 1000)).abs() < 1e-9);
        assert!(of_counts((50, 100), (500, 1000)).abs() < 1e-9);
        let (few, many) = (of_shares((4, 10), (50, 100)), of_shares((400, 1000), (5_000, 10_000)));
        assert!(0.0 < few && (many / few - 100.0).abs() < 1e-6, "{few} {many}");
        assert!(of_shares((0, 10), (0, 10)).abs() < 1e-9 && of_shares((10, 10), (7, 7)).abs() < 1e-9);
    }

    #[test]
    fn a_textbook_table_has_the_textbook_g() {
        // 10 of 100 against 20 of 100, by hand: G = 2 (10 ln(10/15) + 90 ln(90/85) + 20 ln(20/15) + 80 ln(80/85)) = 3.9866.
        let g = 2.0 * of_shares((10, 100), (20, 100));
        assert!((g - 3.986_6).abs() < 1e-3, "{g}");
    }

    #[test]
    fn a_loss_that_is_certain_where_the_level_is_known_is_not_where_it_is_a_guess() {
        let (known, guessed) = (of_shares((46, 50), (29_700, 30_000)), of_shares((46, 50), (99, 100)));
        assert!(known > 2.0 * guessed, "{known} {guessed}");
        let certain = of_known_share((46, 50), (99, 100));
        assert!(certain >= known && of_known_share((49, 50), (1, 1)) == f64::INFINITY, "{certain} {known}");
        assert!(of_known_share((50, 50), (1, 1)).abs() < 1e-9);
    }
}
