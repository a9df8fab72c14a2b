//! Kernel gradient: the pairs of every row and class, at the ends of the margins' range too.

use crate::kit::{OBJECTIVES, on_all_sizes};
use gboost::internals::cpu::gradient::{Pairs, StoredPair, run};
use gboost::internals::gpu::kernels::Slot;
use gboost::internals::gpu::layout::signed;

pub fn pairs_are_equal() {
    for objective in OBJECTIVES {
        for weighted in [false, true] {
            on_all_sizes(objective, 0.1, weighted, |name, both| {
                both.each(|backend| backend.gradient().unwrap());
                let mut pairs = Pairs::new(both.problem);
                run(both.problem, &both.problem.margins, &mut pairs, false);
                let (long, wanted): (bool, Vec<(i64, i64)>) = match &pairs {
                    Pairs::Short(pairs) => (false, pairs.iter().map(|p| (p.load().g, p.load().h)).collect()),
                    Pairs::Long(pairs) => (true, pairs.iter().map(|p| (p.g, p.h)).collect()),
                };
                let (classes, stride) = (both.problem.classes, both.gpu.tiling().stride);
                for (shard, words) in both.gpu.tiling().shards.clone().iter().zip(both.words(Slot::Pairs)) {
                    for row in 0..shard.rows {
                        for class in 0..classes {
                            let i = class * stride + row;
                            let found = if long {
                                (signed([words[4 * i], words[4 * i + 1]]), signed([words[4 * i + 2], words[4 * i + 3]]))
                            } else {
                                (i64::from(words[2 * i] as i32), i64::from(words[2 * i + 1]))
                            };
                            let row = shard.first_row + row;
                            assert_eq!(found, wanted[row * classes + class], "{name}: row {row} class {class}");
                        }
                    }
                }
            });
        }
    }
}
