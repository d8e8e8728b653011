//! Bare loops: what a core can do with no faults, no measures, no trace and no draws that belong to anybody.

use sim_core::draw::{Key, Seed};
use sim_core::queue::EventQueue;
use sim_core::time::SimTime;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

/// SplitMix64: the cheapest generator worth the name, one stream for everything.
pub struct Cheap(u64);

impl Cheap {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        sim_core::draw::mix(self.0)
    }

    pub fn exponential(&mut self, mean: f64) -> u64 {
        exponential(self.word(), mean)
    }
}

fn exponential(word: u64, mean: f64) -> u64 {
    let unit = ((word >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64);
    (-mean * libm::log(unit)) as u64 + 1
}

const MS: u64 = 1_000_000;
const WAKE: u64 = 0;
const REQUEST: u64 = 1;
const DONE: u64 = 2;
const REPLY: u64 = 3;
const TIMER: u64 = 4;

struct Rpc {
    random: Cheap,
    busy: u32,
    queue: VecDeque<u64>,
    started: Vec<u64>,
    deadline: Vec<u64>,
    armed: Vec<u64>,
    latency: u64,
    requests: u64,
}

impl Rpc {
    fn new(clients: u64) -> Self {
        let none = vec![0; clients as usize];
        Self {
            random: Cheap::new(1),
            busy: 0,
            queue: VecDeque::new(),
            started: none.clone(),
            deadline: none.clone(),
            armed: none,
            latency: 0,
            requests: 0,
        }
    }
}

/// Where the three random numbers of a request come from.
pub trait Source {
    /// The request's numbers: delay there, delay back, think time.
    fn request(&mut self, client: u64) -> [u64; 3];
}

impl Source for Cheap {
    fn request(&mut self, _client: u64) -> [u64; 3] {
        [self.word(), self.word(), self.word()]
    }
}

/// Keyed draws: the block that belongs to the n-th call of a client.
pub struct Keyed {
    seed: Seed,
    calls: Vec<u64>,
}

impl Keyed {
    pub fn new(clients: u64) -> Self {
        Self { seed: Seed::new(1), calls: vec![0; clients as usize] }
    }
}

impl Source for Keyed {
    fn request(&mut self, client: u64) -> [u64; 3] {
        let calls = &mut self.calls[client as usize];
        *calls += 1;
        let draws = self.seed.draws(Key::named("callers").child(client).child(*calls), 1);
        [draws.request_delay().bits(), draws.reply_delay().bits(), draws.wait().bits()]
    }
}

/// W3 on the wheel, with one lazily re-armed timer per client: seconds per request.
pub fn w3_wheel(clients: u64, requests: u64, source: &mut impl Source) -> f64 {
    let (mut queue, mut rpc) = (EventQueue::new(), Rpc::new(clients));
    let mut draws = vec![[0; 3]; clients as usize];
    for client in 0..clients {
        queue.push(SimTime::from_nanos(rpc.random.exponential(100.0 * MS as f64)), WAKE << 32 | client);
    }
    let begin = Instant::now();
    while rpc.requests < requests {
        let (at, rank) = queue.pop_until(SimTime::MAX).expect("the loop never ends by itself");
        let (now, client) = (at.as_nanos(), rank & 0xffff_ffff);
        let mut push = |at: u64, kind: u64, client: u64| queue.push(SimTime::from_nanos(at), kind << 32 | client);
        match rank >> 32 {
            WAKE => {
                rpc.started[client as usize] = now;
                rpc.deadline[client as usize] = now + 1000 * MS;
                if rpc.armed[client as usize] == 0 {
                    rpc.armed[client as usize] = now + 1000 * MS;
                    push(now + 1000 * MS, TIMER, client);
                }
                draws[client as usize] = source.request(client);
                push(now + exponential(draws[client as usize][0], 10.0 * MS as f64), REQUEST, client);
            }
            REQUEST if rpc.busy < 16 => {
                rpc.busy += 1;
                push(now + MS, DONE, client);
            }
            REQUEST => rpc.queue.push_back(client),
            DONE => {
                match rpc.queue.pop_front() {
                    Some(next) => push(now + MS, DONE, next),
                    None => rpc.busy -= 1,
                }
                push(now + exponential(draws[client as usize][1], 10.0 * MS as f64), REPLY, client);
            }
            REPLY => {
                rpc.deadline[client as usize] = u64::MAX;
                rpc.latency += now - rpc.started[client as usize];
                rpc.requests += 1;
                push(now + exponential(draws[client as usize][2], 100.0 * MS as f64), WAKE, client);
            }
            _ => {
                let deadline = rpc.deadline[client as usize];
                rpc.armed[client as usize] = 0;
                if deadline != u64::MAX && deadline > now {
                    rpc.armed[client as usize] = deadline;
                    push(deadline, TIMER, client);
                }
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    assert!(rpc.latency / rpc.requests > 20 * MS, "the bare loop simulates what it should");
    seconds / requests as f64
}

/// W3 on the standard heap of (time, number, event), with a timer per request and tombstones: seconds per request.
pub fn w3_heap(clients: u64, requests: u64) -> f64 {
    let (mut queue, mut rpc) = (BinaryHeap::new(), Rpc::new(clients));
    let mut number = 0_u64;
    // The timer that counts, by its number; an older one is a tombstone and ignored when it comes.
    let mut timers = vec![0_u64; clients as usize];
    let mut timeouts = 0_u64;
    for client in 0..clients {
        queue.push(Reverse((rpc.random.exponential(100.0 * MS as f64), number, WAKE << 32 | client)));
        number += 1;
    }
    let begin = Instant::now();
    while rpc.requests < requests {
        let Reverse((now, event_number, event)) = queue.pop().expect("the loop never ends by itself");
        let client = event & 0xffff_ffff;
        let mut push = |at: u64, kind: u64, client: u64| {
            number += 1;
            queue.push(Reverse((at, number, kind << 32 | client)));
            number
        };
        match event >> 32 {
            WAKE => {
                rpc.started[client as usize] = now;
                timers[client as usize] = push(now + 1000 * MS, TIMER, client);
                push(now + rpc.random.exponential(10.0 * MS as f64), REQUEST, client);
            }
            REQUEST if rpc.busy < 16 => {
                rpc.busy += 1;
                push(now + MS, DONE, client);
            }
            REQUEST => rpc.queue.push_back(client),
            DONE => {
                match rpc.queue.pop_front() {
                    Some(next) => {
                        push(now + MS, DONE, next);
                    }
                    None => rpc.busy -= 1,
                }
                push(now + rpc.random.exponential(10.0 * MS as f64), REPLY, client);
            }
            REPLY => {
                timers[client as usize] = 0;
                rpc.latency += now - rpc.started[client as usize];
                rpc.requests += 1;
                push(now + rpc.random.exponential(100.0 * MS as f64), WAKE, client);
            }
            _ => {
                timeouts += u64::from(timers[client as usize] == event_number);
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    assert!(rpc.latency / rpc.requests > 20 * MS, "the bare loop simulates what it should");
    assert!(timeouts < 10, "hardly anybody waits for a second");
    seconds / requests as f64
}

/// W1 on this crate's queue: seconds per hold.
pub fn w1_wheel(pending: u64, holds: u64) -> f64 {
    let (mut queue, mut random) = (EventQueue::new(), Cheap::new(1));
    let mean = 1e9;
    for entity in 0..pending {
        queue.push(SimTime::from_nanos(random.exponential(mean)), entity);
    }
    let begin = Instant::now();
    for _ in 0..holds {
        let (at, entity) = queue.pop_until(SimTime::MAX).expect("every pop is followed by a push");
        queue.push(SimTime::from_nanos(at.as_nanos() + random.exponential(mean)), entity);
    }
    begin.elapsed().as_secs_f64() / holds as f64
}

/// W1 on the standard heap of (time, number, event): seconds per hold.
pub fn w1_heap(pending: u64, holds: u64) -> f64 {
    let (mut queue, mut random, mut number) = (BinaryHeap::new(), Cheap::new(1), 0_u64);
    let mean = 1e9;
    for entity in 0..pending {
        queue.push(Reverse((random.exponential(mean), number, entity)));
        number += 1;
    }
    let begin = Instant::now();
    for _ in 0..holds {
        let Reverse((at, _, entity)) = queue.pop().expect("every pop is followed by a push");
        queue.push(Reverse((at + random.exponential(mean), number, entity)));
        number += 1;
    }
    begin.elapsed().as_secs_f64() / holds as f64
}

/// W2, one server, on the wheel: seconds per customer.
pub fn w2_wheel(customers: u64) -> f64 {
    let (mut queue, mut random) = (EventQueue::new(), Cheap::new(1));
    let (mut waiting, mut arrived, mut served, mut sojourn) = (VecDeque::new(), 0_u64, 0_u64, 0_u64);
    let second = 1e9;
    queue.push(SimTime::from_nanos(random.exponential(second / 0.9)), 0);
    let begin = Instant::now();
    while served < customers {
        let (at, kind) = queue.pop_until(SimTime::MAX).expect("arrivals never end");
        let now = at.as_nanos();
        if kind == 0 {
            arrived += 1;
            waiting.push_back(now);
            if waiting.len() == 1 {
                queue.push(SimTime::from_nanos(now + random.exponential(second)), 1);
            }
            queue.push(SimTime::from_nanos(now + random.exponential(second / 0.9)), 0);
        } else {
            sojourn += now - waiting.pop_front().expect("somebody is served");
            served += 1;
            if !waiting.is_empty() {
                queue.push(SimTime::from_nanos(now + random.exponential(second)), 1);
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    assert!(arrived >= served && sojourn / served > 5 * 1_000_000_000, "the bare loop simulates what it should");
    seconds / customers as f64
}
