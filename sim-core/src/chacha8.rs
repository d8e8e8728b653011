//! What is one block of ChaCha8?
//!
//! D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008, with eight rounds, in the layout of `rand_chacha`: a 64-bit block
//! number and a 64-bit stream. `rand_chacha` makes four blocks at once, and a draw needs one. The state is four rows of four
//! words; a quarter round on rows works on all four columns.

/// The constants of ChaCha, "expand 32-byte k".
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

type Row = [u32; 4];

/// The sixteen words of the block with this number in this stream.
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
