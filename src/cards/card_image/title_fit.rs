//! Finds the font size at which a title fits its box, and cuts the title if none does.
//!
//! First it tries the largest size at which no word is broken. If that is small or there is none, it
//! tries sizes with broken words, and takes one that is much larger. If no size fits, it takes the
//! smallest and cuts the title at a grapheme.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::truncate_graphemes;

/// Font size in pixels below which sizes with broken words are tried too.
const SMALL_TITLE_PX: u16 = 60;
/// Minimum gain in size for which words may be broken.
const MIN_GAIN_FROM_BREAKING: f32 = 1.5;

/// For each of the default sizes, the width in letters up to which titles usually fit.
const USUAL_MAX_LETTERS: [usize; 10] = [16, 28, 42, 52, 64, 80, 100, 130, 165, 200];

/// Size and text of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TitleLayout {
    /// Font size in pixels.
    pub(super) size: u16,
    /// True if words may be broken.
    pub(super) breaks_words: bool,
    /// Text, whole or cut.
    pub(crate) title: String,
}

/// Finds the layout of a title. `fits` tests one; `sizes` are in pixels, the largest first.
pub(super) fn fit_title<E>(
    title: &str,
    sizes: &[u16],
    mut fits: impl FnMut(&TitleLayout) -> Result<bool, E>,
) -> Result<TitleLayout, E> {
    let setting = |size, breaks, title: String| TitleLayout {
        size,
        breaks_words: breaks,
        title,
    };
    let mut largest = |breaks| {
        find_largest_size(title, sizes, |size| {
            fits(&setting(size, breaks, title.to_owned()))
        })
    };
    let unbroken = largest(false)?;
    if let Some(size) = unbroken.filter(|size| *size >= SMALL_TITLE_PX) {
        return Ok(setting(size, false, title.to_owned()));
    }
    match (unbroken, largest(true)?) {
        (Some(whole), Some(broken))
            if f32::from(broken) >= f32::from(whole) * MIN_GAIN_FROM_BREAKING =>
        {
            return Ok(setting(broken, true, title.to_owned()));
        }
        (Some(size), _) => return Ok(setting(size, false, title.to_owned())),
        (None, Some(size)) => return Ok(setting(size, true, title.to_owned())),
        (None, None) => {}
    }
    let smallest = sizes.last().copied().unwrap_or_default();
    // Binary search for the number of graphemes that fit.
    let (mut fitting, mut too_long) = (0, title.graphemes(true).count());
    while too_long - fitting > 1 {
        let middle = usize::midpoint(fitting, too_long);
        if fits(&setting(smallest, true, truncate_graphemes(title, middle)))? {
            fitting = middle;
        } else {
            too_long = middle;
        }
    }
    Ok(setting(
        smallest,
        true,
        truncate_graphemes(title, fitting.max(1)),
    ))
}

/// Finds the largest size that fits. It starts at the usual size for the title's length, as each
/// try costs a layout.
fn find_largest_size<E>(
    title: &str,
    sizes: &[u16],
    mut fits: impl FnMut(u16) -> Result<bool, E>,
) -> Result<Option<u16>, E> {
    let Some(last) = sizes.len().checked_sub(1) else {
        return Ok(None);
    };
    let mut at = guess_size_index(title).min(last);
    let size = |at: usize| sizes.get(at).copied().unwrap_or_default();
    if fits(size(at))? {
        while at > 0 && fits(size(at - 1))? {
            at -= 1;
        }
        return Ok(Some(size(at)));
    }
    while at < last {
        at += 1;
        if fits(size(at))? {
            return Ok(Some(size(at)));
        }
    }
    Ok(None)
}

/// Guesses the index of the size at which a title of this length usually fits.
fn guess_size_index(title: &str) -> usize {
    // East Asian letters are twice as wide as the rest.
    let width: usize = title
        .chars()
        .map(|c| if u32::from(c) > 0x2e80 { 2 } else { 1 })
        .sum();
    USUAL_MAX_LETTERS
        .iter()
        .position(|widest| width <= *widest)
        .unwrap_or(USUAL_MAX_LETTERS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Simulates a box of this size in pixels, with letters half as wide as they are high.
    fn title_box(width: usize, height: usize) -> impl Fn(&TitleLayout) -> Result<bool, ()> {
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
            Ok((setting.breaks_words || longest <= in_line) && lines * size <= height)
        }
    }

    const SIZES: [u16; 4] = [90, 60, 40, 30];

    #[test]
    fn title_takes_the_largest_size_that_fits() {
        let found = |title: &str| fit_title(title, &SIZES, title_box(900, 300)).unwrap();
        assert_eq!(found("Short").size, 90);
        assert_eq!(found(&"word ".repeat(20)).size, 60);
        let long = found(&"word ".repeat(200));
        assert_eq!((long.size, long.breaks_words), (30, true));
        assert!(
            long.title.ends_with('…') && long.title.len() > 400,
            "{}",
            long.title
        );
    }

    #[test]
    fn words_break_only_if_no_size_fits_them() {
        let found =
            |letters: usize| fit_title(&"x".repeat(letters), &SIZES, title_box(900, 300)).unwrap();
        assert_eq!((found(25).size, found(25).breaks_words), (60, false));
        assert_eq!((found(80).size, found(80).breaks_words), (60, true));
    }

    proptest! {
        #[test]
        fn chosen_size_fits_and_the_next_larger_does_not(title in "(\\PC{1,12} ){0,40}\\PC{1,90}") {
            let holds = title_box(900, 300);
            let found = fit_title(&title, &SIZES, &holds).unwrap();
            prop_assert!(holds(&found).unwrap() || found.title.graphemes(true).count() <= 1);
            if found.title == title {
                for size in SIZES.into_iter().filter(|size| *size > found.size) {
                    let larger = TitleLayout { size, ..found.clone() };
                    prop_assert!(found.breaks_words || !holds(&larger).unwrap(), "{larger:?}");
                }
            } else {
                prop_assert!(title.starts_with(found.title.trim_end_matches('…')));
            }
        }
    }
}
