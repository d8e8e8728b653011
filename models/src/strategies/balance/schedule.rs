//! Whose turn is it, if turns are to be in proportion to weights? The earliest deadline first.
//!
//! Source: Envoy, `EdfScheduler`: an entry's deadline is 1/weight after the one it was picked at; ties go to the entry that was
//! inserted earlier, and a picked entry is inserted anew.

/// Who stands in line, for one list of replicas.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    /// The list it was made for: another one is scheduled anew.
    among: Vec<u32>,
    entries: Vec<Entry>,
    /// The deadline that was met last.
    reached: f64,
    /// How many were ever inserted.
    inserted: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    replica: u32,
    deadline: f64,
    order: u64,
}

impl Schedule {
    /// Takes the replica whose turn it is, and puts it back with its present weight. A list that was not scheduled before is
    /// scheduled anew, and the first `offset` modulo its length turns of it are passed over.
    pub fn next(&mut self, among: &[u32], offset: u64, weight: impl Fn(u32) -> f64) -> u32 {
        if self.among != among {
            *self = Self { among: among.to_vec(), ..Self::default() };
            for replica in among {
                self.insert(*replica, weight(*replica));
            }
            for _ in 0..offset % among.len() as u64 {
                self.turn(&weight);
            }
        }
        self.turn(&weight)
    }

    fn turn(&mut self, weight: impl Fn(u32) -> f64) -> u32 {
        let earlier = |a: &Entry, b: &Entry| a.deadline.total_cmp(&b.deadline).then(a.order.cmp(&b.order));
        let place = (0..self.entries.len()).min_by(|a, b| earlier(&self.entries[*a], &self.entries[*b]));
        let picked = self.entries.swap_remove(place.expect("a choice has somebody to choose"));
        self.reached = picked.deadline;
        self.insert(picked.replica, weight(picked.replica));
        picked.replica
    }

    fn insert(&mut self, replica: u32, weight: f64) {
        self.entries.push(Entry { replica, deadline: self.reached + 1.0 / weight, order: self.inserted });
        self.inserted += 1;
    }
}
