//! What takes a host's time.

use super::set;
use crate::Span;

/// Nothing lies further from 1970, in seconds: a million years.
const FAR: i64 = 1 << 45;

/// Where a block comes from: a number the caller can turn into words (a booking, a calendar, a hold).
pub type Source = u32;

/// One stretch of a host's time that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// When.
    pub span: Span,
    /// Seconds its own event type keeps free before it; none for an outside calendar.
    pub before: u32,
    /// Seconds its own event type keeps free after it.
    pub after: u32,
    /// Where it comes from.
    pub source: Source,
}

impl Block {
    /// A block without buffers of its own: an outside event, or a claim that is widened already.
    pub const fn new(span: Span, source: Source) -> Self {
        Self { span, before: 0, after: 0, source }
    }

    /// With its own buffers, and out to whole minutes, so that no slot ever overlaps it by seconds.
    ///
    /// A span without a second in it blocks nothing (FB-06).
    pub(super) fn wide(&self) -> Option<Span> {
        if self.span.is_empty() {
            return None;
        }
        let start = self.span.start.max(-FAR) - i64::from(self.before);
        let end = self.span.end.min(FAR) + i64::from(self.after);
        Some(Span::new(start - start.rem_euclid(60), end + (-end).rem_euclid(60)))
    }

    /// The order blocks are kept in.
    const fn key(&self) -> (i64, i64, Source, u32, u32) {
        (self.span.start, self.span.end, self.source, self.before, self.after)
    }
}

/// One host's blocks, kept sorted and merged, so that asking need not sort them again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blocks {
    /// By start.
    rows: Vec<Block>,
    /// The same, widened by their own buffers, without overlap.
    merged: Vec<Span>,
}

impl Blocks {
    /// Sorts and merges rows as they come.
    pub fn new(mut rows: Vec<Block>) -> Self {
        rows.sort_unstable_by_key(Block::key);
        let mut blocks = Self { rows, merged: Vec::new() };
        blocks.rebuild();
        blocks
    }

    /// Adds one.
    pub fn insert(&mut self, block: Block) {
        let at = self.rows.partition_point(|row| row.key() <= block.key());
        self.rows.insert(at, block);
        let Some(mut wide) = block.wide() else { return };
        let first = self.merged.partition_point(|span| span.end < wide.start);
        let last = self.merged.partition_point(|span| span.start <= wide.end);
        if let (Some(low), Some(high)) = (self.merged.get(first), self.merged[..last].last())
            && first < last
        {
            wide = Span::new(wide.start.min(low.start), wide.end.max(high.end));
        }
        self.merged.splice(first..last, [wide]);
    }

    /// Takes all blocks of a source away; how many there were.
    pub fn remove(&mut self, source: Source) -> usize {
        let before = self.rows.len();
        self.rows.retain(|row| row.source != source);
        let gone = before - self.rows.len();
        if gone > 0 {
            self.rebuild();
        }
        gone
    }

    /// The blocks, by start.
    pub fn rows(&self) -> &[Block] {
        &self.rows
    }

    /// The time taken, widened by each block's own buffers: sorted, without overlap.
    pub fn merged(&self) -> &[Span] {
        &self.merged
    }

    fn rebuild(&mut self) {
        self.merged.clear();
        self.merged.extend(self.rows.iter().filter_map(Block::wide));
        set::merge(&mut self.merged);
    }
}

impl FromIterator<Block> for Blocks {
    fn from_iter<I: IntoIterator<Item = Block>>(rows: I) -> Self {
        Self::new(rows.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block() -> impl Strategy<Value = Block> {
        (0i64..5000, 0i64..900, 0u32..400, 0u32..400, 0u32..6).prop_map(
            |(start, len, before, after, source)| Block {
                span: Span::new(start, start + len),
                before,
                after,
                source,
            },
        )
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_equals_starting_afresh(
            rows in prop::collection::vec(block(), 0..30),
            gone in 0u32..6,
        ) {
            let mut kept = Blocks::default();
            for row in &rows {
                kept.insert(*row);
            }
            prop_assert_eq!(&kept, &Blocks::new(rows.clone()));
            let left: Blocks = rows.iter().filter(|row| row.source != gone).copied().collect();
            prop_assert_eq!(kept.remove(gone), rows.len() - left.rows().len());
            prop_assert_eq!(kept, left);
        }
    }

    #[test]
    fn a_span_without_a_second_blocks_nothing_fb_06() {
        let empty = Block { before: 600, after: 600, ..Block::new(Span::new(60, 60), 0) };
        assert!(Blocks::new(vec![empty]).merged().is_empty());
    }

    #[test]
    fn seconds_widen_a_block_to_whole_minutes() {
        let odd = Block::new(Span::new(-1, 61), 0);
        assert_eq!(Blocks::new(vec![odd]).merged(), [Span::new(-60, 120)]);
    }
}
