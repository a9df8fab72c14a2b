//! Dividing a list of rows in two, both parts in their old order: what drawing rows and
//! partitioning nodes have in common.

use crate::util::vector::vectorised;

/// Rows whose sides are asked for at a time: they stay in the first-level cache.
pub const RUN: usize = 256;

/// Rows that are moved at a time.
const GROUP: usize = 8;

/// Bytes of a row number.
const ROW: usize = size_of::<u16>();

/// Where the rows of a group stand whose bits are set in a byte, as byte by byte of the group;
/// zeros after them.
static SET: [[u8; ROW * GROUP]; 1 << GROUP] = {
    let mut set = [[0; ROW * GROUP]; 1 << GROUP];
    let mut byte = 0;
    while byte < set.len() {
        let (mut count, mut bit) = (0, 0);
        while bit < GROUP {
            if byte >> bit & 1 == 1 {
                set[byte][ROW * count] = (ROW * bit) as u8;
                set[byte][ROW * count + 1] = (ROW * bit + 1) as u8;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    set
};

/// Moves some rows to the front of `rows` and copies the others to the front of `others`, both in
/// their old order; answers how many there are of both. `side` is handed a run of rows and where it
/// starts, and says of each whether it goes to the front; it must be `#[inline(always)]`, as in
/// [`vectorised`].
#[inline(always)]
pub fn divide_rows(
    rows: &mut [u16],
    others: &mut [u16],
    side: impl FnMut(usize, &[u16], &mut [bool]),
) -> (usize, usize) {
    vectorised(
        #[inline(always)]
        || {
            #[cfg(target_arch = "x86_64")]
            if let Some(v3) = pulp::x86::V3::try_new() {
                return divide_by(
                    rows,
                    others,
                    side,
                    #[inline(always)]
                    |group, set| bytemuck::cast(v3.ssse3._mm_shuffle_epi8(bytemuck::cast(group), bytemuck::cast(set))),
                );
            }
            divide_by(rows, others, side, pick)
        },
    )
}

/// The rows of a group that stand at the places of an entry of [`SET`].
#[inline(always)]
fn pick(group: [u16; GROUP], set: [u8; ROW * GROUP]) -> [u16; GROUP] {
    std::array::from_fn(|index| group[usize::from(set[ROW * index]) / ROW])
}

/// [`divide_rows`], with a way to [`pick`].
#[inline(always)]
fn divide_by(
    rows: &mut [u16],
    others: &mut [u16],
    mut side: impl FnMut(usize, &[u16], &mut [bool]),
    pick: impl Fn([u16; GROUP], [u8; ROW * GROUP]) -> [u16; GROUP],
) -> (usize, usize) {
    let (mut front_end, mut others_end) = (0, 0);
    let mut sides = [false; RUN];
    for start in (0..rows.len()).step_by(RUN) {
        let sides = &mut sides[..RUN.min(rows.len() - start)];
        side(start, &rows[start..start + sides.len()], sides);
        let (groups, rest) = sides.as_chunks::<GROUP>();
        for (index, sides) in groups.iter().enumerate() {
            let start = start + GROUP * index;
            let mut group = [0; GROUP];
            group.copy_from_slice(&rows[start..start + GROUP]);
            let byte = bits(*sides);
            let count = byte.count_ones() as usize;
            // All eight are written on both sides and as many as belong there stay: a branch would
            // be mispredicted for many rows. The front ends before this group or with it, so no row
            // that is still to come is written over.
            rows[front_end..front_end + GROUP].copy_from_slice(&pick(group, SET[usize::from(byte)]));
            others[others_end..others_end + GROUP].copy_from_slice(&pick(group, SET[usize::from(!byte)]));
            front_end += count;
            others_end += GROUP - count;
        }
        let rest_start = start + groups.len() * GROUP;
        for (index, &side) in rest.iter().enumerate() {
            let row = rows[rest_start + index];
            let (place, end) =
                if side { (&mut rows[front_end], &mut front_end) } else { (&mut others[others_end], &mut others_end) };
            *place = row;
            *end += 1;
        }
    }
    (front_end, others_end)
}

/// A byte of eight bits, the first one lowest.
#[inline(always)]
fn bits(sides: [bool; GROUP]) -> u8 {
    // Every byte is 0 or 1, and the factor brings that at 8 i to bit 56 + i; all other products
    // stay lower or overflow.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    (u64::from_le_bytes(sides.map(u8::from)).wrapping_mul(GATHER) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::chunk::RowChunk;
    use crate::fixed::hash;

    #[test]
    fn bits_are_gathered_in_their_order() {
        for byte in 0..=u8::MAX {
            assert_eq!(bits(std::array::from_fn(|bit| byte >> bit & 1 == 1)), byte);
        }
    }

    #[test]
    fn rows_keep_their_order_on_both_sides() {
        for length in (0..40).chain([255, 256, 257, 263, 264, 1000, RowChunk::MOST_ROWS]) {
            for (key, share) in [(1, 0), (2, 1), (3, 5), (4, 9), (5, 10)] {
                // Any order of any rows.
                let rows: Vec<u16> = (0..length as u32).map(|index| hash::combine(key, index) as u16).collect();
                let goes: Vec<bool> =
                    (0..length as u32).map(|index| hash::combine(key + 9, index) % 10 < share).collect();
                let naive = |wanted| -> Vec<u16> {
                    rows.iter().zip(&goes).filter(|(_, goes)| **goes == wanted).map(|(row, _)| *row).collect()
                };
                let side = |start: usize, run: &[u16], sides: &mut [bool]| {
                    assert_eq!(run, &rows[start..start + run.len()], "rows that are still to come are as they were");
                    sides.copy_from_slice(&goes[start..start + run.len()]);
                };
                let check = |found: (usize, usize), front: &[u16], others: &[u16]| {
                    assert_eq!(&front[..found.0], naive(true), "front of {length} rows");
                    assert_eq!(&others[..found.1], naive(false), "others of {length} rows");
                };
                let (mut front, mut others) = (rows.clone(), vec![0; length]);
                check(divide_rows(&mut front, &mut others, side), &front, &others);
                let (mut front, mut others) = (rows.clone(), vec![0; length]);
                check(divide_by(&mut front, &mut others, side, pick), &front, &others);
            }
        }
    }
}
