//! Parses dates in the forms that content tools write.
//!
//! A date without a zone is in the site's time zone, never in the host's.

use chrono::{
    DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone as _, Utc,
};

use crate::time_zone::IanaZone;

/// Options for dates without a zone, and for dates that end in `Z`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateOptions {
    /// Time zone of dates that have none.
    pub(crate) zone: IanaZone,
    /// True if `Z` is ignored, because some content tools write it after local time.
    pub(crate) z_is_local: bool,
    /// True if unquoted times without a zone are in UTC, as Ruby's YAML parser reads them.
    pub(crate) plain_times_are_utc: bool,
}

impl DateOptions {
    /// Returns the options for a text that is not quoted.
    pub(crate) fn for_plain_text(mut self, text: &str) -> DateOptions {
        if self.is_plain_text_utc(text) {
            self.zone = IanaZone::UTC;
        }
        self
    }

    /// Returns true if a text without quotes is in UTC. Ruby's parser takes only times with seconds for times.
    pub(crate) fn is_plain_text_utc(&self, text: &str) -> bool {
        let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
        let is_time = |form: &str| NaiveDateTime::parse_from_str(text.trim(), form).is_ok();
        self.plain_times_are_utc && formats.into_iter().any(is_time)
    }
}

/// Formats of dates with a zone.
const ZONED_FORMATS: [&str; 11] = [
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M %#z",
    "%Y-%m-%d %H:%M:%S %z UTC",
    // Go's default format, with the zone's name after its offset.
    "%Y-%m-%d %H:%M:%S%.f %z %Z",
    // JavaScript's.
    "%a %b %d %Y %H:%M:%S GMT%z",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y/%m/%d %H:%M:%S %#z",
    "%Y/%m/%d %H:%M %#z",
];

/// Formats of dates with a time but no zone.
const ZONELESS_FORMATS: [&str; 17] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%B %d, %Y %I:%M %p",
    "%b %d, %Y %I:%M %p",
    "%B %d, %Y %H:%M",
    "%d %B %Y %H:%M",
    "%d %b %Y %H:%M",
    "%d %B %Y %I:%M %p",
    "%d %b %Y %I:%M %p",
    "%a %b %d %H:%M:%S %Y",
    "%A, %B %d, %Y %I:%M %p",
];

/// Formats of days without a time. They mean the first moment of the day.
const DAY_FORMATS: [&str; 14] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%B %d, %Y",
    "%b %d, %Y",
    "%B %d %Y",
    "%b %d %Y",
    "%a %b %d %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%a, %b %d, %Y",
    "%A, %B %d, %Y",
    "%d. %B %Y",
];

/// Maximum bytes of a date. The longest format, with a zone's name in brackets, takes 80.
const MAX_DATE_BYTES: usize = 200;

/// Years that feed formats can write with four digits. Smaller ones come from two-digit years.
const FEED_YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// Parses a date; `None` if it is not one, or if no feed can write it: its year has other than four digits, or its
/// second is 60.
pub(crate) fn parse_date(text: &str, clock: DateOptions) -> Option<DateTime<Utc>> {
    parse_date_with_offset(text, clock).map(|date| date.to_utc())
}

/// Parses a date as `parse_date` does, and keeps the offset that is written, or that of the zone.
pub(crate) fn parse_date_with_offset(
    text: &str,
    clock: DateOptions,
) -> Option<DateTime<FixedOffset>> {
    let date = parse_any_date(text, clock)?;
    let is_leap_second = date.timestamp_subsec_nanos() >= 1_000_000_000;
    (FEED_YEARS.contains(&date.to_utc().year()) && !is_leap_second).then_some(date)
}

fn parse_any_date(text: &str, clock: DateOptions) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if text.len() > MAX_DATE_BYTES {
        return None;
    }
    // Fast path: most tools write RFC 3339.
    if let Ok(date) = DateTime::parse_from_rfc3339(text)
        && !(clock.z_is_local && text.ends_with(['Z', 'z']))
    {
        return Some(date);
    }
    // JavaScript writes a zone's name in brackets after the offset.
    let without_zone_name = text.split(" (").next().unwrap_or(text);
    let normalized = normalize_date_text(without_zone_name);
    let text = match normalized.strip_suffix(['Z', 'z']) {
        Some(local) if clock.z_is_local => local,
        _ => normalized.as_str(),
    };
    let zoned = || {
        DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_rfc2822(text))
            .ok()
            .or_else(|| {
                ZONED_FORMATS
                    .iter()
                    .find_map(|form| DateTime::parse_from_str(text, form).ok())
            })
            .or_else(|| match parse_yaml_timestamp(text)? {
                (local, Some(zone)) => zone.from_local_datetime(&local).single(),
                (_, None) => None,
            })
    };
    let naive = || {
        ZONELESS_FORMATS
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .or_else(|| parse_yaml_timestamp(text).map(|(local, _)| local))
    };
    let day = || {
        let day = DAY_FORMATS
            .iter()
            .find_map(|form| NaiveDate::parse_from_str(text, form).ok())?;
        Some(day.and_time(NaiveTime::MIN))
    };
    zoned().or_else(|| {
        naive()
            .or_else(day)
            .and_then(|naive| resolve_local_time(naive, clock.zone))
    })
}

/// Parses a YAML 1.1 timestamp (yaml.org/type/timestamp) with a time; returns it with its offset, if it has one.
///
/// Parts may have one digit. The offset may be hours alone, with spaces before it.
fn parse_yaml_timestamp(text: &str) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
    let (day, rest) = text.split_once(['T', 't', ' ', '\t'])?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'));
    let (time, zone) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    let time = NaiveTime::parse_from_str(time.trim_end_matches('.'), "%H:%M:%S%.f").ok()?;
    let zone = match zone.trim_start() {
        "" => None,
        "Z" | "z" => Some(FixedOffset::east_opt(0)?),
        zone => Some(parse_offset(zone)?),
    };
    Some((day.and_time(time), zone))
}

/// Returns a YAML timestamp with the day that js-yaml reads if the month has no such day: the 29th of February is the
/// 1st of March in most years.
pub(crate) fn roll_day_over(text: &str) -> Option<String> {
    let end = text.find(['T', 't', ' ', '\t']).unwrap_or(text.len());
    let (day, time) = text.split_at_checked(end)?;
    let (month, day) = day.rsplit_once('-')?;
    let day: u64 = day.parse().ok().filter(|day| (29..=31).contains(day))?;
    let first = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok()?;
    let rolled = format!("{}{time}", first.checked_add_days(Days::new(day - 1))?);
    (time.is_empty() || parse_yaml_timestamp(&rolled).is_some()).then_some(rolled)
}

/// Parses an offset of hours, or hours and minutes: `-4`, `+05:30`, `+0530`.
fn parse_offset(text: &str) -> Option<FixedOffset> {
    let (is_west, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, most: i32| -> Option<i32> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|number| is_number && *number <= most)
    };
    let seconds = (number(hours, 23)? * 60 + number(minutes, 59)?) * 60;
    FixedOffset::east_opt(if is_west { -seconds } else { seconds })
}

/// Normalizes small variations: `1st` becomes `1`, and `UTC` an offset.
fn normalize_date_text(text: &str) -> String {
    for zone in [" UTC", " GMT", " utc"] {
        if let Some(rest) = text.strip_suffix(zone)
            && rest.starts_with(|c: char| c.is_ascii_digit())
            && !rest.contains(" +")
        {
            return format!("{rest} +0000");
        }
    }
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| {
            let bare = word.trim_end_matches(',');
            let ordinals = ["st", "nd", "rd", "th"];
            let day = ordinals.iter().find_map(|ending| bare.strip_suffix(ending));
            day.filter(|day| !day.is_empty() && day.bytes().all(|b| b.is_ascii_digit()))
                .unwrap_or(word)
        })
        .collect();
    words.join(" ")
}

/// Returns true for a date with a time but no zone.
pub(crate) fn has_time_without_zone(text: &str) -> bool {
    let text = text.trim();
    ZONELESS_FORMATS
        .iter()
        .any(|form| NaiveDateTime::parse_from_str(text, form).is_ok())
}

/// Explains why a text cannot be read as a date, if the reason is known.
pub(crate) fn rejection_reason(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&[
        "last modified",
        "created",
        "git last modified",
        "git created",
    ]) {
        return Some("that is the modification time of the file, which changes with each checkout");
    }
    if text.contains(":60") {
        return Some("a minute has no second 60, nor an hour a minute 60");
    }
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let numbers = parts
        .iter()
        .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let begins_with_year = parts.first().is_some_and(|part| part.len() == 4);
    (parts.len() == 3 && numbers && !begins_with_year)
        .then_some("it is unclear which number is the day and which is the month")
}

/// Parses the day before a file name, as in Jekyll and Zola: `2024-05-01-a-post`. Returns it and the rest of the name.
///
/// Month and day may have one digit, as in Jekyll.
pub(crate) fn parse_date_prefix(name: &str) -> Option<(NaiveDate, &str)> {
    let mut parts = name.splitn(3, '-');
    let (year, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    let end = last.find(|c: char| !c.is_ascii_digit());
    let (day, rest) = last.split_at_checked(end.unwrap_or(last.len()))?;
    let is_date = [(year, 4..=4), (month, 1..=2), (day, 1..=2)]
        .iter()
        .all(|(digits, widths)| {
            widths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
    let ends = rest.is_empty() || rest.starts_with(['-', '_', ' ']);
    let day = NaiveDate::parse_from_str(name.strip_suffix(rest)?, "%Y-%m-%d").ok()?;
    (is_date && ends).then_some((day, rest))
}

/// Parses the day in a path: before one of its names, as `2024/05/01`, or as `2024/05-01-a`.
pub(crate) fn parse_path_date(path: &str, zone: IanaZone) -> Option<DateTime<Utc>> {
    let names: Vec<&str> = path.split('/').collect();
    let before = names.iter().rev().find_map(|name| parse_date_prefix(name));
    let apart = || names.windows(3).find_map(parse_day_of_directories);
    let split = || names.windows(2).rev().find_map(parse_day_after_year);
    let day = before.map(|(day, _)| day).or_else(apart).or_else(split)?;
    resolve_local_time(day.and_time(NaiveTime::MIN), zone)
        .map(|date| date.to_utc())
        .filter(|date| FEED_YEARS.contains(&date.year()))
}

fn parse_day_of_directories(names: &[&str]) -> Option<NaiveDate> {
    let widths = names.iter().map(|name| name.len());
    let day = NaiveDate::parse_from_str(&names.join("-"), "%Y-%m-%d").ok()?;
    widths.eq([4, 2, 2]).then_some(day)
}

/// Returns true if three names of directories are a day, as `2024/05/01`.
pub(crate) fn is_day_of_directories(names: &[&str]) -> bool {
    parse_day_of_directories(names).is_some()
}

/// Parses the day of a directory and a name in it, as `2024/05-04-a`.
fn parse_day_after_year(names: &[&str]) -> Option<NaiveDate> {
    let is_year = names.first().is_some_and(|year| year.len() == 4);
    let name = names.join("-");
    let day = parse_date_prefix(&name).map(|(day, _)| day);
    day.filter(|_| is_year)
}

/// Returns true if a directory and a name in it begin with a day, as `2024/05-04-a`.
pub(crate) fn is_day_split_after_year(names: &[&str]) -> bool {
    parse_day_after_year(names).is_some()
}

/// Converts local time to an instant.
///
/// When clocks go back, the first of two instants counts. A time that clocks skip is read as an hour later.
fn resolve_local_time(naive: NaiveDateTime, zone: IanaZone) -> Option<DateTime<FixedOffset>> {
    if naive.year() > 9999 {
        return None;
    }
    let local = zone.from_local_datetime(&naive);
    local
        .earliest()
        .or_else(|| {
            zone.from_local_datetime(&naive.checked_add_signed(TimeDelta::hours(1))?)
                .earliest()
        })
        // Some zones skipped a whole day at the date line.
        .or_else(|| {
            zone.from_local_datetime(&naive.checked_add_days(Days::new(1))?)
                .earliest()
        })
        .map(|date| date.fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        let clock = DateOptions {
            zone: IanaZone::from_name("Europe/Berlin").unwrap(),
            z_is_local: false,
            plain_times_are_utc: false,
        };
        parse_date(text, clock).map(|date| date.to_rfc3339())
    }

    #[test]
    fn common_formats_are_parsed() {
        for (text, expected) in [
            ("2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00+00:00"),
            ("2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00+00:00"),
            ("2024-05-01 10:00:00 -0400", "2024-05-01T14:00:00+00:00"),
            ("2024-05-01 10:00:00 -04:00", "2024-05-01T14:00:00+00:00"),
            ("2024-05-01T10:00Z", "2024-05-01T10:00:00+00:00"),
            ("Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00+00:00"),
            ("2024-05-01T10:00:00", "2024-05-01T08:00:00+00:00"),
            ("2024-05-01 10:00", "2024-05-01T08:00:00+00:00"),
            ("2024-01-01", "2023-12-31T23:00:00+00:00"),
            ("May 1, 2024", "2024-04-30T22:00:00+00:00"),
            ("May 1, 2024 3:30 PM", "2024-05-01T13:30:00+00:00"),
            ("2024-05-01 03:30:00 pm", "2024-05-01T13:30:00+00:00"),
            ("May 01 2024", "2024-04-30T22:00:00+00:00"),
            ("2024-05-01 10:00:00 UTC", "2024-05-01T10:00:00+00:00"),
            ("1 May 2024 3:30 PM", "2024-05-01T13:30:00+00:00"),
            ("May 1st 2024", "2024-04-30T22:00:00+00:00"),
            ("1 May 2024", "2024-04-30T22:00:00+00:00"),
            ("Wed, May 1, 2024", "2024-04-30T22:00:00+00:00"),
            ("20240501", "2024-04-30T22:00:00+00:00"),
            ("2024.05.01", "2024-04-30T22:00:00+00:00"),
            ("2024/05/01 10:00:00 +0000", "2024-05-01T10:00:00+00:00"),
            (
                "2024-05-01 10:00:00.123 -0400 EDT",
                "2024-05-01T14:00:00.123+00:00",
            ),
            (
                "Wed May 01 2024 10:00:00 GMT+0200 (Central European Summer Time)",
                "2024-05-01T08:00:00+00:00",
            ),
            ("Wed May  1 10:00:00 2024", "2024-05-01T08:00:00+00:00"),
            ("2024-05-01 10:00:00 -4", "2024-05-01T14:00:00+00:00"),
            ("2024-05-01 10:00:00 +5:30", "2024-05-01T04:30:00+00:00"),
            ("2024-05-01 10:00:00 +0530", "2024-05-01T04:30:00+00:00"),
            (
                "2001-12-14t21:59:43.10-05:00",
                "2001-12-15T02:59:43.100+00:00",
            ),
            ("2001-12-14 21:59:43.10 -5", "2001-12-15T02:59:43.100+00:00"),
            ("2001-12-15  2:59:43.10", "2001-12-15T01:59:43.100+00:00"),
            ("2024-5-1T9:05:00z", "2024-05-01T09:05:00+00:00"),
            ("2024-5-1 9:05:00\t-04", "2024-05-01T13:05:00+00:00"),
            ("2024-5-1", "2024-04-30T22:00:00+00:00"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_in_paths_are_parsed() {
        for (path, day) in [
            ("_posts/2024-05-01-a-post", Some("2024-05-01")),
            ("blog/2024-05-01_a-post/index", Some("2024-05-01")),
            ("2023/12/07/Rust-1.74.1", Some("2023-12-07")),
            ("2024-05-01", Some("2024-05-01")),
            ("2024-05-011-things", None),
            ("_posts/2024-12-1-a-post", Some("2024-12-01")),
            ("2024-1-2", Some("2024-01-02")),
            ("2024-1-a", None),
            ("24-12-1-a", None),
            ("+202-12-1-a", None),
            ("2024-13-01-a", None),
            ("1/2/3", None),
            ("2024/5/1/a", None),
            ("notes", None),
            ("ééééé", None),
        ] {
            let found = parse_path_date(path, IanaZone::UTC)
                .map(|date| date.format("%Y-%m-%d").to_string());
            assert_eq!(found.as_deref(), day, "{path}");
        }
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in [
            "",
            "soon",
            "2024-13-01",
            "2024-02-30",
            "true",
            "+262143-01-01T00:00:00Z",
            "0000-01-01",
            "Last Modified",
            "2024-05-01 10:00:00 -",
            "2024-05-01 10:00:00 -4:75",
            "2024-05-01 10:00:00 +99",
            "2024-05-01 10:00:00 later",
            "2024-05-01 -4",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn ignored_z_means_local_time() {
        let clock = DateOptions {
            zone: IanaZone::from_name("Europe/Berlin").unwrap(),
            z_is_local: true,
            plain_times_are_utc: false,
        };
        let read = |text| parse_date(text, clock).map(|date| date.to_rfc3339());
        for text in ["2024-05-01T10:00:00.000Z", "2024-05-01T10:00Z"] {
            assert_eq!(read(text).as_deref(), Some("2024-05-01T08:00:00+00:00"));
        }
        let offset = read("2024-05-01T10:00:00+00:00");
        assert_eq!(offset.as_deref(), Some("2024-05-01T10:00:00+00:00"));
    }

    #[test]
    fn ambiguous_dates_are_rejected_with_a_reason() {
        for text in [
            "Last Modified",
            "git created",
            "2024-12-31T23:59:60Z",
            "2024-05-01 12:00:60",
            "05/01/2024",
            "1.5.2024",
            "01-05-24",
        ] {
            assert!(
                utc(text).is_none() && rejection_reason(text).is_some(),
                "{text}"
            );
        }
        assert_eq!(rejection_reason("soon"), None);
        assert!(has_time_without_zone("2024-05-01 10:00") && !has_time_without_zone("2024-05-01"));
    }

    #[test]
    fn skipped_and_repeated_hours_are_resolved() {
        assert_eq!(
            utc("2024-03-31 02:30").as_deref(),
            Some("2024-03-31T01:30:00+00:00")
        );
        assert_eq!(
            utc("2024-10-27 02:30").as_deref(),
            Some("2024-10-27T00:30:00+00:00")
        );
    }
}
