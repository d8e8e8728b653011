//! Maglev: consistent hashing by a table in which all have nearly equal shares.
//!
//! Source: D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016, section 3.4; weights as in
//! Envoy, `MaglevTable`. The hash is Stormglass's own mixing function.

use super::ring::hash;
use super::{Balancer, Choice, Fleet};
use crate::about::{About, Explained, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, mix};

/// Sends a call to the replica that its object's place in a table names. Remembers 4 bytes per place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maglev {
    /// How many places the table has: a prime number up to 5000011, and more than replicas; 65537 unless said.
    #[serde(default = "size")]
    pub table_size: u64,
}

const fn size() -> u64 {
    65_537
}

/// As in Envoy.
const LARGEST: u64 = 5_000_011;

impl Default for Maglev {
    fn default() -> Self {
        Self { table_size: size() }
    }
}

impl Registered for Maglev {
    const NAME: &'static str = "Maglev";
    const SUMMARY: &'static str = "sends calls about the same object to the same replica, by a table with nearly equal shares";
}

impl Explained for Maglev {
    const ABOUT: About = About {
        meaning: "As RingHash, but every replica has very nearly its share of the objects; in exchange a few objects of other replicas move as \
                  well when one leaves.",
        formula: "Each replica prefers the places offset, offset + skip, offset + 2 skip ... modulo table_size, both hashed from its name. They take \
                  turns in taking the first free place they prefer; one of less weight passes in turns in proportion. place = hash of object \
                  mod table_size. The table is made anew when the list changes. No draws.",
        parameters: &[parameter("table_size", "prime number, at most 5000011", "65537", "how many places the table has")],
        memory: "4 bytes per place and scope (262 kB with 65537), for the whole run.",
        source: "D. Eisenbud et al., NSDI 2016, section 3.4; Envoy, maglev_lb.cc (with a hash of Stormglass's own)",
        example: "Balance(policy: Maglev(table_size: 65537))",
    };
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The list the table was made for.
    among: Vec<u32>,
    table: Vec<u32>,
}

impl Balancer for Maglev {
    type Shared = Memory;

    fn fresh(&self, _fleet: &Fleet<'_>, _draw: Draw) -> Memory {
        Memory { among: Vec::new(), table: Vec::new() }
    }

    fn pick(&self, memory: &mut Memory, choice: &Choice<'_>) -> u32 {
        if memory.among != choice.among {
            *memory = Memory { among: choice.among.to_vec(), table: self.table(&choice.fleet, choice.among) };
        }
        memory.table[(mix(choice.object) % self.table_size) as usize]
    }

    fn check(&self) -> Vec<Complaint> {
        let n = self.table_size;
        let is_prime = n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        if n > LARGEST {
            return vec![complaint("table_size", format!("a table has at most {LARGEST} places, not {n}"))];
        }
        if is_prime { Vec::new() } else { vec![complaint("table_size", format!("{n} is no prime number; write one such as 65537"))] }
    }
}

/// A replica while the table is made.
struct Taker {
    replica: u32,
    offset: u64,
    skip: u64,
    /// How many of its preferences it has asked for.
    asked: u64,
    weight: f64,
    /// It may take a place when its weight times the turns comes to this.
    target: f64,
}

impl Maglev {
    fn table(&self, fleet: &Fleet<'_>, among: &[u32]) -> Vec<u32> {
        const FREE: u32 = u32::MAX;
        let size = self.table_size;
        let weight = |replica: u32| f64::from(fleet.weights[replica as usize]);
        let heaviest = among.iter().map(|replica| weight(*replica)).fold(0.0, f64::max);
        let taker = |replica: &u32| {
            let name = fleet.names[*replica as usize];
            let skip = if size > 2 { hash(name, 1) % (size - 1) + 1 } else { 1 };
            Taker { replica: *replica, offset: hash(name, 0) % size, skip, asked: 0, weight: weight(*replica), target: 0.0 }
        };
        let mut takers: Vec<Taker> = among.iter().map(taker).collect();
        let mut table = vec![FREE; size as usize];
        let mut free = size;
        let mut turn = 0.0;
        while free > 0 {
            turn += 1.0;
            for taker in &mut takers {
                if turn * taker.weight < taker.target || free == 0 {
                    continue;
                }
                taker.target += heaviest;
                // The table size is prime, so that its preferences are all places: a free one is found.
                while table[taker.place(size)] != FREE {
                    taker.asked += 1;
                }
                table[taker.place(size)] = taker.replica;
                taker.asked += 1;
                free -= 1;
            }
        }
        table
    }
}

impl Taker {
    const fn place(&self, size: u64) -> usize {
        ((self.offset + self.skip * self.asked) % size) as usize
    }
}
