//! Defines the errors of an export, each with a hint.

use std::path::PathBuf;

use crate::model::artifact::LazyRenderError;

/// Reason why an export failed. The next one repairs what this one left.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The directory cannot be used.
    #[error("cannot use the directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The store's settings are incomplete or invalid.
    #[error("cannot use the store `{store}`")]
    Settings {
        /// The store as configured.
        store: String,
        /// Error of the client.
        source: Box<object_store::Error>,
    },
    /// The store rejected an operation or did not answer.
    #[error("cannot {action} `{key}` in `{store}`")]
    Store {
        /// Operation, as a verb.
        action: &'static str,
        /// Key of the object.
        key: String,
        /// The store as configured.
        store: String,
        /// Error of the client.
        source: Box<object_store::Error>,
    },
    /// An output could not be rendered.
    #[error("cannot render `{key}`")]
    Render {
        /// Key of the object.
        key: String,
        /// Error of the renderer.
        source: LazyRenderError,
    },
    /// The manifest has a newer format.
    #[error("`{manifest}` was written by a newer version of courant")]
    NewerManifest {
        /// Key of the manifest.
        manifest: String,
    },
    /// The manifest cannot be read.
    #[error("`{manifest}` is not a manifest of courant: {reason}")]
    InvalidManifest {
        /// Key of the manifest.
        manifest: String,
        /// Description of the error.
        reason: String,
    },
    /// The claim was taken over by another process.
    #[error("another process exports to `{store}` at the same time")]
    Superseded {
        /// The store as configured.
        store: String,
    },
    /// Newer outputs wait. What was written is kept.
    #[error("interrupted by newer outputs")]
    Interrupted,
    /// A process that started later exports with a different configuration.
    #[error("another courant with a different configuration exports to `{store}`")]
    ConfigReplaced {
        /// The store as configured.
        store: String,
    },
}

/// Kind of a store's error, by its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Credentials are missing, wrong, or lack a permission.
    Credentials,
    /// The bucket does not exist.
    NoBucket,
    /// The clock of this machine is wrong.
    ClockSkew,
    /// The disk is full.
    DiskFull,
    /// Anything else, such as an unreachable store.
    Other,
}

impl StoreErrorKind {
    /// Classifies an error by its type, and by the error code that the store sent with it.
    pub fn from_error(error: &object_store::Error) -> StoreErrorKind {
        use object_store::Error;
        let text = error.to_string();
        let has = |codes: &[&str]| codes.iter().any(|code| text.contains(code));
        if has(&["RequestTimeTooSkewed", "RequestExpired"]) {
            StoreErrorKind::ClockSkew
        } else if has(&[
            "NoSuchBucket",
            "ContainerNotFound",
            "bucket does not exist",
            "container does not exist",
        ]) {
            StoreErrorKind::NoBucket
        } else if has(&["No space left on device", "Disk quota exceeded"]) {
            StoreErrorKind::DiskFull
        } else if matches!(
            error,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. }
        ) || has(&[
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "AuthenticationFailed",
            "AccessDenied",
            "169.254.169.254",
            "metadata.google.internal",
        ]) {
            StoreErrorKind::Credentials
        } else {
            StoreErrorKind::Other
        }
    }
}

impl ExportError {
    /// Lists the causes, each in one line. Most errors of clients repeat their cause, which is then left out.
    pub fn list_causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            // Stores send their error as XML with line breaks.
            let text = cause.to_string();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !causes.last().is_some_and(|last| last.contains(&text)) {
                causes.push(text);
            }
            source = cause.source();
        }
        causes
    }

    /// Returns the remedy.
    pub fn hint(&self) -> String {
        match self {
            ExportError::Directory { .. } => {
                "name a directory that this user may write to".to_owned()
            }
            ExportError::Settings { .. } => {
                "see docs/hosting.md for the environment variables of each cloud".to_owned()
            }
            ExportError::Store { source, .. } => match StoreErrorKind::from_error(source) {
                StoreErrorKind::Credentials => {
                    "check the credentials in the environment, and their rights to read, write, list and delete"
                }
                StoreErrorKind::NoBucket => "create the bucket, or correct `export.to`",
                StoreErrorKind::ClockSkew => "set the clock of this machine; stores reject requests of another time",
                StoreErrorKind::DiskFull => "free some disk space and run again; the next run repairs the rest",
                StoreErrorKind::Other => "run again when the store answers; the next run repairs the rest",
            }
            .to_owned(),
            ExportError::Render { .. } => "run again; an image may have changed meanwhile".to_owned(),
            ExportError::NewerManifest { .. } => {
                "use that version, or delete the file, so that everything is written again".to_owned()
            }
            ExportError::InvalidManifest { manifest, .. } => format!(
                "delete `{manifest}`; everything is written again, and equal objects are kept"
            ),
            ExportError::Superseded { .. } | ExportError::Interrupted => "run again".to_owned(),
            ExportError::ConfigReplaced { .. } => {
                "stop one of the two, or give both the same configuration, or each its own `export.to`".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_errors_are_classified_by_their_code() {
        for (text, kind) in [
            ("<Code>NoSuchBucket</Code>", StoreErrorKind::NoBucket),
            (
                "<Code>RequestTimeTooSkewed</Code>",
                StoreErrorKind::ClockSkew,
            ),
            (
                "403 <Code>SignatureDoesNotMatch</Code>",
                StoreErrorKind::Credentials,
            ),
            (
                "No space left on device (os error 28)",
                StoreErrorKind::DiskFull,
            ),
            ("connection refused", StoreErrorKind::Other),
        ] {
            let error = object_store::Error::Generic {
                store: "S3",
                source: text.into(),
            };
            assert_eq!(StoreErrorKind::from_error(&error), kind, "{text}");
        }
    }

    #[test]
    fn causes_are_not_repeated() {
        let timeout: Box<dyn std::error::Error + Send + Sync> = "timed\n out".into();
        let error = ExportError::Store {
            action: "read",
            key: "a".to_owned(),
            store: "s3://b/".to_owned(),
            source: Box::new(object_store::Error::Generic {
                store: "S3",
                source: timeout,
            }),
        };
        assert_eq!(error.list_causes(), ["Generic S3 error: timed out"]);
    }
}
