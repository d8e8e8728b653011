//! Can any layers be put around each other in any order?
//!
//! Thousands of random stacks are made of the examples that strategies show of themselves, put on both edges of a system of two
//! tiers that misfortunes strike, read as scenarios are, and run to their end. `STACKS=20000` makes more of them.

use models::outcome::Outcome;
use models::protocols::Nobody;
use models::record::{AttemptName, Record};
use models::registry::Complaint;
use models::strategies::backoff::{Asks, Wait};
use models::strategies::{End, ExternalBackoff, ExternalLayer, Layer, Moment, Step, Vocabulary, Words, families};
use models::{About, world::World};
use scenarios::scenario::ArmPlan;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read_with};
use sim_core::draw::{Key, Seed};
use sim_core::observe::Digest;
use sim_core::simulation::{Stop, TieBreak};
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// A run of the systems here makes far fewer events than this.
const MOST_EVENTS: u64 = 5_000_000;

/// A sequence of numbers: the next of a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }
}

/// A layer from outside that holds everything up for a millisecond, and lets go of at most eight at once.
#[derive(Debug)]
struct Turnstile;

impl ExternalLayer for Turnstile {
    fn start(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, moment: &mut Moment<'_>) -> Step {
        shared.resize(1, 0);
        if shared[0] >= 8 {
            return Step::End(Outcome::Failed(models::outcome::Failure::Limited));
        }
        shared[0] += 1;
        flight.push(0);
        Step::Wait(moment.now.saturating_add(SimDuration::from_millis(1)))
    }

    fn inner_ended(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, end: End, moment: &mut Moment<'_>) -> Step {
        self.given_up(flight, shared, moment);
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut Vec<u64>, _shared: &mut Vec<u64>, _moment: &mut Moment<'_>) -> Step {
        Step::Inner { wake: None }
    }

    fn given_up(&self, flight: &mut Vec<u64>, shared: &mut Vec<u64>, _moment: &mut Moment<'_>) {
        if flight.pop().is_some() {
            shared[0] -= 1;
        }
    }
}

/// A backoff from outside.
#[derive(Debug)]
struct Quadratic;

impl ExternalBackoff for Quadratic {
    fn wait(&self, memory: &mut [u64; 2], _asks: &Asks) -> Wait {
        memory[0] += 1;
        Wait::For(SimDuration::from_millis(memory[0] * memory[0]))
    }
}

fn vocabulary() -> Vocabulary {
    let layer = |_: &Words| -> Result<Arc<dyn ExternalLayer>, Vec<Complaint>> { Ok(Arc::new(Turnstile)) };
    let backoff = |_: &Words| -> Result<Arc<dyn ExternalBackoff>, Vec<Complaint>> { Ok(Arc::new(Quadratic)) };
    Vocabulary::default().layer("my-layer", layer).backoff("Quadratic", backoff)
}

/// A layer as it can be written, with the place behind which `per:` can be, if it knows the word.
struct Shown {
    text: String,
    shared_by: Option<usize>,
    is_balance: bool,
    /// Whether it is shared by endpoint unless it is said.
    is_by_endpoint: bool,
}

impl Shown {
    fn new((name, _, about): &(&'static str, &'static str, About)) -> Self {
        // As many calls as are made here would not meet the limits of the examples.
        let text = about
            .example
            .replace(": 100,", ": 3,")
            .replace(": 25)", ": 2)")
            .replace("\"10s\"", if about.example.contains("budget:") { "\"2s\"" } else { "\"300ms\"" });
        let is_by_endpoint = about.parameters.iter().any(|parameter| parameter.name == "per" && parameter.default == "Endpoint");
        let knows = about.parameters.iter().any(|parameter| parameter.name == "per");
        let is_balance = text.starts_with("Balance(");
        let shared_by = if knows && !text.contains("per:") { text.find(&format!("{name}(")).map(|at| at + name.len() + 1) } else { None };
        Self { text, shared_by, is_balance, is_by_endpoint }
    }

    /// Writes it, shared by somebody; by endpoint only where a replica is chosen further out.
    fn write(&self, is_chosen: bool, dice: &mut Dice) -> String {
        let scopes =
            if is_chosen && !self.is_balance { &["Client", "Process", "Edge", "Endpoint"][..] } else { &["Client", "Process", "Edge"] };
        let scope = dice.one(scopes);
        let text = self.text.replace("per: Process", &format!("per: {scope}"));
        match self.shared_by {
            Some(at) if dice.below(2) == 0 || self.is_by_endpoint && !is_chosen => {
                let comma = if text[at..].starts_with(')') { "" } else { ", " };
                format!("{}per: {scope}{comma}{}", &text[..at], &text[at..])
            }
            _ => text,
        }
    }
}

/// Everything that strategies and layers show of themselves, and some that shows more of the engine.
fn every_layer() -> Vec<Vec<Shown>> {
    let families = families().into_iter().map(|family| family.members).chain([Layer::explanations()]);
    let mut all: Vec<Vec<_>> = families.map(|family| family.iter().map(Shown::new).collect()).collect();
    let more = [
        "Timeout(\"20ms\")",
        "Timeout(\"60ms\")",
        "Deadline(\"90ms\")",
        "Deadline(after: \"150ms\", propagate: true)",
        "Retry(attempts: 4, backoff: Immediate())",
        "Retry(attempts: 3, backoff: Constant(delay: \"5ms\"), obey_retry_after: true)",
        "Retry(attempts: \"unlimited\", backoff: FullJitter(base: \"5ms\", cap: \"50ms\"), total: \"400ms\")",
        "GrpcRetry(max_attempts: 4, initial_backoff: \"5ms\", max_backoff: \"50ms\", backoff_multiplier: 2.0, \
         retryable_status_codes: [UNAVAILABLE, RESOURCE_EXHAUSTED])",
        "EnvoyRetry(retry_on: \"5xx,reset\", num_retries: 3, per_try_timeout: \"30ms\", hedge_on_per_try_timeout: true)",
        "EnvoyRetry(retry_on: \"5xx,reset\", num_retries: 3, per_try_timeout: \"20ms\")",
        "AwsRetry(mode: Adaptive)",
        "Fallback(to: Service(\"spare\"))",
        "Fallback(on: [Limited, BreakerOpen, Overload], to: Service(\"spare\"))",
        "Cache(lifetime: \"20ms\", stale_while_revalidate: \"60ms\", stale_if_error: \"500ms\")",
        "Hedge(AfterDelay(delay: \"10ms\"))",
        "Hedge(Polly(max_hedged_attempts: 3, delay: \"0ms\"))",
        "Hedge(Grpc(max_attempts: 4, hedging_delay: \"8ms\"))",
        "Bulkhead(Semaphore(max_concurrent_calls: 1, max_wait_duration: \"15ms\"))",
        "Bulkhead(ThreadPool(core_thread_pool_size: 1, max_thread_pool_size: 2, queue_capacity: 4))",
        "Bulkhead(Semaphore(max_concurrent_calls: 1, max_wait_duration: \"20ms\", per: Edge))",
        "RateLimiter(LeakyBucket(rate: \"50/s\", queue: 20))",
        "Balance(policy: RoundRobin(), breakers: ConsecutiveFailures(failures: 2, open_for: \"50ms\"))",
        "Balance(policy: Random(), outliers: Envoy(consecutive_5xx: 2, interval: \"50ms\", base_ejection_time: \"100ms\"), zone_aware: ())",
    ];
    let shown =
        |text: &&str| Shown { text: (*text).to_owned(), shared_by: None, is_balance: text.starts_with("Balance("), is_by_endpoint: false };
    all.push(more.iter().map(shown).collect());
    all
}

/// Up to five layers in any order, inside a deadline.
fn stack(all: &[Vec<Shown>], dice: &mut Dice) -> String {
    let mut text = (*dice.one(&["Deadline(\"400ms\")", "Deadline(after: \"250ms\", propagate: true)", "Deadline(\"2s\")"])).to_owned();
    let mut is_chosen = false;
    for _ in 0..=dice.below(5) {
        // Every second layer is one of those that meet much here.
        let family = if dice.below(2) == 0 { &all[all.len() - 1] } else { dice.one(all) };
        let shown = dice.one(family);
        write!(text, ", {}", shown.write(is_chosen, dice)).expect("text can be written");
        is_chosen |= shown.is_balance;
    }
    text
}

/// Faults that are over when the run is.
fn faults(stacks: &[(&str, &str)], dice: &mut Dice) -> String {
    let all = [
        "Crash(node: \"front[0]\", at: \"300ms\", lasts: \"200ms\")",
        "Crash(node: \"back\", while_down: Refusal, at: \"500ms\", lasts: \"150ms\")",
        "Crash(node: \"front\", at: \"700ms\", lasts: \"50ms\")",
        "Pause(node: \"front[1]\", at: \"200ms\", lasts: \"100ms\", every: \"250ms\", times: 3)",
        "Pause(node: \"back[0]\", at: \"250ms\", lasts: \"300ms\")",
        "BadLink(from: \"app\", to: \"eu\", delay: Exponential(mean: \"10ms\"), loss: \"20%\", at: \"100ms\", lasts: \"400ms\")",
        "BadLink(from: \"eu\", to: \"us\", loss: \"40%\", at: \"300ms\", lasts: \"500ms\")",
        "Errors(node: \"back\", share: \"60%\", answer: Throttled, retry_after: \"30ms\", at: \"200ms\", lasts: \"300ms\")",
        "Errors(node: \"front\", share: \"50%\", at: \"600ms\", lasts: \"200ms\")",
        "ColdCache(edge: \"shoppers -> front\", at: \"400ms\")",
        "ColdCache(edge: \"front -> back\", at: \"500ms\")",
        "EmergencyLever(edge: \"front -> back\", breakers: ForcedOpen, at: \"450ms\", lasts: \"150ms\")",
        "EmergencyLever(edge: \"shoppers -> front\", breakers: Disabled, at: \"350ms\", lasts: \"250ms\")",
        "PoolExhausted(edge: \"front -> back\", share: \"100%\", at: \"350ms\", lasts: \"250ms\")",
        "PoolExhausted(edge: \"shoppers -> front\", at: \"250ms\", lasts: \"150ms\")",
        "Crash(node: \"front[2]\", when: Announced(event: \"BreakerOpened\"), lasts: \"50ms\", times: 3)",
    ];
    let chosen: BTreeSet<usize> = (0..dice.below(6)).map(|_| dice.below(all.len())).collect();
    // Where there is no pool, none can be exhausted.
    let has_pool = |edge: &str| stacks.iter().all(|(of, stack)| *of != edge || stack.contains("Bulkhead("));
    let strikes =
        |fault: &&str| !fault.starts_with("PoolExhausted") || stacks.iter().all(|(edge, _)| !fault.contains(edge) || has_pool(edge));
    chosen.into_iter().map(|index| all[index]).filter(strikes).collect::<Vec<_>>().join(", ")
}

/// The stacks of a system, and the system.
fn system(all: &[Vec<Shown>], dice: &mut Dice) -> (String, String) {
    let (outer, inner, other) = (stack(all, dice), stack(all, dice), stack(all, dice));
    let faults = faults(&[("shoppers -> front", &outer), ("front -> back", &inner), ("front -> back", &other)], dice);
    let arrivals = *dice.one(&["Poisson(rate: \"150/s\")", "ClosedLoop(think: Exponential(mean: \"30ms\"))", "AllAtOnce()"]);
    let (held, late, limit) = (dice.one(&["Held", "Released"]), dice.one(&["Finish", "SkipQueued", "Cancel"]), dice.below(4));
    let keys = *dice.one(&["", "idempotency: (ttl: \"200ms\"), "]);
    let text = format!(
        r#"(schema: 1, name: "x", horizon: "1s",
            nodes: {{
                "shoppers": Clients(count: 12, keys: (count: 20, skew: 1.0), arrivals: {arrivals}, calls: "front", domain: "app"),
                "front": Service(replicas: 3, workers: 2, threads: {held}, queue: Fifo(limit: {limit}), late_work: {late},
                    demand: Exponential(mean: "4ms"), does: [Call("back"), Work(Constant("1ms"))], retry_after: "20ms", domain: ["eu/a", "eu/b"]),
                "back": Service(replicas: 2, workers: 2, queue: Fifo(limit: 3), late_work: {late}, {keys}
                    demand: Exponential(mean: "8ms"), domain: "us"),
                "spare": Service(workers: 1, queue: Fifo(limit: 1), demand: Exponential(mean: "10ms"), domain: "us"),
            }},
            links: [
                Link(from: "app", to: "eu", delay: Exponential(mean: "3ms"), loss: "1%"),
                Link(from: "eu", to: "us", delay: Constant("2ms"), loss: "1%"),
                Link(from: "app", to: "us", delay: Constant("5ms")),
                Link(from: "eu/a", to: "eu/b", delay: Constant("1ms")),
            ],
            faults: [{faults}],
            stacks: {{ "shoppers -> front": [{outer}], "front -> back": [{inner}] }},
            ARMS)"#
    );
    let other = format!(r#"arms: {{ "this": (), "other": (stacks: {{ "front -> back": [{other}] }}) }}"#);
    (text, other)
}

fn scenario(text: &str) -> Scenario {
    read_with(Source::new("x", text), "x", &[], Extent::AsWritten, &vocabulary())
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// What was seen of a run: enough to say that nothing was lost, and nothing made of nothing.
#[derive(Default)]
struct Books {
    open: BTreeSet<Key>,
    ended: BTreeSet<Key>,
    is_client: BTreeSet<Key>,
    under_way: BTreeMap<(Key, u32), usize>,
    over: BTreeSet<(Key, u32)>,
    kinds: BTreeSet<&'static str>,
}

impl Books {
    fn over(&mut self, name: &AttemptName) {
        let key = (name.call.key, name.number);
        assert!(self.under_way.remove(&key).is_some(), "{name:?} ended and was not under way");
        assert!(self.over.insert(key), "{name:?} ended twice");
    }

    fn book(&mut self, record: &Record, clients: usize) {
        match record {
            Record::CallStarted(name) => {
                assert!(!self.ended.contains(&name.key) && self.open.insert(name.key), "two calls have one key: {name:?}");
                if name.edge.index() < clients {
                    self.is_client.insert(name.key);
                }
            }
            Record::CallEnded(name, _) => {
                assert!(self.open.remove(&name.key), "{name:?} ended twice, or was never begun");
                self.ended.insert(name.key);
            }
            Record::Sent(name, node) => {
                assert!(self.open.contains(&name.call.key), "{name:?} was sent for a call that is over");
                let key = (name.call.key, name.number);
                assert!(!self.over.contains(&key) && self.under_way.insert(key, node.index()).is_none(), "{name:?} was sent twice");
            }
            Record::Delivered(name, ..) => {
                assert!(self.open.contains(&name.call.key), "{name:?} was delivered to a call that is over");
                self.over(name);
                self.kinds.insert("delivered");
            }
            Record::DeliveredLate(name, ..) | Record::Dropped(name, ..) | Record::Discarded(name, ..) => {
                self.over(name);
                self.kinds.insert("late, dropped or discarded");
            }
            Record::Shifted(_) => {
                self.kinds.insert("shifted");
            }
            _ => {}
        }
    }
}

/// A run to its end.
fn play(arm: &ArmPlan, seed: u64, books: Option<&mut Books>) -> Digest {
    let mut simulation = World::start(arm.of_run(seed), Nobody, Seed::new(seed), TieBreak::ByRank);
    let stop = match books {
        Some(books) => {
            let mut watch = |_: SimTime, record: &Record| books.book(record, 1);
            simulation.run_until(SimTime::MAX, MOST_EVENTS, Some(&mut watch))
        }
        None => simulation.run_until(SimTime::MAX, MOST_EVENTS, None),
    };
    assert_eq!(stop, Stop::Finished, "the run came to no end");
    let digest = simulation.digest();
    let world = simulation.into_model();
    assert_eq!(world.open_calls(), 0, "a call of a client never ended");
    assert_eq!(world.records(), (0, 0), "everything has drained, but records of calls and attempts are in use");
    digest
}

/// All that must hold of a system; answers what was seen in it.
fn check(text: &str, other: &str, seed: u64) -> BTreeSet<&'static str> {
    let alone = scenario(&text.replace("ARMS", ""));
    let mut books = Books::default();
    let digest = play(&alone.cells[0].arms[0], seed, Some(&mut books));
    assert!(books.is_client.iter().all(|call| books.ended.contains(call)), "a call of a client never ended");
    let beside = scenario(&text.replace("ARMS", other));
    assert_eq!(beside.cells[0].arms.len(), 2);
    assert_eq!(play(&beside.cells[0].arms[0], seed, None), digest, "watched or not, alone or beside another arm, a run is the same");
    books.kinds
}

#[test]
fn any_layers_can_be_put_around_each_other_in_any_order() {
    let count = std::env::var("STACKS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_500);
    let first = std::env::var("FIRST_STACK").ok().and_then(|first| first.parse().ok()).unwrap_or(0_u64);
    let all = every_layer();
    let mut kinds = BTreeSet::new();
    let mut broken = Vec::new();
    for seed in first..first + count {
        let (text, other) = system(&all, &mut Dice(seed));
        match std::panic::catch_unwind(|| check(&text, &other, seed)) {
            Ok(seen) => kinds.extend(seen),
            Err(_) => broken.push((seed, text)),
        }
    }
    for (seed, text) in broken.iter().take(3) {
        println!("seed {seed}:\n{text}\n");
    }
    let seeds: Vec<_> = broken.iter().map(|(seed, _)| seed).collect();
    assert!(broken.is_empty(), "{} of {count} systems broke: {seeds:?}", broken.len());
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}
