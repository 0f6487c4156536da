//! Runs a task in a thread of its own, until its handle is dropped.

use std::io;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// Handle on a thread. The thread and its git end when the handle is dropped.
#[derive(Debug)]
pub struct GitThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GitThread {
    /// Starts the thread.
    pub(super) fn start(
        name: &str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<GitThread> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        () = task => {}
                    }
                });
                // The wait for the lock of another process must not delay the end.
                runtime.shutdown_background();
            })?;
        Ok(GitThread {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for GitThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
