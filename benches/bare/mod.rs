//! Bare loops: what a core can do with no faults, no measures, no trace and no draws that belong to anybody.

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
        let unit = ((self.word() >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64);
        (-mean * libm::log(unit)) as u64 + 1
    }
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

/// W3 on the wheel, with one lazily re-armed timer per client: seconds per request.
pub fn w3_wheel(clients: u64, requests: u64) -> f64 {
    let (mut queue, mut rpc) = (EventQueue::new(), Rpc::new(clients));
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
                push(now + rpc.random.exponential(10.0 * MS as f64), REQUEST, client);
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
                push(now + rpc.random.exponential(10.0 * MS as f64), REPLY, client);
            }
            REPLY => {
                rpc.deadline[client as usize] = u64::MAX;
                rpc.latency += now - rpc.started[client as usize];
                rpc.requests += 1;
                push(now + rpc.random.exponential(100.0 * MS as f64), WAKE, client);
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
