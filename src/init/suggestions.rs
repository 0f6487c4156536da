//! Suggests settings, which `init` writes to the configuration commented out.

use super::site_branding;
use crate::decap;
use crate::detect::detected::DetectedSite;
use crate::detect::pages::MarkdownPages;
use crate::detect::setting::{Setting, SettingKey, SettingSource, SettingValue, validate_setting};
use crate::front_matter::data_file;

/// Maximum number of suggestions. More would distract from the detected settings.
const MAX_SUGGESTIONS: usize = 3;

/// Adds suggestions, the most important first.
pub(super) fn add_suggestions(draft: &mut DetectedSite<'_>, pages: &MarkdownPages) {
    if !draft.has_setting(SettingKey::Timezone) {
        let zoneless_count = pages
            .estimate_count(|page| page.has_date() && data_file::has_zoneless_date(&page.front));
        if zoneless_count > 0 {
            let why =
                format!("{zoneless_count} posts have dates without a zone, which are read as UTC");
            suggest_setting(draft, SettingKey::Timezone, "UTC".into(), why);
        }
    }
    if let Some(SettingSource::WrittenIn { file, line }) = decap::find_local_time_with_z(draft) {
        let line = line.unwrap_or_default();
        let why = format!("dates with a `Z` may be in local time: {file}, line {line}");
        suggest_setting(draft, SettingKey::ZIsLocal, SettingValue::Flag(true), why);
    }
    if let Some(logo) = site_branding::find_logo(draft) {
        let why = "cards can show the site's logo".to_owned();
        suggest_setting(draft, SettingKey::Logo, logo.into(), why);
    }
    // By default the URL of a post is its path below the content directory. On the site, the URL may
    // begin with the directory's name.
    if draft.tools.is_empty() && !draft.has_setting(SettingKey::Permalinks) {
        let dir = match draft.setting_value(SettingKey::Dir) {
            Some(SettingValue::Text(dir)) => dir.rsplit('/').next().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let permalink_count = pages.estimate_count(|page| {
            page.has_date() && data_file::find_permalink(&page.front).is_some()
        });
        if !dir.is_empty() && permalink_count < draft.post_count {
            let why = format!("if the site serves posts below `/{dir}/`");
            suggest_setting(
                draft,
                SettingKey::Permalinks,
                format!("/{dir}/:path/").into(),
                why,
            );
        }
    }
    if !draft.has_setting(SettingKey::Language) {
        let why = "no file states the language of the posts, so this is the default".to_owned();
        suggest_setting(draft, SettingKey::Language, "en".into(), why);
    }
    draft.suggestions.truncate(MAX_SUGGESTIONS);
}

/// Adds a suggestion if its value is valid.
fn suggest_setting(
    draft: &mut DetectedSite<'_>,
    key: SettingKey,
    value: SettingValue,
    why: String,
) {
    if validate_setting(key, &value).is_ok() {
        draft.suggestions.push(Setting {
            key,
            value,
            source: SettingSource::Guess(why),
        });
    }
}
