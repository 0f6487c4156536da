//! Finds objects of others at keys that an export would create.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::export_error::ExportError;
use super::export_target::ExportTarget;
use super::object_keys::Layout;

/// Keys up to which each is looked up; for more, listing the whole store takes fewer requests.
const MAX_LOOKUPS: usize = 64;

/// Returns those of the keys at which an object exists.
pub(super) async fn find_existing(
    target: &ExportTarget,
    keys: &[String],
) -> Result<BTreeSet<String>, ExportError> {
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    if target.layout() == Layout::Store && keys.len() > MAX_LOOKUPS {
        let existing = target.list_keys("").await?;
        let found = keys.iter().filter(|key| existing.contains(*key));
        return Ok(found.cloned().collect());
    }
    let lookups = stream::iter(keys.iter().cloned())
        .map(|key| async move { Ok((target.has_object(&key).await?, key)) })
        .buffer_unordered(target.concurrency());
    let found = lookups.try_filter_map(|(exists, key)| async move { Ok(exists.then_some(key)) });
    found.try_collect().await
}
