//! Where the sums of which node are.

/// Places for the sums of one node each, given to nodes from their search to that of their
/// children.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    /// By node.
    by_node: Vec<Option<usize>>,
    /// Slots that no node has.
    free: Vec<usize>,
    /// Slots that there are.
    count: usize,
}

impl Slots {
    /// Returns the slot of a node.
    pub fn get(&self, node: usize) -> Option<usize> {
        self.by_node.get(node).copied().flatten()
    }

    /// Returns the number of slots.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the number of slots that nodes have.
    pub fn held(&self) -> usize {
        self.count - self.free.len()
    }

    /// Gives a slot to a node, if it has none yet.
    pub fn take(&mut self, node: usize) {
        if self.get(node).is_some() {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.put(node, slot);
    }

    /// Gives the slot of a node to another one.
    pub fn hand_down(&mut self, from: usize, to: usize) {
        match self.by_node.get_mut(from).and_then(Option::take) {
            Some(slot) => self.put(to, slot),
            None => self.take(to),
        }
    }

    /// Takes the slot of a node back, if it has one.
    pub fn release(&mut self, node: usize) {
        self.free.extend(self.by_node.get_mut(node).and_then(Option::take));
    }

    /// Takes all slots back.
    pub fn clear(&mut self) {
        self.by_node.clear();
        self.free.clear();
        self.count = 0;
    }

    fn put(&mut self, node: usize, slot: usize) {
        if self.by_node.len() <= node {
            self.by_node.resize(node + 1, None);
        }
        self.by_node[node] = Some(slot);
    }
}
