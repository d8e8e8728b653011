//! Where does a random number come from, and whose is it?
//!
//! A draw is a function of `(seed, key, attempt, place)`, never a step in a sequence. What one entity draws therefore
//! does not depend on what any other entity did: swapping a strategy, removing a client or adding a fault re-rolls
//! nothing else, and two variants of a system meet the same luck.
//!
//! The generator is ChaCha8 as `rand_chacha` publishes it: its key comes from the seed, its stream is the 64-bit key of
//! the entity, its block number is the attempt. One block holds sixteen words, which are the eight fixed places of an
//! attempt. The block is computed here, one at a time, because `rand_chacha` always computes four; a test holds it
//! word for word against `ChaCha8Rng`.
//!
//! A place is 64 bits. A sampler that needs more (a rejection sampler, a further hop) expands them with SplitMix64
//! (Steele, Lea, Flood, OOPSLA 2014), so that every place stays one draw for ever: `docs/decisions/0003-draws.md`.

use crate::chacha8;
use crate::time::SimDuration;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The one fixed mixing function: a bijection of 64 bits (the finaliser of SplitMix64).
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Odd, from the golden ratio: the step of SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a random number belongs to: a 64-bit hash of names and ordinals.
///
/// ```
/// use sim_core::draw::Key;
/// let shoppers = Key::named("shoppers");
/// assert_ne!(shoppers.child(0), shoppers.child(1));
/// assert_eq!(shoppers, Key::named("shoppers"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

impl Key {
    /// The key of a name, as written in the scenario.
    pub const fn named(name: &str) -> Self {
        let bytes = name.as_bytes();
        // The length first, so that no name is a prefix of another's hash.
        let mut hash = mix(STEP ^ bytes.len() as u64);
        let mut index = 0;
        while index < bytes.len() {
            hash = mix((hash ^ bytes[index] as u64).wrapping_add(STEP));
            index += 1;
        }
        Self(hash)
    }

    /// The key of the `ordinal`-th thing that belongs to this one.
    pub const fn child(self, ordinal: u64) -> Self {
        Self(mix(self.0.wrapping_add(mix(ordinal.wrapping_add(STEP)))))
    }

    /// The bits of the key: a stream number, or a tie-breaker.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// The seed of a run: all randomness of a run comes from this one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    number: u64,
    key: [u32; 8],
}

impl Seed {
    /// The seed with this number, as written after `--seed`.
    pub fn new(number: u64) -> Self {
        let bytes = Self::key_bytes(number);
        let word = |i: usize| u32::from_le_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]]);
        Self { number, key: std::array::from_fn(word) }
    }

    /// The number this seed was made from.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The eight draws of attempt number `attempt` of the entity `key`.
    pub fn draws(&self, key: Key, attempt: u32) -> Draws {
        // The low eight bits are kept free for protocols that need further blocks of one attempt.
        Draws(chacha8::block(&self.key, u64::from(attempt) << 8, key.0))
    }

    /// A sequential generator for what is drawn once before time 0, in a fixed order: fault plans, shuffles, topologies.
    pub fn sequence(&self, key: Key) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::from_seed(Self::key_bytes(self.number));
        generator.set_stream(key.0);
        generator
    }

    fn key_bytes(number: u64) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (index, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            let word = mix(number.wrapping_add(STEP.wrapping_mul(index as u64 + 1)));
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// The eight draws of one attempt, each with a fixed place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draws([u32; 16]);

impl Draws {
    const fn place(&self, place: usize) -> Draw {
        Draw(self.0[2 * place] as u64 | (self.0[2 * place + 1] as u64) << 32)
    }

    /// How long the request travels.
    pub const fn request_delay(&self) -> Draw {
        self.place(0)
    }

    /// How long the reply travels.
    pub const fn reply_delay(&self) -> Draw {
        self.place(1)
    }

    /// Whether the request is lost.
    pub const fn request_loss(&self) -> Draw {
        self.place(2)
    }

    /// Whether the reply is lost.
    pub const fn reply_loss(&self) -> Draw {
        self.place(3)
    }

    /// How much work the attempt asks of its server.
    pub const fn demand(&self) -> Draw {
        self.place(4)
    }

    /// How long to wait before this attempt: backoff, or think time before a call.
    pub const fn wait(&self) -> Draw {
        self.place(5)
    }

    /// Which of several: a replica, a client, a request class.
    pub const fn choice(&self) -> Draw {
        self.place(6)
    }

    /// Whether this attempt belongs to a share: sampled faults, probabilistic branches.
    pub const fn share(&self) -> Draw {
        self.place(7)
    }

    /// The place with this number, 0 to 7, for entities whose eight numbers are alike (arrivals of a population).
    pub const fn numbered(&self, place: usize) -> Draw {
        assert!(place < 8, "an attempt has eight places");
        self.place(place)
    }
}

/// One random number: 64 uniform bits that belong to one place of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw(u64);

impl Draw {
    /// A draw with these bits: for tests, and for vectors of published algorithms.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The draw whose [`unit`](Self::unit) is the largest multiple of 2^-53 not above `u`, for `u` in `[0, 1)`.
    pub fn from_unit(u: f64) -> Self {
        assert!((0.0..1.0).contains(&u), "a unit draw lies in [0, 1)");
        Self(((u * (1_u64 << 53) as f64) as u64) << 11)
    }

    /// The 64 bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Uniform on `[0, 1)`, a multiple of 2^-53.
    pub fn unit(self) -> f64 {
        (self.0 >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform on `(0, 1)`, never an end: what a logarithm may be taken of.
    pub fn open_unit(self) -> f64 {
        ((self.0 >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// A whole number on `[0, bound)`, by multiplication; zero if `bound` is zero. The bias is below `bound / 2^64`.
    pub const fn index(self, bound: u64) -> u64 {
        ((self.0 as u128 * bound as u128) >> 64) as u64
    }

    /// A length on `[0, ceiling)`, uniform in whole nanoseconds; zero if the ceiling is zero.
    pub const fn below(self, ceiling: SimDuration) -> SimDuration {
        SimDuration::from_nanos(self.index(ceiling.as_nanos()))
    }

    /// A length on `[low, high)`; `low` if the bounds are equal or exchanged.
    pub const fn between(self, low: SimDuration, high: SimDuration) -> SimDuration {
        low.saturating_add(self.below(high.saturating_sub(low)))
    }

    /// The `ordinal`-th further draw that belongs to the same place: the next hop, the next number of a rejection sampler.
    pub const fn further(self, ordinal: u64) -> Self {
        Self(mix(self.0.wrapping_add(STEP.wrapping_mul(ordinal.wrapping_add(1)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::Rng;

    #[test]
    fn a_block_is_the_published_chacha8_word_for_word() {
        for (seed, key, attempt) in [(0, 0, 0), (1, 7, 3), (u64::MAX, u64::MAX, u32::MAX), (81_723, 0x1234_5678_9abc_def0, 255)] {
            let seed = Seed::new(seed);
            let mut published = seed.sequence(Key(key));
            published.set_word_pos((u128::from(attempt) << 8) * 16);
            let draws = seed.draws(Key(key), attempt);
            for place in 0..8 {
                assert_eq!(draws.place(place).bits(), published.next_u64(), "place {place}");
            }
        }
    }

    #[test]
    fn keys_and_blocks_have_known_answers() {
        assert_eq!(mix(1), 0x5692_161d_100b_05e5);
        let key = Key::named("checkout[1]");
        assert_eq!((key.bits(), key.child(0).bits()), KNOWN_KEYS);
        assert_eq!(Seed::new(7).draws(key, 1).wait().bits(), KNOWN_DRAW);
    }
    const KNOWN_KEYS: (u64, u64) = (5_308_319_094_796_695_633, 796_406_762_252_728_427);
    const KNOWN_DRAW: u64 = 6_424_649_290_079_265_349;

    #[test]
    fn a_draw_depends_on_each_of_seed_key_attempt_and_place() {
        let first = Seed::new(1).draws(Key(2), 3);
        assert_ne!(first, Seed::new(2).draws(Key(2), 3));
        assert_ne!(first, Seed::new(1).draws(Key(3), 3));
        assert_ne!(first, Seed::new(1).draws(Key(2), 4));
        assert_ne!(first.wait(), first.demand());
    }

    #[test]
    fn the_bounds_of_a_draw_are_what_they_say() {
        let (low, high) = (Draw::from_bits(0), Draw::from_bits(u64::MAX));
        assert!(low.unit() >= 0.0 && high.unit() < 1.0);
        assert!(low.open_unit() > 0.0 && high.open_unit() < 1.0);
        assert_eq!((low.index(10), high.index(10), high.index(0)), (0, 9, 0));
        assert_eq!(Draw::from_unit(0.5).below(SimDuration::from_millis(400)), SimDuration::from_millis(200));
        let (a, b) = (SimDuration::from_nanos(5), SimDuration::from_nanos(9));
        assert_eq!((low.between(a, b), high.between(a, b), high.between(b, a)), (a, SimDuration::from_nanos(8), b));
    }

    #[test]
    fn names_that_share_a_prefix_do_not_share_keys() {
        let names = ["", "a", "aa", "a\0", "b", "ab", "ba", "checkout[1]", "checkout[11]"];
        let mut keys: Vec<_> = names.iter().map(|name| Key::named(name)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), names.len());
    }
}
