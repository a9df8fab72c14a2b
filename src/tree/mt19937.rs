//! The Mersenne Twister MT19937 as the C++ standard defines it.

/// `std::mt19937` (Matsumoto and Nishimura 1998) with libstdc++'s bounded draw and shuffle.
#[derive(Clone, Debug)]
pub struct Mt19937 {
    state: Vec<u32>,
    next: usize,
}

const MT_WORDS: usize = 624;

const MT_SHIFT: usize = 397;

impl Mt19937 {
    /// Seeded as `std::mt19937(seed)`.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut state = vec![seed; MT_WORDS];
        for i in 1..MT_WORDS {
            let previous = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: MT_WORDS }
    }

    /// Returns the next output of the generator: 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == MT_WORDS {
            for k in 0..MT_WORDS {
                let y = (self.state[k] & 0x8000_0000) | (self.state[(k + 1) % MT_WORDS] & 0x7fff_ffff);
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[k] = self.state[(k + MT_SHIFT) % MT_WORDS] ^ (y >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `std::generate_canonical<double>`: two draws, in [0, 1].
    pub fn next_unit(&mut self) -> f64 {
        let low = f64::from(self.next_u32());
        let high = f64::from(self.next_u32());
        (low + high * 4_294_967_296.0) / 18_446_744_073_709_551_616.0
    }

    /// `std::uniform_int_distribution` over `0 .. range` (libstdc++ before GCC 11).
    fn next_below(&mut self, range: u32) -> u32 {
        let scale = u32::MAX / range;
        loop {
            let x = self.next_u32();
            if x < range * scale {
                return x / scale;
            }
        }
    }

    /// `std::shuffle` of libstdc++: two positions a draw.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        if items.len() < 2 {
            return;
        }
        let mut i = 1;
        if items.len().is_multiple_of(2) {
            items.swap(1, self.next_below(2) as usize);
            i = 2;
        }
        while i < items.len() {
            let radix = i as u32 + 2;
            let x = self.next_below((radix - 1) * radix);
            items.swap(i, (x / radix) as usize);
            items.swap(i + 1, (x % radix) as usize);
            i += 2;
        }
    }
}
