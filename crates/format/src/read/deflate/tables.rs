//! Look-up tables of a block's codes.
//!
//! An entry holds up to three literals (bits 32 to 55, how many in bits 56 and 57), and then, perhaps, a length: after a
//! literal comes a length about as often as another literal, and a branch that tells the two apart would be mispredicted.
//! Its lowest byte is the number of bits to consume, extra bits included; a length or distance has the bits up to the end of
//! its code in bits 8 to 11 and its base in bits 16 to 31.

/// Index bits of the first table for literals and lengths; longer codes go through a second table.
pub(super) const PRIMARY: u32 = 11;
/// The same for distances.
pub(super) const DISTANCE_PRIMARY: u32 = 9;
/// Longest code.
const MAX_LEN: usize = 15;
/// No set of codes needs more entries (2342 and 594), so that an index cut to the power of two is always inside.
pub(super) const ENTRIES: usize = 4096;
pub(super) const DISTANCE_ENTRIES: usize = 1024;

/// Nothing but literals.
pub(super) const LITERAL: u64 = 1 << 15;
/// Not a plain code: the end of the block, a second table, or nothing at all.
pub(super) const SPECIAL: u64 = 1 << 14;
pub(super) const END: u64 = 1 << 13;
pub(super) const SECOND: u64 = 1 << 12;

/// Base and number of extra bits of the length symbols 257 to 285.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Base and number of extra bits of the distance symbols 0 to 29.
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

pub(super) fn build_literals(lengths: &[u8], table: &mut [u64; ENTRIES]) -> Result<(), &'static str> {
    let entry = |symbol: usize, len: u8| {
        let bits = u64::from(len);
        match symbol {
            0..256 => LITERAL | 1 << 56 | (symbol as u64) << 32 | bits,
            256 => SPECIAL | END | bits,
            257..286 => {
                let (base, extra) = LENGTHS[symbol - 257];
                u64::from(base) << 16 | bits << 8 | (bits + u64::from(extra))
            }
            _ => SPECIAL | bits,
        }
    };
    build(lengths, PRIMARY, table, entry, true)?;
    // More in one entry, where the codes fit. Downwards, because what follows is looked up further down, where entries
    // still stand for one symbol.
    for i in (0..1_usize << PRIMARY).rev() {
        let mut made = table[i];
        while made & LITERAL != 0 && made & 0xff < u64::from(PRIMARY) {
            let bits = made & 0xff;
            let next = table[i >> bits];
            let code_bits = if next & LITERAL != 0 { next & 0xff } else { (next >> 8) & 15 };
            if next & SPECIAL != 0 || bits + code_bits > u64::from(PRIMARY) {
                break;
            }
            if next & LITERAL == 0 {
                // A length ends the entry: its bits come after those of the literals.
                made = (made & !LITERAL) + (next & 0xffff_00ff) + ((bits + code_bits) << 8);
            } else if made >> 56 < 3 {
                made = (made | (next >> 32 & 0xff) << (32 + 8 * (made >> 56))) + (1 << 56) + (next & 0xff);
            } else {
                break;
            }
        }
        table[i] = made;
    }
    Ok(())
}

pub(super) fn build_distances(lengths: &[u8], table: &mut [u64; DISTANCE_ENTRIES]) -> Result<(), &'static str> {
    let entry = |symbol: usize, len: u8| {
        let bits = u64::from(len);
        match DISTANCES.get(symbol) {
            Some((base, extra)) => u64::from(*base) << 16 | bits << 8 | (bits + u64::from(*extra)),
            None => SPECIAL | bits,
        }
    };
    build(lengths, DISTANCE_PRIMARY, table, entry, true)
}

/// Fills a table from the lengths of a canonical code. `entry` makes the entry of a symbol with the given code length.
///
/// A code must be complete; one single code of one bit (or, for distances, none) may stand alone, if `lone`.
pub(super) fn build(
    lengths: &[u8],
    primary: u32,
    table: &mut [u64],
    entry: impl Fn(usize, u8) -> u64,
    lone: bool,
) -> Result<(), &'static str> {
    let mut counts = [0_u16; MAX_LEN + 1];
    for len in lengths {
        counts[usize::from(*len)] += 1;
    }
    counts[0] = 0;
    let longest = counts.iter().rposition(|n| *n > 0).unwrap_or(0);
    let mut left = 1_i32;
    for n in &counts[1..] {
        left = left * 2 - i32::from(*n);
        if left < 0 {
            return Err("over-full code");
        }
    }
    if left > 0 && !(lone && longest <= 1) {
        return Err("incomplete code");
    }
    // Symbols by length, then by number: the order of their codes.
    let mut offsets = [0_u16; MAX_LEN + 2];
    for len in 1..=MAX_LEN {
        offsets[len + 1] = offsets[len] + counts[len];
    }
    let mut sorted = [0_u16; 288];
    let total = usize::from(offsets[MAX_LEN + 1]);
    for (symbol, len) in lengths.iter().enumerate().filter(|(_, len)| **len > 0) {
        let offset = &mut offsets[usize::from(*len)];
        sorted[usize::from(*offset)] = symbol as u16;
        *offset += 1;
    }
    let size = 1_usize << primary;
    if left > 0 {
        table[..size].fill(SPECIAL);
    }
    let mut code = 0_u32; // of the current length, most significant bit first
    let mut len = 1_u32;
    let mut next_second = size;
    let mut second_prefix = u32::MAX;
    let mut second_bits = 0;
    let mut used = 0; // of the current length
    for &symbol in &sorted[..total] {
        while used == counts[len as usize] {
            len += 1;
            code <<= 1;
            used = 0;
        }
        let reversed = code.reverse_bits() >> (32 - len);
        let made = entry(usize::from(symbol), len as u8);
        if len <= primary {
            for slot in table[..size].iter_mut().skip(reversed as usize).step_by(1 << len) {
                *slot = made;
            }
        } else {
            let prefix = reversed & (size as u32 - 1);
            if prefix != second_prefix {
                second_prefix = prefix;
                // As many bits as make the codes with this prefix complete.
                second_bits = len - primary;
                let mut room = (1_i32 << second_bits) - i32::from(counts[len as usize] - used);
                let mut deeper = len as usize;
                while room > 0 && deeper < MAX_LEN {
                    deeper += 1;
                    second_bits += 1;
                    room = room * 2 - i32::from(counts[deeper]);
                }
                table[prefix as usize] = SPECIAL | SECOND | (next_second as u64) << 16 | u64::from(second_bits);
                next_second += 1 << second_bits;
            }
            let from = next_second - (1 << second_bits);
            let Some(second) = table.get_mut(from..next_second) else { return Err("over-full code") };
            for slot in second.iter_mut().skip((reversed >> primary) as usize).step_by(1 << (len - primary)) {
                *slot = made;
            }
        }
        used += 1;
        code += 1;
    }
    Ok(())
}
