//! How evenly is what there is shared out among the clients of a population?
//!
//! Jain's index of n numbers is the square of their sum, divided by n times the sum of their squares: 1 if all are equal, 1 / n if one
//! client has everything (R. Jain, D. Chiu, W. Hawe, "A Quantitative Measure of Fairness and Discrimination", DEC-TR-301, 1984).
//! Clients that got nothing count as well. Counted only where a population asks for it, eight bytes for each client.

use crate::call::Call;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};

/// What the clients of a population got, and what they tried for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FairnessMeasures {
    /// The population.
    pub population: String,
    /// How many clients it has.
    pub clients: u32,
    /// Calls that succeeded, client by client.
    pub successes: Evenness,
    /// Attempts of calls that ended, client by client.
    pub attempts: Evenness,
}

/// How numbers, one for each client, spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evenness {
    /// Jain's index in billionths, rounded down; none if all of them are 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jain: Option<u32>,
    /// The least of them.
    pub least: u32,
    /// The greatest of them.
    pub most: u32,
}

/// Parts of an index of one.
const BILLION: u128 = 1_000_000_000;

impl Evenness {
    fn of(numbers: impl Iterator<Item = u32> + Clone) -> Self {
        let add = |(count, sum, squares): (u128, u128, u128), number: u32| {
            (count + 1, sum + u128::from(number), squares + u128::from(number) * u128::from(number))
        };
        let (count, sum, squares) = numbers.clone().fold((0, 0, 0), add);
        // Sums of 10^7 numbers of 32 bits have 56, so that the square times a billion has 142 bits at most in theory: divided in two steps.
        let jain = (squares > 0).then(|| ratio(sum * sum, count * squares));
        Self { jain, least: numbers.clone().min().unwrap_or(0), most: numbers.max().unwrap_or(0) }
    }
}

/// A quotient of at most one in billionths, rounded down.
fn ratio(part: u128, whole: u128) -> u32 {
    let shift = 32_u32.saturating_sub(whole.leading_zeros());
    (((part >> shift) * BILLION) / (whole >> shift)) as u32
}

/// Successes and attempts of each client, for populations that want to know.
#[derive(Clone, Debug, Default)]
pub(super) struct FairnessMeter {
    populations: Vec<Option<Clients>>,
}

#[derive(Clone, Debug)]
struct Clients {
    name: String,
    successes: Vec<u32>,
    attempts: Vec<u32>,
}

impl FairnessMeter {
    pub fn new(plan: &Plan) -> Self {
        if plan.populations.iter().all(|population| !population.counts_each) {
            return Self::default();
        }
        let of = |population: &crate::plan::PopulationPlan| {
            let nothing = || vec![0; population.count as usize];
            population.counts_each.then(|| Clients { name: population.name.clone(), successes: nothing(), attempts: nothing() })
        };
        Self { populations: plan.populations.iter().map(of).collect() }
    }

    /// A call of a client that counts has ended.
    pub fn call_ended(&mut self, call: &Call, is_success: bool) {
        let Some(Some(clients)) = self.populations.get_mut(call.name.edge.index()) else { return };
        let client = call.name.client as usize;
        clients.successes[client] = clients.successes[client].saturating_add(u32::from(is_success));
        clients.attempts[client] = clients.attempts[client].saturating_add(call.attempts);
    }

    pub fn finish(self) -> Vec<FairnessMeasures> {
        let of = |clients: Clients| FairnessMeasures {
            population: clients.name,
            clients: clients.successes.len() as u32,
            successes: Evenness::of(clients.successes.iter().copied()),
            attempts: Evenness::of(clients.attempts.iter().copied()),
        };
        self.populations.into_iter().flatten().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jain(numbers: &[u32]) -> Option<u32> {
        Evenness::of(numbers.iter().copied()).jain
    }

    #[test]
    fn equal_shares_are_one_and_all_for_one_is_one_by_n() {
        assert_eq!(jain(&[7, 7, 7, 7]), Some(1_000_000_000));
        assert_eq!(jain(&[9, 0, 0, 0]), Some(250_000_000));
        // The example of the paper: (1 + 3)^2 / (2 * (1 + 9)).
        assert_eq!(jain(&[1, 3]), Some(800_000_000));
        assert_eq!(jain(&[0, 0]), None);
        assert_eq!(Evenness::of([4, 1, 9].into_iter()), Evenness { jain: jain(&[4, 1, 9]), least: 1, most: 9 });
    }

    #[test]
    fn the_largest_numbers_of_the_largest_population_do_not_overflow() {
        let many = || std::iter::repeat_n(u32::MAX, 1_000_000);
        let index = Evenness::of(many()).jain.expect("they are not 0");
        assert!(index > 999_999_990, "{index}");
    }
}
