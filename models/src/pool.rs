//! Where do records live that come and go by the million?
//!
//! In slots that are used again, last freed first. A freed record stays in its slot until it is overwritten, so that the
//! memory it owns (a list of flights) is used again as well.

/// Records in numbered slots.
#[derive(Clone, Debug)]
pub struct Pool<T> {
    slots: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Default> Pool<T> {
    /// Takes a slot. Its record is the default, or whatever the slot's last user left.
    #[inline]
    pub fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| self.add())
    }

    #[cold]
    fn add(&mut self) -> u32 {
        self.slots.push(T::default());
        u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 records live at once")
    }
}

impl<T> Pool<T> {
    /// Puts a record in a slot.
    pub fn insert(&mut self, record: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = record;
            return slot;
        }
        self.slots.push(record);
        u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 records live at once")
    }

    /// Gives a slot back.
    pub fn release(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// How many records live.
    pub const fn live(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many records have lived at one instant, at most: freed slots are used again.
    pub const fn most(&self) -> usize {
        self.slots.len()
    }

    /// Every slot that is used, in order. For those who look: it costs as much as there ever were.
    pub fn live_slots(&self) -> impl Iterator<Item = (u32, &T)> {
        let mut free = self.free.clone();
        free.sort_unstable();
        (0..).zip(&self.slots).filter(move |(slot, _)| free.binary_search(slot).is_err())
    }

    /// Every slot, used or not, in order.
    pub fn slots(&self) -> &[T] {
        &self.slots
    }
}

impl<T> std::ops::Index<u32> for Pool<T> {
    type Output = T;
    fn index(&self, slot: u32) -> &T {
        &self.slots[slot as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Pool<T> {
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.slots[slot as usize]
    }
}
