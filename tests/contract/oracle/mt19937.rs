//! Section 5, xgboost1: `std::mt19937`, and libstdc++'s `std::uniform_int_distribution` and
//! `std::shuffle` over it.

/// The Mersenne twister of 32 bits.
#[derive(Clone, Debug)]
pub struct Mt19937 {
    state: Vec<u32>,
    next: usize,
}

impl Mt19937 {
    /// Seeded as `std::mt19937(seed)`.
    pub fn new(seed: u32) -> Mt19937 {
        let mut state = vec![seed];
        for i in 1..624u32 {
            let last = state[state.len() - 1];
            let mixed = (last ^ (last >> 30)).wrapping_mul(1_812_433_253);
            state.push(mixed.wrapping_add(i));
        }
        Mt19937 { state, next: 624 }
    }

    /// The next draw.
    pub fn draw(&mut self) -> u32 {
        if self.next == 624 {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..624 {
            let high = self.state[i] & 0x8000_0000;
            let low = self.state[(i + 1) % 624] & 0x7fff_ffff;
            let y = high | low;
            let odd = if y % 2 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// `U(r)`: an integer in `0 .. r`.
    pub fn uniform(&mut self, r: u32) -> u32 {
        let scale = u32::MAX / r;
        loop {
            let x = self.draw();
            if u64::from(x) < u64::from(r) * u64::from(scale) {
                return x / scale;
            }
        }
    }

    /// The features `0 .. count`, shuffled.
    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut list: Vec<usize> = (0..count).collect();
        let mut i = 1;
        if count.is_multiple_of(2) && count > 0 {
            let x = self.uniform(2) as usize;
            list.swap(1, x);
            i = 2;
        }
        while i < count {
            let range = u32::try_from((i + 1) * (i + 2)).expect("too many features to shuffle");
            let x = self.uniform(range) as usize;
            list.swap(i, x / (i + 2));
            list.swap(i + 1, x % (i + 2));
            i += 2;
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_thousandth_draw() {
        let mut g = Mt19937::new(5489);
        let last = (0..10_000).map(|_| g.draw()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn first_draws() {
        let mut g = Mt19937::new(5489);
        let draws: Vec<u32> = (0..3).map(|_| g.draw()).collect();
        assert_eq!(draws, [3_499_211_612, 581_869_302, 3_890_346_734]);
    }

    #[test]
    fn uniform_rejects_the_end() {
        // r = 2^31: scale = 1, half of the draws are refused.
        let mut g = Mt19937::new(5489);
        // 3499211612 is refused, 581869302 is not.
        assert_eq!(g.uniform(1 << 31), 581_869_302);
    }

    #[test]
    fn shuffles_are_permutations() {
        for count in 1..40 {
            let mut list = Mt19937::new(7).shuffled(count);
            list.sort_unstable();
            assert_eq!(list, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_shuffle_by_hand() {
        // Three elements: i = 1, U(6) of 3499211612 = 3499211612 / 715827882 = 4:
        // swap(1, 4 / 3 = 1), swap(2, 4 mod 3 = 1).
        assert_eq!(Mt19937::new(5489).shuffled(3), [0, 2, 1]);
        // Two elements: U(2) = 3499211612 / 2147483647 = 1: swap(1, 1).
        assert_eq!(Mt19937::new(5489).shuffled(2), [0, 1]);
    }
}
