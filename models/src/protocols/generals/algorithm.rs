//! What does a lieutenant pass on, and what does it make of what it has heard?

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a commander may order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// What is done if nothing else can be made of what was heard.
    #[default]
    Retreat,
    /// The other order.
    Attack,
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
