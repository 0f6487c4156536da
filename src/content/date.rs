//! A date as content tools write it, into an instant.
//!
//! A date that names no zone is in the site's, never in the host's.

use chrono::{
    DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone as _, Utc,
};

use crate::zone::Zone;

/// How a date without a zone is read, and a `Z` behind one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// The zone of dates that name none.
    pub(super) zone: Zone,
    /// Whether a `Z` is not meant, as with content tools that write it after local time.
    pub(super) z_is_local: bool,
}

/// Dates with a zone.
const ZONED: [&str; 11] = [
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M %#z",
    "%Y-%m-%d %H:%M:%S %z UTC",
    // Go's own form, with the zone's name behind its offset.
    "%Y-%m-%d %H:%M:%S%.f %z %Z",
    // JavaScript's.
    "%a %b %d %Y %H:%M:%S GMT%z",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y/%m/%d %H:%M:%S %#z",
    "%Y/%m/%d %H:%M %#z",
];

/// Dates without one.
const NAIVE: [&str; 17] = [
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

/// Days without a time: the day's first moment.
const DAYS: [&str; 14] = [
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

/// Longer texts are no dates: the longest form, with the name of a zone in brackets, takes 80 bytes.
const MAX_DATE_BYTES: usize = 200;

/// Feed formats write years of four digits; earlier ones are two digits of a year.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// Reads a date; `None` for what is none, and for years that no feed format can write.
pub(super) fn parse(text: &str, clock: Clock) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.len() > MAX_DATE_BYTES {
        return None;
    }
    // What most tools write says all of itself.
    if let Ok(date) = DateTime::parse_from_rfc3339(text)
        && !(clock.z_is_local && text.ends_with(['Z', 'z']))
    {
        let date = date.with_timezone(&Utc);
        return Some(date).filter(|date| YEARS.contains(&date.year()));
    }
    // JavaScript writes a zone's name in brackets behind the offset.
    let text = text.split(" (").next().unwrap_or(text);
    let text = tidy(text);
    let text = text.as_str();
    let text = match text.strip_suffix(['Z', 'z']) {
        Some(local) if clock.z_is_local => local,
        _ => text,
    };
    let zoned = || {
        DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_rfc2822(text))
            .ok()
            .or_else(|| {
                ZONED
                    .iter()
                    .find_map(|form| DateTime::parse_from_str(text, form).ok())
            })
            .map(|date| date.with_timezone(&Utc))
            .or_else(|| match yaml_timestamp(text)? {
                (local, Some(zone)) => {
                    let date = zone.from_local_datetime(&local).single()?;
                    Some(date.with_timezone(&Utc))
                }
                (_, None) => None,
            })
    };
    let naive = || {
        NAIVE
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .or_else(|| yaml_timestamp(text).map(|(local, _)| local))
    };
    let day = || {
        let day = DAYS
            .iter()
            .find_map(|form| NaiveDate::parse_from_str(text, form).ok())?;
        Some(day.and_time(NaiveTime::MIN))
    };
    zoned()
        .or_else(|| {
            naive()
                .or_else(day)
                .and_then(|naive| in_zone(naive, clock.zone))
        })
        .filter(|date| YEARS.contains(&date.year()))
}

/// A timestamp of YAML 1.1 (yaml.org/type/timestamp) with a time, and its offset if it names one: parts may have
/// one digit, the offset hours alone and blanks before it.
fn yaml_timestamp(text: &str) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
    let (day, rest) = text.split_once(['T', 't', ' ', '\t'])?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'));
    let (time, zone) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    let time = NaiveTime::parse_from_str(time.trim_end_matches('.'), "%H:%M:%S%.f").ok()?;
    let zone = match zone.trim_start() {
        "" => None,
        "Z" | "z" => Some(FixedOffset::east_opt(0)?),
        zone => Some(offset(zone)?),
    };
    Some((day.and_time(time), zone))
}

/// An offset of hours, or hours and minutes: `-4`, `+05:30`, `+0530`.
fn offset(text: &str) -> Option<FixedOffset> {
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

/// A date in a form that is read, where it differs by a little: `1st` is `1`, `UTC` is an offset.
fn tidy(text: &str) -> String {
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
            let is_day = |day: &&str| !day.is_empty() && day.bytes().all(|b| b.is_ascii_digit());
            day.filter(is_day).unwrap_or(word)
        })
        .collect();
    words.join(" ")
}

/// Whether a text that is a date has a time in it and names no zone.
pub(super) fn is_zoneless_time(text: &str) -> bool {
    let text = text.trim();
    NAIVE
        .iter()
        .any(|form| NaiveDateTime::parse_from_str(text, form).is_ok())
}

/// Why a text that is no date cannot be one, where that is known.
pub(super) fn refusal(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&[
        "last modified",
        "created",
        "git last modified",
        "git created",
    ]) {
        return Some("that is when the file was written, which another checkout changes");
    }
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let numbers = parts
        .iter()
        .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let begins_with_year = parts.first().is_some_and(|part| part.len() == 4);
    (parts.len() == 3 && numbers && !begins_with_year)
        .then_some("one cannot tell which of its numbers is the day and which the month")
}

/// The length of a date before a name, in bytes.
pub(super) const NAME_LENGTH: usize = "2024-05-01".len();

/// The day before a file's name, as Jekyll and Zola have it: `2024-05-01-a-post`.
pub(super) fn in_name(name: &str) -> Option<NaiveDate> {
    let (day, rest) = name.split_at_checked(NAME_LENGTH)?;
    let ends = rest.is_empty() || rest.starts_with(['-', '_', ' ']);
    NaiveDate::parse_from_str(day, "%Y-%m-%d")
        .ok()
        .filter(|_| ends)
}

/// The day in a path: before one of its names, or as `2024/05/01`.
pub(super) fn in_path(path: &str, zone: Zone) -> Option<DateTime<Utc>> {
    let names: Vec<&str> = path.split('/').collect();
    let before = names.iter().rev().find_map(|name| in_name(name));
    let apart = || {
        names.windows(3).find_map(|names| {
            let widths = names.iter().map(|name| name.len());
            let day = NaiveDate::parse_from_str(&names.join("-"), "%Y-%m-%d").ok()?;
            widths.eq([4, 2, 2]).then_some(day)
        })
    };
    let day = before.or_else(apart)?;
    in_zone(day.and_time(NaiveTime::MIN), zone).filter(|date| YEARS.contains(&date.year()))
}

/// The instant of a wall clock. Of an hour that is there twice the first is taken; one that is
/// left out is read as the clocks go on after it.
fn in_zone(naive: NaiveDateTime, zone: Zone) -> Option<DateTime<Utc>> {
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
        // Zones that skipped a whole day at the date line.
        .or_else(|| {
            zone.from_local_datetime(&naive.checked_add_days(Days::new(1))?)
                .earliest()
        })
        .map(|date| date.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        let clock = Clock {
            zone: Zone::named("Europe/Berlin").unwrap(),
            z_is_local: false,
        };
        parse(text, clock).map(|date| date.to_rfc3339())
    }

    #[test]
    fn every_common_form_is_read() {
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
    fn a_day_in_a_path_is_read_where_tools_write_it() {
        for (path, day) in [
            ("_posts/2024-05-01-a-post", Some("2024-05-01")),
            ("blog/2024-05-01_a-post/index", Some("2024-05-01")),
            ("2023/12/07/Rust-1.74.1", Some("2023-12-07")),
            ("2024-05-01", Some("2024-05-01")),
            ("2024-05-011-things", None),
            ("2024-13-01-a", None),
            ("1/2/3", None),
            ("2024/5/1/a", None),
            ("notes", None),
            ("ééééé", None),
        ] {
            let found = in_path(path, Zone::UTC).map(|date| date.format("%Y-%m-%d").to_string());
            assert_eq!(found.as_deref(), day, "{path}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
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
    fn a_z_that_is_not_meant_is_local_time() {
        let clock = Clock {
            zone: Zone::named("Europe/Berlin").unwrap(),
            z_is_local: true,
        };
        let read = |text| parse(text, clock).map(|date| date.to_rfc3339());
        for text in ["2024-05-01T10:00:00.000Z", "2024-05-01T10:00Z"] {
            assert_eq!(read(text).as_deref(), Some("2024-05-01T08:00:00+00:00"));
        }
        let offset = read("2024-05-01T10:00:00+00:00");
        assert_eq!(offset.as_deref(), Some("2024-05-01T10:00:00+00:00"));
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_the_reason() {
        for text in [
            "Last Modified",
            "git created",
            "05/01/2024",
            "1.5.2024",
            "01-05-24",
        ] {
            assert!(utc(text).is_none() && refusal(text).is_some(), "{text}");
        }
        assert_eq!(refusal("soon"), None);
        assert!(is_zoneless_time("2024-05-01 10:00") && !is_zoneless_time("2024-05-01"));
    }

    #[test]
    fn an_hour_left_out_and_an_hour_twice_are_read() {
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
