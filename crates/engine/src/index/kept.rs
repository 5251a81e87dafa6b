//! A map of what was read from the database, emptied by notices of what was committed.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

/// Values by key. A value read before a notice about its key is never kept after it.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    inner: RwLock<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    values: HashMap<K, Arc<V>>,
    /// The tick of the last notice about a key.
    dropped: HashMap<K, u64>,
    /// The tick at which everything was dropped.
    emptied: u64,
    tick: u64,
}

/// When a reading began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began(u64);

impl<K: Eq + Hash + Clone, V> Kept<K, V> {
    /// Nothing yet.
    pub fn new() -> Self {
        let inner = Inner { values: HashMap::new(), dropped: HashMap::new(), emptied: 0, tick: 0 };
        Self { inner: RwLock::new(inner) }
    }

    /// The value, if it is kept.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        self.read().values.get(key).cloned()
    }

    /// Call before reading from the database what will be put.
    pub fn begin(&self) -> Began {
        Began(self.read().tick)
    }

    /// Keeps a value, unless it was read before the last notice about its key.
    pub fn put(&self, key: K, value: Arc<V>, began: Began) {
        let mut inner = self.write();
        let since = inner.dropped.get(&key).copied().unwrap_or(0).max(inner.emptied);
        if since <= began.0 {
            inner.values.insert(key, value);
        }
    }

    /// Forgets one value.
    pub fn drop_key(&self, key: &K) {
        let mut inner = self.write();
        inner.tick += 1;
        let tick = inner.tick;
        inner.dropped.insert(key.clone(), tick);
        inner.values.remove(key);
    }

    /// Forgets the values for which this holds, and every reading that is under way.
    pub fn drop_where(&self, mut goes: impl FnMut(&K, &V) -> bool) {
        let mut inner = self.write();
        inner.tick += 1;
        inner.emptied = inner.tick;
        inner.values.retain(|key, value| !goes(key, value));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut inner = self.write();
        inner.tick += 1;
        inner.emptied = inner.tick;
        inner.values.clear();
        inner.dropped.clear();
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.read().values.len()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner<K, V>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Inner<K, V>> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_notice_is_not_kept_after_it() {
        let kept = Kept::new();
        let began = kept.begin();
        kept.drop_key(&1);
        kept.put(1, Arc::new("old"), began);
        kept.put(2, Arc::new("other"), began);
        assert_eq!(kept.get(&1), None);
        assert_eq!(kept.get(&2).as_deref(), Some(&"other"));
        kept.put(1, Arc::new("new"), kept.begin());
        assert_eq!(kept.get(&1).as_deref(), Some(&"new"));
    }

    #[test]
    fn a_notice_about_everything_voids_all_readings_under_way() {
        let kept = Kept::new();
        let began = kept.begin();
        kept.clear();
        kept.put(1, Arc::new("old"), began);
        assert_eq!(kept.len(), 0);
    }
}
