//! A title into the size, and if need be the cut, at which it stands in its place.
//!
//! The largest size at which no letter sticks out of its box and no word is broken. Where that is
//! small, or there is none, the largest at which words may break, if that is much larger. Where there
//! is none either, the smallest, and the title is cut at a grapheme.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::cut;

/// A smaller title is looked at twice, in pixels.
const SMALL: u16 = 60;
/// For so many times the size a word may break.
const MUCH_LARGER: f32 = 1.5;

/// The widest title, in letters, that mostly has the first of the usual sizes, the second and so on.
const WIDEST: [usize; 10] = [16, 28, 42, 52, 64, 80, 100, 130, 165, 200];

/// How a title is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The size of the letters in pixels.
    pub(super) size: u16,
    /// Whether words may break.
    pub(super) breaks: bool,
    /// The text, whole or cut.
    pub(super) title: String,
}

/// Finds the setting; `holds` tells whether one does. `sizes` are the largest first.
pub(super) fn fit<E>(
    title: &str,
    sizes: &[u16],
    mut holds: impl FnMut(&Setting) -> Result<bool, E>,
) -> Result<Setting, E> {
    let setting = |size, breaks, title: String| Setting {
        size,
        breaks,
        title,
    };
    let mut largest = |breaks| {
        largest(title, sizes, |size| {
            holds(&setting(size, breaks, title.to_owned()))
        })
    };
    let unbroken = largest(false)?;
    if let Some(size) = unbroken.filter(|size| *size >= SMALL) {
        return Ok(setting(size, false, title.to_owned()));
    }
    match (unbroken, largest(true)?) {
        (Some(whole), Some(broken)) if f32::from(broken) >= f32::from(whole) * MUCH_LARGER => {
            return Ok(setting(broken, true, title.to_owned()));
        }
        (Some(size), _) => return Ok(setting(size, false, title.to_owned())),
        (None, Some(size)) => return Ok(setting(size, true, title.to_owned())),
        (None, None) => {}
    }
    let smallest = sizes.last().copied().unwrap_or_default();
    // So many graphemes hold, and so many do not.
    let (mut fits, mut sticks_out) = (0, title.graphemes(true).count());
    while sticks_out - fits > 1 {
        let middle = usize::midpoint(fits, sticks_out);
        if holds(&setting(smallest, true, cut(title, middle)))? {
            fits = middle;
        } else {
            sticks_out = middle;
        }
    }
    Ok(setting(smallest, true, cut(title, fits.max(1))))
}

/// The largest size that holds. It is looked for around where titles of this length mostly end,
/// as each look costs a layout.
fn largest<E>(
    title: &str,
    sizes: &[u16],
    mut holds: impl FnMut(u16) -> Result<bool, E>,
) -> Result<Option<u16>, E> {
    let Some(last) = sizes.len().checked_sub(1) else {
        return Ok(None);
    };
    let mut at = guess(title).min(last);
    let size = |at: usize| sizes.get(at).copied().unwrap_or_default();
    if holds(size(at))? {
        while at > 0 && holds(size(at - 1))? {
            at -= 1;
        }
        return Ok(Some(size(at)));
    }
    while at < last {
        at += 1;
        if holds(size(at))? {
            return Ok(Some(size(at)));
        }
    }
    Ok(None)
}

/// Which of the usual sizes a title of this length mostly has.
fn guess(title: &str) -> usize {
    // Letters of East Asian scripts are twice as wide as others.
    let width: usize = title
        .chars()
        .map(|c| if u32::from(c) > 0x2e80 { 2 } else { 1 })
        .sum();
    WIDEST
        .iter()
        .position(|widest| width <= *widest)
        .unwrap_or(WIDEST.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A place of so many pixels, in which a letter takes half its size in width.
    fn place(width: usize, height: usize) -> impl Fn(&Setting) -> Result<bool, ()> {
        move |setting| {
            let size = usize::from(setting.size);
            let in_line = (width * 2 / size).max(1);
            let longest = setting
                .title
                .split(' ')
                .map(|word| word.chars().count())
                .max()
                .unwrap_or(0);
            let lines = setting.title.chars().count().div_ceil(in_line);
            Ok((setting.breaks || longest <= in_line) && lines * size <= height)
        }
    }

    const SIZES: [u16; 4] = [90, 60, 40, 30];

    #[test]
    fn a_title_is_as_large_as_its_place_allows() {
        let found = |title: &str| fit(title, &SIZES, place(900, 300)).unwrap();
        assert_eq!(found("Short").size, 90);
        assert_eq!(found(&"word ".repeat(20)).size, 60);
        let long = found(&"word ".repeat(200));
        assert_eq!((long.size, long.breaks), (30, true));
        assert!(
            long.title.ends_with('…') && long.title.len() > 400,
            "{}",
            long.title
        );
    }

    #[test]
    fn a_word_breaks_only_where_no_size_holds_it_whole() {
        let found = |letters: usize| fit(&"x".repeat(letters), &SIZES, place(900, 300)).unwrap();
        assert_eq!((found(25).size, found(25).breaks), (60, false));
        assert_eq!((found(80).size, found(80).breaks), (60, true));
    }

    proptest! {
        #[test]
        fn what_is_found_holds_and_the_next_larger_does_not(title in "(\\PC{1,12} ){0,40}\\PC{1,90}") {
            let holds = place(900, 300);
            let found = fit(&title, &SIZES, &holds).unwrap();
            prop_assert!(holds(&found).unwrap() || found.title.graphemes(true).count() <= 1);
            if found.title == title {
                for size in SIZES.into_iter().filter(|size| *size > found.size) {
                    let larger = Setting { size, ..found.clone() };
                    prop_assert!(found.breaks || !holds(&larger).unwrap(), "{larger:?}");
                }
            } else {
                prop_assert!(title.starts_with(found.title.trim_end_matches('…')));
            }
        }
    }
}
