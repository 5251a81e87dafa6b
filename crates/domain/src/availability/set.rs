//! Interval algebra on sorted spans.

use crate::Span;

/// Sorts, drops the empty, and joins what overlaps or touches.
pub fn merge(spans: &mut Vec<Span>) {
    if !spans.is_sorted_by_key(|span| span.start) {
        spans.sort_unstable_by_key(|span| span.start);
    }
    let mut kept = 0;
    for index in 0..spans.len() {
        let span = spans[index];
        if span.is_empty() {
            continue;
        }
        if kept > 0 && span.start <= spans[kept - 1].end {
            let last = &mut spans[kept - 1];
            last.end = last.end.max(span.end);
        } else {
            spans[kept] = span;
            kept += 1;
        }
    }
    spans.truncate(kept);
}

/// What two merged lists share.
pub(super) fn intersect(left: &[Span], right: &[Span], mut each: impl FnMut(Span)) {
    let (mut l, mut r) = (0, 0);
    while let (Some(&a), Some(&b)) = (left.get(l), right.get(r)) {
        if let Some(shared) = a.intersect(b) {
            each(shared);
        }
        if a.end < b.end {
            l += 1;
        } else {
            r += 1;
        }
    }
}

/// What is left of merged spans without the taken ones, which come sorted by start and may overlap.
pub(super) fn subtract(from: &[Span], taken: impl IntoIterator<Item = Span>, mut each: impl FnMut(Span)) {
    let mut taken = taken.into_iter();
    let mut next = taken.next();
    let mut covered = i64::MIN;
    for span in from {
        let mut start = span.start.max(covered);
        while let Some(block) = next.filter(|block| block.start < span.end) {
            if block.start > start {
                each(Span { start, end: block.start });
            }
            covered = covered.max(block.end);
            start = start.max(covered);
            next = taken.next();
        }
        if start < span.end {
            each(Span { start, end: span.end });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0i64..60, 0i64..12).prop_map(|(at, len)| Span::new(at, at + len)), 0..12)
    }

    fn seconds(spans: &[Span]) -> Vec<bool> {
        (0..80).map(|at| spans.iter().any(|span| span.holds(at))).collect()
    }

    proptest! {
        #[test]
        fn merging_keeps_every_second_and_leaves_holes_between(mut some in spans()) {
            let before = seconds(&some);
            merge(&mut some);
            prop_assert_eq!(seconds(&some), before);
            prop_assert!(some.windows(2).all(|pair| pair[0].end < pair[1].start));
        }

        #[test]
        fn sharing_and_taking_away_agree_with_counting_seconds(mut left in spans(), mut right in spans()) {
            merge(&mut left);
            let mut taken = right.clone();
            taken.sort_unstable_by_key(|span| span.start);
            merge(&mut right);
            let (mut shared, mut rest) = (Vec::new(), Vec::new());
            intersect(&left, &right, |span| shared.push(span));
            subtract(&left, taken, |span| rest.push(span));
            for at in 0..80 {
                let (l, r) = (seconds(&left)[at], seconds(&right)[at]);
                prop_assert_eq!(seconds(&shared)[at], l && r);
                prop_assert_eq!(seconds(&rest)[at], l && !r);
            }
        }
    }
}
