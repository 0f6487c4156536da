//! Opens the directory or object store of an export, and reads, writes and deletes its objects.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    RetryConfig, UpdateVersion,
};
use tracing::warn;

use super::export_error::ExportError;
use super::object_keys::{Layout, MANIFEST_DIRECTORY};
use crate::config::{ExportConfig, ExportDestination, StoreKind};
use crate::tls_provider::install_tls_provider;

/// Maximum retries of one request, with backoff and jitter: about ten seconds.
const MAX_RETRIES: usize = 6;
/// Timeout of one attempt. A store that is slower is treated as down.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum time of a write or deletion with its retries. Together with the interval at which a claim is renewed, it is
/// less than the time after which another process takes the claim, so that no late write overwrites that process's.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// Timeout of a connection's start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Directory or object store that outputs are written to.
#[derive(Debug, Clone)]
pub struct ExportTarget {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    name: String,
    directory: Option<PathBuf>,
    concurrency: usize,
    is_gzip: bool,
    /// False once the store rejected a conditional put. Shared by all clones.
    has_conditions: Arc<AtomicBool>,
}

/// Headers of an object. A directory stores none.
#[derive(Debug, Clone)]
pub(super) struct ObjectHeaders {
    pub(super) media_type: &'static str,
    pub(super) cache_control: String,
    pub(super) content_encoding: Option<&'static str>,
}

impl ObjectHeaders {
    /// Returns the headers of the manifest and other JSON files that only courant reads.
    pub(super) fn for_own_file() -> ObjectHeaders {
        ObjectHeaders {
            media_type: "application/json",
            cache_control: "no-store".to_owned(),
            content_encoding: None,
        }
    }
}

impl ExportTarget {
    /// Opens the target, and creates a directory that does not exist. Sends no request yet.
    ///
    /// # Errors
    /// The directory cannot be created, or the settings of the store are invalid.
    pub fn open(config: &ExportConfig) -> Result<ExportTarget, ExportError> {
        let directory = config.directory().map(PathBuf::from);
        if let Some(path) = &directory {
            std::fs::create_dir_all(path).map_err(|source| ExportError::Directory {
                path: path.clone(),
                source,
            })?;
        }
        ExportTarget::open_existing(config)
    }

    /// Opens the target, and creates nothing: a directory that does not exist is taken for an empty one.
    ///
    /// # Errors
    /// As for [`ExportTarget::open`].
    pub fn open_for_dry_run(config: &ExportConfig) -> Result<ExportTarget, ExportError> {
        match config.directory() {
            Some(dir) if !dir.exists() => {
                let mut target = ExportTarget::with_store(config, Arc::new(InMemory::new()));
                target.directory = Some(dir.to_owned());
                Ok(target)
            }
            _ => ExportTarget::open_existing(config),
        }
    }

    fn open_existing(config: &ExportConfig) -> Result<ExportTarget, ExportError> {
        let name = target_name(config);
        let store: object_store::Result<Arc<dyn ObjectStore>> = match &config.to {
            ExportDestination::Directory(path) => {
                if !path.is_dir() {
                    return Err(ExportError::Directory {
                        path: path.clone(),
                        source: std::io::ErrorKind::NotADirectory.into(),
                    });
                }
                LocalFileSystem::new_with_prefix(path).map(|store| {
                    let store: Arc<dyn ObjectStore> = Arc::new(store.with_automatic_cleanup(true));
                    store
                })
            }
            ExportDestination::Bucket { store, bucket, .. } => {
                install_tls_provider();
                open_bucket(config, *store, bucket)
            }
        };
        let store = store.map_err(|source| ExportError::Settings {
            store: name,
            source: Box::new(source),
        })?;
        Ok(ExportTarget::with_store(config, store))
    }

    /// Creates a target that uses this store in place of the configured one, for tests.
    pub fn with_store(config: &ExportConfig, store: Arc<dyn ObjectStore>) -> ExportTarget {
        ExportTarget {
            store,
            prefix: match &config.to {
                ExportDestination::Directory(_) => String::new(),
                ExportDestination::Bucket { prefix, .. } => prefix.clone(),
            },
            name: target_name(config),
            directory: config.directory().map(PathBuf::from),
            concurrency: config.concurrency.max(1),
            is_gzip: config.gzip,
            has_conditions: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Returns the rules by which paths become keys.
    pub fn layout(&self) -> Layout {
        match self.directory {
            Some(_) => Layout::Directory,
            None => Layout::Store,
        }
    }

    /// Returns true if text is stored as gzip.
    pub fn is_gzip(&self) -> bool {
        self.is_gzip
    }

    /// Returns the directory or the URL of the store.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn directory(&self) -> Option<&std::path::Path> {
        self.directory.as_deref()
    }

    pub(super) fn concurrency(&self) -> usize {
        self.concurrency
    }

    fn object_path(&self, key: &str) -> object_store::Result<Path> {
        let path = match self.prefix.as_str() {
            "" => Path::parse(key),
            prefix => Path::parse(format!("{prefix}/{key}")),
        };
        Ok(path?)
    }

    fn store_error(
        &self,
        action: &'static str,
        key: &str,
        source: object_store::Error,
    ) -> ExportError {
        ExportError::Store {
            action,
            key: key.to_owned(),
            store: self.name.clone(),
            source: Box::new(source),
        }
    }

    /// Reads an object with its version; `None` if it does not exist.
    pub(super) async fn read_object(
        &self,
        key: &str,
    ) -> Result<Option<(Bytes, UpdateVersion)>, ExportError> {
        let result = async {
            let found = self.store.get(&self.object_path(key)?).await?;
            let version = UpdateVersion {
                e_tag: found.meta.e_tag.clone(),
                version: found.meta.version.clone(),
            };
            Ok((found.bytes().await?, version))
        };
        match result.await {
            Ok(found) => Ok(Some(found)),
            Err(object_store::Error::NotFound { source, .. })
                if !source.to_string().contains("NoSuchBucket") =>
            {
                Ok(None)
            }
            Err(error) => Err(self.store_error("read", key, error)),
        }
    }

    /// Reads a file of courant's own that lies beside the manifest; `None` if it does not exist.
    ///
    /// # Errors
    /// The store fails.
    pub async fn read_state(&self, name: &str) -> Result<Option<Bytes>, ExportError> {
        let key = format!("{MANIFEST_DIRECTORY}/{name}");
        Ok(self.read_object(&key).await?.map(|(bytes, _)| bytes))
    }

    /// Writes a file of courant's own beside the manifest.
    ///
    /// # Errors
    /// The store fails.
    pub async fn write_state(&self, name: &str, bytes: Bytes) -> Result<(), ExportError> {
        let key = format!("{MANIFEST_DIRECTORY}/{name}");
        let headers = ObjectHeaders::for_own_file();
        let _ = self
            .write_object(&key, bytes, Some(&headers), PutMode::Overwrite)
            .await?;
        Ok(())
    }

    /// Returns true if an object exists.
    pub(super) async fn has_object(&self, key: &str) -> Result<bool, ExportError> {
        if let Some(dir) = &self.directory {
            // Also true for a directory of this name, or a file with the name of a parent.
            return Ok(match std::fs::symlink_metadata(dir.join(key)) {
                Ok(_) => true,
                Err(error) => error.kind() != std::io::ErrorKind::NotFound,
            });
        }
        let result = async { self.store.head(&self.object_path(key)?).await };
        match result.await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.store_error("read", key, error)),
        }
    }

    /// Lists the keys of all objects.
    pub(super) async fn list_keys(&self, below: &str) -> Result<HashSet<String>, ExportError> {
        let result = async {
            let prefix = match [self.prefix.as_str(), below].as_slice() {
                ["", below] => Path::parse(below)?,
                [prefix, ""] => Path::parse(prefix)?,
                _ => self.object_path(below)?,
            };
            let objects = self.store.list(Some(&prefix));
            let keys = objects.try_fold(HashSet::new(), |mut keys, object| async move {
                let path = object.location.as_ref();
                let key = path.strip_prefix(&self.prefix).unwrap_or(path);
                keys.insert(key.trim_start_matches('/').to_owned());
                Ok(keys)
            });
            keys.await
        };
        let result: object_store::Result<_> = result.await;
        result.map_err(|error| self.store_error("list", below, error))
    }

    /// Writes an object and returns its version.
    ///
    /// # Errors
    /// The outer one if the store fails; the inner one if the condition of `mode` does not hold.
    pub(super) async fn write_object(
        &self,
        key: &str,
        bytes: Bytes,
        headers: Option<&ObjectHeaders>,
        mode: PutMode,
    ) -> Result<Result<UpdateVersion, ConditionFailed>, ExportError> {
        let mut attributes = Attributes::new();
        if let Some(headers) = headers
            && self.directory.is_none()
        {
            attributes.insert(Attribute::ContentType, headers.media_type.into());
            attributes.insert(
                Attribute::CacheControl,
                headers.cache_control.clone().into(),
            );
            if let Some(coding) = headers.content_encoding {
                attributes.insert(Attribute::ContentEncoding, coding.into());
            }
        }
        let options = |mode| PutOptions {
            mode,
            attributes: attributes.clone(),
            ..PutOptions::default()
        };
        let put = async |mode| {
            let path = self.object_path(key)?;
            let bytes = bytes.clone().into();
            limit_time(self.store.put_opts(&path, bytes, options(mode))).await
        };
        let mode = match self.has_conditions.load(Ordering::Relaxed) {
            true => mode,
            false => PutMode::Overwrite,
        };
        let is_conditional = !matches!(mode, PutMode::Overwrite);
        let mut result = put(mode).await;
        if is_conditional && result.as_ref().is_err_and(is_not_implemented) {
            if self.has_conditions.swap(false, Ordering::Relaxed) {
                warn!(
                    hint = "let only one process export to it",
                    "`{}` has no conditional puts", self.name
                );
            }
            result = put(PutMode::Overwrite).await;
        }
        match result {
            Ok(written) => Ok(Ok(written.into())),
            Err(
                object_store::Error::Precondition { .. }
                | object_store::Error::AlreadyExists { .. },
            ) => Ok(Err(ConditionFailed)),
            Err(error) => Err(self.store_error("write", key, error)),
        }
    }

    /// Deletes an object; one that does not exist is no error.
    pub(super) async fn delete_object(&self, key: &str) -> Result<(), ExportError> {
        let result = async { limit_time(self.store.delete(&self.object_path(key)?)).await };
        match result.await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.store_error("delete", key, error)),
        }
    }

    /// Deletes the temporary files that a killed process left beside a file.
    pub(super) fn delete_temporary_files(&self, key: &str) {
        let Some(dir) = &self.directory else {
            return;
        };
        // `LocalFileSystem` numbers them from 1.
        let files = (1..).map(|number: u32| dir.join(format!("{key}#{number}")));
        for file in files {
            if std::fs::remove_file(file).is_err() {
                return;
            }
        }
    }
}

/// Ends a write with an error after the maximum time.
async fn limit_time<T>(
    write: impl Future<Output = object_store::Result<T>>,
) -> object_store::Result<T> {
    let ended = tokio::time::timeout(WRITE_TIMEOUT, write).await;
    ended.unwrap_or_else(|elapsed| {
        Err(object_store::Error::Generic {
            store: "export",
            source: elapsed.into(),
        })
    })
}

/// Returns true if the store lacks an operation. Swift answers 501 to a conditional put.
fn is_not_implemented(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotImplemented { .. })
        || error.to_string().contains("501 Not Implemented")
}

/// Condition of a write that does not hold: the object exists, or has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConditionFailed;

/// Returns the destination as people write it.
fn target_name(config: &ExportConfig) -> String {
    match &config.to {
        ExportDestination::Directory(path) => path.display().to_string(),
        ExportDestination::Bucket {
            store,
            bucket,
            prefix,
        } => {
            let scheme = match store {
                StoreKind::S3 => "s3",
                StoreKind::Gcs => "gs",
                StoreKind::Azure => "az",
            };
            format!("{scheme}://{bucket}/{prefix}")
        }
    }
}

/// Adds the configuration to what the environment names.
fn add_s3_settings(
    builder: AmazonS3Builder,
    config: &ExportConfig,
    bucket: &str,
) -> AmazonS3Builder {
    let from_env = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    let mut builder = builder.with_bucket_name(bucket);
    if let Some(region) = &config.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &config.endpoint {
        let url = endpoint.as_str().trim_end_matches('/');
        // With a host name for the bucket, the client expects an endpoint that has it.
        builder = builder.with_endpoint(match config.path_style {
            true => url.to_owned(),
            false => url.replacen("://", &format!("://{bucket}."), 1),
        });
    }
    // An endpoint from the environment lacks the bucket, unless the environment says so too.
    match config.endpoint.is_none() && from_env.is_some() && !config.path_style {
        true => builder,
        false => builder.with_virtual_hosted_style_request(!config.path_style),
    }
}

fn open_bucket(
    config: &ExportConfig,
    kind: StoreKind,
    bucket: &str,
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let retry = RetryConfig {
        max_retries: MAX_RETRIES,
        retry_timeout: WRITE_TIMEOUT,
        ..RetryConfig::default()
    };
    let options = ClientOptions::new()
        .with_timeout(REQUEST_TIMEOUT)
        .with_connect_timeout(CONNECT_TIMEOUT);
    let endpoint = config
        .endpoint
        .as_ref()
        .map(|url| url.as_str().trim_end_matches('/').to_owned());
    let is_http = |from_env: Option<String>| {
        let used = endpoint.as_ref().or(from_env.as_ref());
        used.is_some_and(|url| url.starts_with("http://"))
    };
    Ok(match kind {
        StoreKind::S3 => {
            let builder = AmazonS3Builder::from_env();
            let is_http = is_http(builder.get_config_value(&AmazonS3ConfigKey::Endpoint));
            let builder = add_s3_settings(builder, config, bucket)
                .with_client_options(options.with_allow_http(is_http))
                .with_retry(retry);
            Arc::new(builder.build()?)
        }
        StoreKind::Azure => {
            let mut builder = MicrosoftAzureBuilder::from_env().with_container_name(bucket);
            let is_http = is_http(builder.get_config_value(&AzureConfigKey::Endpoint));
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            let options = options.with_allow_http(is_http);
            Arc::new(
                builder
                    .with_client_options(options)
                    .with_retry(retry)
                    .build()?,
            )
        }
        StoreKind::Gcs => {
            let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
            let options = options.with_allow_http(is_http(None));
            if let Some(endpoint) = &endpoint {
                builder = builder.with_base_url(endpoint);
            }
            Arc::new(
                builder
                    .with_client_options(options)
                    .with_retry(retry)
                    .build()?,
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_of_the_environment_keeps_its_path_style() {
        let mut config = ExportConfig::to_directory("unused".into());
        let style = |builder: AmazonS3Builder, config: &ExportConfig| {
            add_s3_settings(builder, config, "bucket")
                .get_config_value(&AmazonS3ConfigKey::VirtualHostedStyleRequest)
        };
        let from_env = AmazonS3Builder::new().with_endpoint("http://minio:9000");
        assert_eq!(style(from_env.clone(), &config).as_deref(), Some("false"));
        let virtual_hosted = from_env.with_virtual_hosted_style_request(true);
        assert_eq!(style(virtual_hosted, &config).as_deref(), Some("true"));
        let new = AmazonS3Builder::new;
        assert_eq!(style(new(), &config).as_deref(), Some("true"));
        config.path_style = true;
        assert_eq!(style(new(), &config).as_deref(), Some("false"));
    }
}
