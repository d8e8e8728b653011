//! What is one block of ChaCha8?
//!
//! D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008, with eight rounds, in the layout of `rand_chacha`: a 64-bit block
//! number and a 64-bit stream. `rand_chacha` makes four blocks at once, and a draw needs one. The state is four rows of four
//! words; a quarter round on rows works on all four columns at once.
//!
//! On x86-64 the rows are registers of the processor, which takes a third of the instructions (`docs/performance.md` says
//! what that is worth). It is the one place of the workspace with `unsafe`; elsewhere rows are arrays, and a test holds both
//! against each other and against `rand_chacha`.

/// The constants of ChaCha, "expand 32-byte k".
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// The sixteen words of the block with this number in this stream.
#[inline]
pub fn block(key: &[u32; 8], number: u64, stream: u64) -> [u32; 16] {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "measured: a draw costs a third of the instructions")]
    // SAFETY: SSE2, which is all that `rows` uses, is part of every x86-64 processor, and no pointer is involved.
    return unsafe { rows::block(key, number, stream) };
    #[cfg(not(target_arch = "x86_64"))]
    return portable::block(key, number, stream);
}

#[cfg(target_arch = "x86_64")]
mod rows {
    use super::CONSTANTS;
    use std::arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_cvtsi128_si64, _mm_or_si128, _mm_set_epi32, _mm_set_epi64x, _mm_shuffle_epi32, _mm_shufflehi_epi16,
        _mm_shufflelo_epi16, _mm_slli_epi32, _mm_srli_epi32, _mm_unpackhi_epi64, _mm_xor_si128,
    };

    #[target_feature(enable = "sse2")]
    pub fn block(key: &[u32; 8], number: u64, stream: u64) -> [u32; 16] {
        let start = [
            row([CONSTANTS[0], CONSTANTS[1], CONSTANTS[2], CONSTANTS[3]]),
            row([key[0], key[1], key[2], key[3]]),
            row([key[4], key[5], key[6], key[7]]),
            _mm_set_epi64x(stream as i64, number as i64),
        ];
        let mut state = start;
        for _ in 0..4 {
            state = quarter_rounds(state);
            // Turn the rows, so that the diagonals become the columns.
            state[1] = _mm_shuffle_epi32::<0b00_11_10_01>(state[1]);
            state[2] = _mm_shuffle_epi32::<0b01_00_11_10>(state[2]);
            state[3] = _mm_shuffle_epi32::<0b10_01_00_11>(state[3]);
            state = quarter_rounds(state);
            state[1] = _mm_shuffle_epi32::<0b10_01_00_11>(state[1]);
            state[2] = _mm_shuffle_epi32::<0b01_00_11_10>(state[2]);
            state[3] = _mm_shuffle_epi32::<0b00_11_10_01>(state[3]);
        }
        let mut out = [0; 16];
        for index in 0..4 {
            let sum = _mm_add_epi32(state[index], start[index]);
            let (low, high) = (_mm_cvtsi128_si64(sum) as u64, _mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum)) as u64);
            out[4 * index] = low as u32;
            out[4 * index + 1] = (low >> 32) as u32;
            out[4 * index + 2] = high as u32;
            out[4 * index + 3] = (high >> 32) as u32;
        }
        out
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn row(words: [u32; 4]) -> __m128i {
        _mm_set_epi32(words[3] as i32, words[2] as i32, words[1] as i32, words[0] as i32)
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn quarter_rounds([mut a, mut b, mut c, mut d]: [__m128i; 4]) -> [__m128i; 4] {
        a = _mm_add_epi32(a, b);
        d = turned_by_half(_mm_xor_si128(d, a));
        c = _mm_add_epi32(c, d);
        b = turned::<12, 20>(_mm_xor_si128(b, c));
        a = _mm_add_epi32(a, b);
        d = turned::<8, 24>(_mm_xor_si128(d, a));
        c = _mm_add_epi32(c, d);
        b = turned::<7, 25>(_mm_xor_si128(b, c));
        [a, b, c, d]
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn turned_by_half(row: __m128i) -> __m128i {
        _mm_shufflehi_epi16::<0b10_11_00_01>(_mm_shufflelo_epi16::<0b10_11_00_01>(row))
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn turned<const LEFT: i32, const RIGHT: i32>(row: __m128i) -> __m128i {
        _mm_or_si128(_mm_slli_epi32::<LEFT>(row), _mm_srli_epi32::<RIGHT>(row))
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable {
    use super::CONSTANTS;

    type Row = [u32; 4];

    pub fn block(key: &[u32; 8], number: u64, stream: u64) -> [u32; 16] {
        let upper = [key[0], key[1], key[2], key[3]];
        let lower = [key[4], key[5], key[6], key[7]];
        let position = [number as u32, (number >> 32) as u32, stream as u32, (stream >> 32) as u32];
        let (mut a, mut b, mut c, mut d) = (CONSTANTS, upper, lower, position);
        for _ in 0..4 {
            quarter_rounds(&mut a, &mut b, &mut c, &mut d);
            (b, c, d) = (rotated::<1>(b), rotated::<2>(c), rotated::<3>(d));
            quarter_rounds(&mut a, &mut b, &mut c, &mut d);
            (b, c, d) = (rotated::<3>(b), rotated::<2>(c), rotated::<1>(d));
        }
        let mut out = [0; 16];
        for column in 0..4 {
            out[column] = a[column].wrapping_add(CONSTANTS[column]);
            out[4 + column] = b[column].wrapping_add(upper[column]);
            out[8 + column] = c[column].wrapping_add(lower[column]);
            out[12 + column] = d[column].wrapping_add(position[column]);
        }
        out
    }

    fn quarter_rounds(a: &mut Row, b: &mut Row, c: &mut Row, d: &mut Row) {
        add_xor_rotate::<16>(a, b, d);
        add_xor_rotate::<12>(c, d, b);
        add_xor_rotate::<8>(a, b, d);
        add_xor_rotate::<7>(c, d, b);
    }

    fn add_xor_rotate<const BITS: u32>(sum: &mut Row, term: &Row, turned: &mut Row) {
        for i in 0..4 {
            sum[i] = sum[i].wrapping_add(term[i]);
            turned[i] = (turned[i] ^ sum[i]).rotate_left(BITS);
        }
    }

    fn rotated<const BY: usize>(row: Row) -> Row {
        std::array::from_fn(|i| row[(i + BY) % 4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::mix;

    #[test]
    fn registers_and_arrays_give_the_same_words() {
        for round in 0..1_000 {
            let word = |n: u64| mix(round * 100 + n);
            let key = std::array::from_fn(|i| word(i as u64) as u32);
            assert_eq!(block(&key, word(8), word(9)), portable::block(&key, word(8), word(9)));
        }
    }
}
