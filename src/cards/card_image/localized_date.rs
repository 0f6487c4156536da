//! Formats a date in the words of a language.
//!
//! The only file that names the `icu_datetime` and `icu_locale_core` crates.

use chrono::{Datelike as _, NaiveDate};
use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets::YMD;
use icu_datetime::input::Date;
use icu_locale_core::Locale;

/// Formats a date in the long form of a language and its calendar, such as `May 3, 2024` or `3 de maio de 2024`. An
/// unknown language gets ISO 8601.
pub(super) fn format_long_date(day: NaiveDate, language: &str) -> String {
    format_in_locale(day, language).unwrap_or_else(|| day.format("%Y-%m-%d").to_string())
}

fn format_in_locale(day: NaiveDate, language: &str) -> Option<String> {
    let locale: Locale = language.parse().ok()?;
    let formatter = DateTimeFormatter::try_new(locale.into(), YMD::long()).ok()?;
    let month = u8::try_from(day.month()).ok()?;
    let date = Date::try_new_iso(day.year(), month, u8::try_from(day.day()).ok()?).ok()?;
    Some(formatter.format(&date).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_use_the_long_form_of_the_language() {
        let day = NaiveDate::from_ymd_opt(2024, 5, 3).unwrap();
        for (language, expected) in [
            ("en", "May 3, 2024"),
            ("en-GB", "3 May 2024"),
            ("pt-BR", "3 de maio de 2024"),
            ("ja", "2024年5月3日"),
            ("he", "3 במאי 2024"),
            ("not a tag", "2024-05-03"),
        ] {
            assert_eq!(format_long_date(day, language), expected, "{language}");
        }
    }
}
