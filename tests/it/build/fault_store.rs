//! An object store in memory that records its operations, and fails after a number of them.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Store whose writes fail once `writes_left` of them succeeded.
#[derive(Debug)]
pub struct FaultStore {
    pub objects: InMemory,
    pub log: std::sync::Arc<Mutex<Vec<String>>>,
    pub writes_left: std::sync::Arc<Mutex<usize>>,
    /// Faults of objects, by a part of their location.
    pub faults: std::sync::Arc<Mutex<Vec<(&'static str, Fault)>>>,
}

/// Behaviour of the store for some objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Writes and deletions fail.
    DenyWrite,
    /// Reads fail, but not lookups of the metadata.
    DenyRead,
    /// A put succeeds, but its answer is lost, and its retry finds the object.
    LoseAnswer,
    /// A put takes this long.
    Delay(Duration),
    /// A put of a root without a claim is followed by another process that uploads its base.
    AddForeignBase,
}

/// Location of the base that another process uploads.
pub const FOREIGN_BASE: &str = "pre/fix/.courant/manifest-other.json";

impl FaultStore {
    pub fn new() -> FaultStore {
        FaultStore {
            objects: InMemory::new(),
            log: Default::default(),
            writes_left: std::sync::Arc::new(Mutex::new(usize::MAX)),
            faults: Default::default(),
        }
    }

    /// Lets this many further writes succeed.
    pub fn fail_after(&self, writes: usize) {
        *self.writes_left.lock().unwrap() = writes;
    }

    /// Adds a fault of the objects whose location contains `part`; the first one counts.
    pub fn inject(&self, part: &'static str, fault: Fault) {
        self.faults.lock().unwrap().push((part, fault));
    }

    /// Returns the writes so far, and forgets them.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

fn find_fault(faults: &Mutex<Vec<(&'static str, Fault)>>, location: &Path) -> Option<Fault> {
    let faults = faults.lock().unwrap();
    let mut found = faults
        .iter()
        .filter(|(part, _)| location.as_ref().contains(part));
    found.next().map(|(_, fault)| *fault)
}

fn denied() -> object_store::Error {
    object_store::Error::Generic {
        store: "fault",
        source: "denied".into(),
    }
}

fn count_write(writes_left: &Mutex<usize>) -> Result<()> {
    let mut left = writes_left.lock().unwrap();
    if *left == 0 {
        return Err(object_store::Error::Generic {
            store: "fault",
            source: "connection lost".into(),
        });
    }
    *left -= 1;
    Ok(())
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultStore")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        count_write(&self.writes_left)?;
        let fault = find_fault(&self.faults, location);
        match fault {
            Some(Fault::DenyWrite) => return Err(denied()),
            Some(Fault::Delay(delay)) => {
                self.log.lock().unwrap().push(format!("begin {location}"));
                tokio::time::sleep(delay).await;
            }
            _ => {}
        }
        let text = String::from_utf8_lossy(&bytes::Bytes::from(payload.clone())).into_owned();
        let result = self.objects.put_opts(location, payload, opts).await?;
        match fault {
            Some(Fault::LoseAnswer) => {
                return Err(object_store::Error::AlreadyExists {
                    path: location.to_string(),
                    source: "retried".into(),
                });
            }
            Some(Fault::AddForeignBase) if !text.contains("\"claim\"") => {
                let base = Path::from(FOREIGN_BASE);
                self.objects
                    .put_opts(&base, "{}".into(), PutOptions::default())
                    .await?;
            }
            _ => {}
        }
        self.log.lock().unwrap().push(format!("put {location}"));
        Ok(result)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let is_denied = |fault: &(&str, Fault)| {
            fault.1 == Fault::DenyRead && !options.head && location.as_ref().contains(fault.0)
        };
        if self.faults.lock().unwrap().iter().any(is_denied) {
            return Err(denied());
        }
        self.objects.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (log, left) = (self.log.clone(), self.writes_left.clone());
        let faults = self.faults.clone();
        let checked = locations.map(move |location| {
            let location = location?;
            count_write(&left)?;
            if find_fault(&faults, &location) == Some(Fault::DenyWrite) {
                return Err(denied());
            }
            log.lock().unwrap().push(format!("delete {location}"));
            Ok(location)
        });
        self.objects.delete_stream(checked.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
