//! An object store in memory that records its operations, and fails after a number of them.

use std::fmt;
use std::sync::Mutex;

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
}

impl FaultStore {
    pub fn new() -> FaultStore {
        FaultStore {
            objects: InMemory::new(),
            log: Default::default(),
            writes_left: std::sync::Arc::new(Mutex::new(usize::MAX)),
        }
    }

    /// Lets this many further writes succeed.
    pub fn fail_after(&self, writes: usize) {
        *self.writes_left.lock().unwrap() = writes;
    }

    /// Returns the writes so far, and forgets them.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
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
        let result = self.objects.put_opts(location, payload, opts).await?;
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
        self.objects.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (log, left) = (self.log.clone(), self.writes_left.clone());
        let checked = locations.map(move |location| {
            let location = location?;
            count_write(&left)?;
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
