//! What does a lieutenant pass on, and what does it make of what it has heard?

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a commander may order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// What is done if nothing else can be made of what was heard.
    #[default]
    Retreat,
    /// The other order.
    Attack,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retreat => "retreat",
            Self::Attack => "attack",
        })
    }
}

impl Order {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Retreat => Self::Attack,
            Self::Attack => Self::Retreat,
        }
    }
}

/// How generals speak to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    /// Whoever passes an order on may say anything: the algorithm OM(m).
    #[default]
    Oral,
    /// Every order carries the signatures of all who passed it on, which nobody can forge: the algorithm SM(m).
    Signed,
}

/// Who agrees, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many generals there are; number 0 commands.
    pub generals: u32,
    /// How many traitors they prepare for: an order is passed on so often.
    pub traitors: u32,
    /// How they speak.
    pub messages: Manner,
}

/// What a lieutenant has heard in one agreement. A path is who passed an order on, the commander first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lieutenant {
    oral: BTreeMap<Vec<u32>, Order>,
    signed: BTreeSet<Order>,
}

impl Lieutenant {
    /// It hears an order by this path, whose last name is that of the sender. Answers whom it passes the order on to, by the path
    /// with its own name at the end; nobody, if it is nothing new or the path cannot be.
    pub fn hears(&mut self, rules: Rules, me: u32, path: &[u32], order: Order) -> Vec<u32> {
        let is_known = |general: &u32| *general < rules.generals && *general != me;
        let mut names: Vec<u32> = path.to_vec();
        names.sort_unstable();
        names.dedup();
        let is_possible =
            path.first() == Some(&0) && path.len() <= rules.traitors as usize + 1 && names.len() == path.len() && path.iter().all(is_known);
        let is_new = match rules.messages {
            Manner::Oral => !self.oral.contains_key(path),
            Manner::Signed => !self.signed.contains(&order),
        };
        if !is_possible || !is_new {
            return Vec::new();
        }
        match rules.messages {
            Manner::Oral => {
                self.oral.insert(path.to_vec(), order);
            }
            Manner::Signed => {
                self.signed.insert(order);
            }
        }
        if path.len() > rules.traitors as usize {
            return Vec::new();
        }
        (0..rules.generals).filter(|general| *general != me && !path.contains(general)).collect()
    }

    /// What it does, when nothing more can come.
    pub fn decides(&self, rules: Rules, me: u32) -> Order {
        match rules.messages {
            Manner::Oral => self.believes(rules, me, &mut vec![0]),
            Manner::Signed if self.signed.len() == 1 => self.signed.first().copied().unwrap_or_default(),
            // Nobody was heard, or the commander has signed both.
            Manner::Signed => Order::Retreat,
        }
    }

    /// What it believes that the last of the path has said to all: what most of those say who heard that.
    fn believes(&self, rules: Rules, me: u32, path: &mut Vec<u32>) -> Order {
        let heard = self.oral.get(path).copied().unwrap_or_default();
        if path.len() > rules.traitors as usize {
            return heard;
        }
        let mut attacks = u32::from(heard == Order::Attack);
        let mut voices = 1;
        for general in 0..rules.generals {
            if general != me && !path.contains(&general) {
                path.push(general);
                attacks += u32::from(self.believes(rules, me, path) == Order::Attack);
                voices += 1;
                path.pop();
            }
        }
        if 2 * attacks > voices { Order::Attack } else { Order::Retreat }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a traitor says to whom by which path: an order, or nothing.
    type Lies<'a> = &'a dyn Fn(&[u32], u32) -> Option<Order>;

    const ORDERS: [Order; 2] = [Order::Retreat, Order::Attack];

    /// What all but the commander do if general `traitor` may say anything; of what others have signed it can only say nothing.
    fn agree(rules: Rules, order: Order, traitor: Option<u32>, lies: Lies<'_>) -> Vec<Order> {
        let mut lieutenants = vec![Lieutenant::default(); rules.generals as usize];
        let mut sent: Vec<(Vec<u32>, u32, Order)> = (1..rules.generals).map(|to| (vec![0], to, order)).collect();
        // Round by round, as all messages take as long.
        while !sent.is_empty() {
            let mut next = Vec::new();
            for (path, to, order) in sent {
                let sender = *path.last().expect("a path has a sender");
                let said = if traitor == Some(sender) { lies(&path, to) } else { Some(order) };
                let forged = rules.messages == Manner::Signed && path.len() > 1 && said.is_some_and(|said| said != order);
                let Some(said) = said.filter(|_| !forged) else { continue };
                for further in lieutenants[to as usize].hears(rules, to, &path, said) {
                    let path = path.iter().copied().chain([to]).collect();
                    next.push((path, further, said));
                }
            }
            sent = next;
        }
        (1..rules.generals).map(|general| lieutenants[general as usize].decides(rules, general)).collect()
    }

    /// Whether agreement and validity hold for the loyal.
    fn holds(rules: Rules, order: Order, traitor: u32, lies: Lies<'_>) -> bool {
        let does = agree(rules, order, Some(traitor), lies);
        let loyal: Vec<Order> = (1..rules.generals).zip(does).filter(|(general, _)| *general != traitor).map(|(_, does)| does).collect();
        loyal.iter().all(|does| *does == loyal[0]) && (traitor == 0 || loyal[0] == order)
    }

    /// Every way in which one traitor can behave: what it says by each path that it ends, to each who hears that.
    fn every_behaviour(rules: Rules, traitor: u32) -> (usize, usize) {
        let mut told: Vec<(Vec<u32>, u32)> = Vec::new();
        let mut paths = vec![vec![0]];
        while let Some(path) = paths.pop() {
            if path.last() == Some(&traitor) {
                told.extend((0..rules.generals).filter(|to| !path.contains(to)).map(|to| (path.clone(), to)));
            }
            if path.len() <= rules.traitors as usize {
                let further = (1..rules.generals).filter(|general| !path.contains(general));
                paths.extend(further.map(|general| path.iter().copied().chain([general]).collect::<Vec<u32>>()));
            }
        }
        let (mut good, mut bad) = (0, 0);
        for number in 0..3_usize.pow(told.len() as u32) {
            let lies = |path: &[u32], to: u32| {
                let place = told.iter().position(|(known, whom)| known == path && *whom == to).expect("it says no more");
                ORDERS.get(number / 3_usize.pow(place as u32) % 3).copied()
            };
            for order in ORDERS {
                if holds(rules, order, traitor, &lies) { good += 1 } else { bad += 1 }
            }
        }
        (good, bad)
    }

    fn failures(generals: u32, traitors: u32, messages: Manner) -> usize {
        (0..generals).map(|traitor| every_behaviour(Rules { generals, traitors, messages }, traitor).1).sum()
    }

    #[test]
    fn oral_messages_bear_one_traitor_among_four_generals_and_more_and_not_among_three() {
        assert!(failures(3, 1, Manner::Oral) > 0);
        for generals in 4..=6 {
            assert_eq!(failures(generals, 1, Manner::Oral), 0, "{generals}");
        }
        assert!(failures(4, 0, Manner::Oral) > 0, "who believes the commander is deceived by it");
    }

    #[test]
    fn signed_messages_bear_one_traitor_among_three_generals() {
        for generals in 3..=5 {
            assert_eq!(failures(generals, 1, Manner::Signed), 0, "{generals}");
        }
        assert!(failures(3, 0, Manner::Signed) > 0, "nobody passes on what the commander has signed");
    }

    #[test]
    fn all_behaviours_are_tried() {
        let rules = Rules { generals: 4, traitors: 1, messages: Manner::Oral };
        let count = |traitor| every_behaviour(rules, traitor).0;
        // A commander says one of two orders or nothing to three, a lieutenant to two; each with two orders of a commander.
        assert_eq!((count(0), count(1)), (2 * 27, 2 * 9));
    }

    #[test]
    fn without_a_traitor_everybody_obeys() {
        for messages in [Manner::Oral, Manner::Signed] {
            for order in ORDERS {
                let rules = Rules { generals: 7, traitors: 2, messages };
                assert_eq!(agree(rules, order, None, &|_, _| None), vec![order; 6]);
            }
        }
    }

    #[test]
    fn two_traitors_among_seven_generals_are_borne_by_two_rounds_more_and_not_by_one() {
        // Two lieutenants lie, each by its own bits; the commander is loyal, or one of the two.
        let tried = |traitors: u32, pair: [u32; 2]| {
            let rules = Rules { generals: 7, traitors, messages: Manner::Oral };
            let mut bad = 0;
            for seed in 0..200_u64 {
                let lies = |path: &[u32], to: u32| {
                    let word = path.iter().fold(seed ^ u64::from(to) << 32, |hash, name| sim_core::draw::mix(hash ^ u64::from(*name)));
                    ORDERS.get((sim_core::draw::mix(word) % 3) as usize).copied()
                };
                for order in ORDERS {
                    bad += u32::from(!holds_with_two(rules, order, pair, &lies));
                }
            }
            bad
        };
        assert_eq!(tried(2, [0, 3]) + tried(2, [1, 4]), 0);
        assert!(tried(1, [0, 3]) > 0);
    }

    fn holds_with_two(rules: Rules, order: Order, pair: [u32; 2], lies: Lies<'_>) -> bool {
        let mut lieutenants = vec![Lieutenant::default(); rules.generals as usize];
        let mut sent: Vec<(Vec<u32>, u32, Order)> = (1..rules.generals).map(|to| (vec![0], to, order)).collect();
        while !sent.is_empty() {
            let mut next = Vec::new();
            for (path, to, order) in sent {
                let is_lie = path.last().is_some_and(|sender| pair.contains(sender));
                let Some(said) = (if is_lie { lies(&path, to) } else { Some(order) }) else { continue };
                for further in lieutenants[to as usize].hears(rules, to, &path, said) {
                    next.push((path.iter().copied().chain([to]).collect(), further, said));
                }
            }
            sent = next;
        }
        let loyal = (1..rules.generals).filter(|general| !pair.contains(general));
        let does: Vec<Order> = loyal.map(|general| lieutenants[general as usize].decides(rules, general)).collect();
        does.iter().all(|one| *one == does[0]) && (pair.contains(&0) || does[0] == order)
    }
}
