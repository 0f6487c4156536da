//! Reads `[export]` of `config.toml`: the directory or object store that outputs are written to.

use std::path::{Path, PathBuf};

use url::Url;

use super::purge::{PurgeConfig, read_purge};
use crate::config_table::values::{hide_credentials, parse_choice};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// Default maximum of outputs that are rendered and written at a time. A store answers a put in some
/// ten milliseconds, so eight write some hundred outputs a second.
const DEFAULT_CONCURRENCY: usize = 8;
/// Limit of `concurrency`. Stores slow clients down that send more at a time.
const MAX_CONCURRENCY: usize = 64;

/// Maximum bytes of a prefix. Stores take keys of 1,024 bytes, of which outputs have at most 900.
const MAX_PREFIX_BYTES: usize = 120;

/// `[export]`: the directory or object store that outputs are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportConfig {
    /// Directory or bucket.
    pub to: ExportDestination,
    /// URL of a service other than the cloud's own; `None` is the cloud's, or what the environment names.
    pub endpoint: Option<Url>,
    /// Region of an S3 bucket; `None` is what the environment names.
    pub region: Option<String>,
    /// True if the bucket is a part of the path, not of the host name.
    pub path_style: bool,
    /// True if text is stored as gzip.
    pub gzip: bool,
    /// Maximum of outputs that are rendered and written at a time.
    pub concurrency: usize,
    /// Cache in front of the store that is told of changes.
    pub purge: Option<PurgeConfig>,
}

/// Directory or bucket that outputs are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportDestination {
    /// Directory of a file system.
    Directory(PathBuf),
    /// Object store, and a prefix of all keys without slashes at its ends.
    Bucket {
        /// Protocol of the store.
        store: StoreKind,
        /// Name of the bucket or container.
        bucket: String,
        /// Prefix of all keys; may be empty.
        prefix: String,
    },
}

/// Protocol of an object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// S3 and services with its API.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

impl ExportConfig {
    /// Returns the settings of an export into a directory.
    pub fn to_directory(dir: PathBuf) -> ExportConfig {
        ExportConfig {
            to: ExportDestination::Directory(dir),
            endpoint: None,
            region: None,
            path_style: false,
            gzip: false,
            concurrency: DEFAULT_CONCURRENCY,
            purge: None,
        }
    }

    /// Returns the directory of an export into one.
    pub fn directory(&self) -> Option<&Path> {
        match &self.to {
            ExportDestination::Directory(dir) => Some(dir),
            ExportDestination::Bucket { .. } => None,
        }
    }
}

/// Reads the section. Returns `None` if it has no `to`.
pub(super) fn read_export(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    content_dir: &Path,
    dir: &Path,
) -> Option<ExportConfig> {
    let to = table.take_string("to");
    let endpoint = table.take_string("endpoint");
    let region = table.take_string("region").map(|written| written.value);
    let path_style = table.take_bool("path_style");
    let written_compression = table.take_string("compression");
    let compression = parse_choice(
        faults,
        written_compression.clone(),
        &[("identity", false), ("gzip", true)],
    );
    let concurrency = read_concurrency(table.take_usize("concurrency"), faults);
    let purge = read_purge(table.take_table("purge"), faults);
    if to.is_none() && (purge.is_some() || endpoint.is_some() || region.is_some()) {
        table.report_missing("to", "name the store, such as `s3://bucket/prefix`");
    }
    table.reject_unknown();
    let destination = parse_destination(&to?, faults, content_dir, dir)?;
    if let Some(written) = &written_compression
        && compression == Some(true)
        && matches!(destination, ExportDestination::Directory(_))
    {
        faults.report_at(
            written,
            "is `gzip`, but `export.to` is a directory",
            "remove it: files have no `Content-Encoding`, so let the web server compress them",
        );
    }
    Some(ExportConfig {
        to: destination,
        endpoint: endpoint.and_then(|written| parse_endpoint(&written, faults)),
        region,
        path_style: path_style.is_some_and(|written| written.value),
        gzip: compression.unwrap_or_default(),
        concurrency,
        purge,
    })
}

fn read_concurrency(written: Option<Spanned<usize>>, faults: &ConfigErrors<'_>) -> usize {
    let Some(written) = written else {
        return DEFAULT_CONCURRENCY;
    };
    if !(1..=MAX_CONCURRENCY).contains(&written.value) {
        faults.report_at(
            &written,
            &format!("is not between 1 and {MAX_CONCURRENCY}"),
            format!("the default is {DEFAULT_CONCURRENCY}"),
        );
    }
    written.value
}

fn parse_destination(
    written: &Spanned<String>,
    faults: &ConfigErrors<'_>,
    content_dir: &Path,
    dir: &Path,
) -> Option<ExportDestination> {
    let url = Url::parse(written.value.trim()).ok();
    let destination = url.as_ref().and_then(destination_from_url);
    let Some(destination) = destination else {
        faults.report_at(
            written,
            &format!("is not a store: `{}`", hide_credentials(&written.value)),
            "write `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or `file:///dir`",
        );
        return None;
    };
    if let ExportDestination::Directory(to) = &destination
        && is_inside(to, content_dir)
    {
        let content = content_dir.strip_prefix(dir).unwrap_or(content_dir);
        faults.report_at(
            written,
            &format!("is inside `content.dir`, which is `{}`", content.display()),
            "name a directory outside it, or the outputs are read as content",
        );
        return None;
    }
    if let ExportDestination::Bucket { prefix, .. } = &destination
        && prefix.len() > MAX_PREFIX_BYTES
    {
        faults.report_at(
            written,
            &format!("has a prefix of more than {MAX_PREFIX_BYTES} bytes"),
            "shorten it: stores limit the length of keys",
        );
    }
    Some(destination)
}

fn destination_from_url(url: &Url) -> Option<ExportDestination> {
    let is_plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none();
    let store = match url.scheme() {
        _ if !is_plain => return None,
        "file" => return url.to_file_path().ok().map(ExportDestination::Directory),
        "s3" => StoreKind::S3,
        "gs" => StoreKind::Gcs,
        "az" => StoreKind::Azure,
        _ => return None,
    };
    Some(ExportDestination::Bucket {
        store,
        bucket: url.host_str().filter(|host| !host.is_empty())?.to_owned(),
        prefix: crate::url_path::decode_path(url.path())?
            .trim_matches('/')
            .to_owned(),
    })
}

fn parse_endpoint(written: &Spanned<String>, faults: &ConfigErrors<'_>) -> Option<Url> {
    let url = Url::parse(written.value.trim()).ok();
    let url = url.filter(|url| {
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        matches!(url.scheme(), "http" | "https") && !has_credentials && url.has_host()
    });
    if url.is_none() {
        faults.report_at(
            written,
            &format!(
                "is not the URL of a service: `{}`",
                hide_credentials(&written.value)
            ),
            "write it with `https://`; credentials belong into the environment",
        );
    }
    url
}

/// Returns true if `path` is `dir` or below it, also through symbolic links of the parts that exist.
pub fn is_inside(path: &Path, dir: &Path) -> bool {
    resolve_existing(path).starts_with(resolve_existing(dir))
}

/// Resolves the longest part of a path that exists, and appends the rest.
fn resolve_existing(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = absolute.ancestors().find_map(|part| {
        let rest = absolute.strip_prefix(part).ok()?;
        Some(part.canonicalize().ok()?.join(rest))
    });
    found.unwrap_or(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(section: &str) -> Result<Option<ExportConfig>, Vec<String>> {
        let text = format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[export]\n{section}\n");
        Config::parse(&text, "config.toml", Path::new("/srv/site"))
            .map(|config| config.export)
            .map_err(|findings| findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn destinations_are_read_with_their_prefix() {
        let bucket = |store, bucket: &str, prefix: &str| ExportDestination::Bucket {
            store,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (to, expected) in [
            ("s3://b/p/q/", bucket(StoreKind::S3, "b", "p/q")),
            ("gs://b", bucket(StoreKind::Gcs, "b", "")),
            ("az://c/x%20y", bucket(StoreKind::Azure, "c", "x y")),
            (
                "file:///srv/out%20dir",
                ExportDestination::Directory("/srv/out dir".into()),
            ),
        ] {
            let export = read(&format!("to = {to:?}")).unwrap().unwrap();
            assert_eq!(export.to, expected, "{to}");
            assert_eq!(export.concurrency, 8);
        }
        assert_eq!(read("").unwrap(), None);
    }

    #[test]
    fn faults_hide_credentials() {
        for section in [
            "to = \"s3://key:secret@b\"",
            "to = \"s3://:secret@b\"",
            "to = \"s3://b\"\nendpoint = \"https://:secret@minio\"",
            "to = \"s3://b\"\nendpoint = \"ftp://key:sec@secret@minio\"",
        ] {
            let errors = read(section).expect_err(section);
            assert!(
                errors[0].contains("://…@") && !errors[0].contains("secret"),
                "{errors:?}"
            );
        }
    }

    #[test]
    fn faults_name_key_and_remedy() {
        for (section, expected) in [
            ("to = \"ftp://b\"", "`export.to` is not a store: `ftp://b`"),
            ("to = \"s3://\"", "`export.to` is not a store"),
            ("to = \"s3://key:secret@b\"", "`export.to` is not a store"),
            (
                "to = \"file:///srv/site/content/public\"",
                "`export.to` is inside `content.dir`, which is `content`",
            ),
            ("region = \"x\"", "`export.to` is missing"),
            (
                &*format!("to = \"s3://b/{}\"", "p".repeat(121)),
                "`export.to` has a prefix of more than 120 bytes",
            ),
            (
                "to = \"s3://b\"\nendpoint = \"minio:9000\"",
                "`export.endpoint` is not the URL of a service",
            ),
            (
                "to = \"s3://b\"\nconcurrency = 0",
                "`export.concurrency` is not between 1 and 64",
            ),
            (
                "to = \"file:///srv/out\"\ncompression = \"gzip\"",
                "`export.compression` is `gzip`, but `export.to` is a directory",
            ),
            (
                "to = \"s3://b\"\ncompression = \"br\"",
                "`export.compression` is `br`",
            ),
        ] {
            let errors = read(section).expect_err(section);
            assert!(errors[0].contains(expected), "{section}: {errors:?}");
        }
    }
}
