//! An address into answered requests of the operator's, on a thread of its own: whatever it costs to make a
//! page, readers do not wait for it.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::desk::{Desk, Sources};
use super::guard::Guard;
use super::route::answer;

/// The operator, a scraper, a supervisor, and a few that are forgotten in a browser.
const MOST_CONNECTIONS: usize = 64;
/// How long a request's head may take to arrive.
const HEAD: Duration = Duration::from_secs(10);
/// How often an address that another has is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// The operator's listener. It ends when this is dropped.
#[derive(Debug)]
pub struct Admin {
    address: Option<SocketAddr>,
    _stop: oneshot::Sender<()>,
}

impl Admin {
    /// Listens at an address. Where another process has it, as one has that is about to be replaced by
    /// this one, it is tried again until it is free.
    ///
    /// # Errors
    /// The address cannot be had at all, or the system gives no thread.
    pub fn start(
        address: SocketAddr,
        guard: super::Access<'_>,
        sources: Sources,
    ) -> io::Result<Admin> {
        let listener = match bind(address) {
            Ok(listener) => Some(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                warn!(
                    %address,
                    hint = "`admin.listen` in the configuration names it; it is tried again until it is free",
                    "another program has the address of the operator's page"
                );
                None
            }
            Err(error) => return Err(error),
        };
        let bound = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let guard = Guard::new(guard.hosts, guard.token);
        let desk = Arc::new((Desk::new(sources), guard));
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            .build()?;
        std::thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = attend(address, listener, desk) => {}
                        // It is never sent: whoever could have is gone.
                        _ = stopped => {}
                    }
                });
                // Whoever looks is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(Admin {
            address: bound,
            _stop: stop,
        })
    }

    /// Where it listens, with the port that the system chose; `None` while another has the address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn attend(address: SocketAddr, mut listener: Option<TcpListener>, desk: Arc<(Desk, Guard)>) {
    let listener = loop {
        let taken = match listener.take() {
            Some(listener) => tokio::net::TcpListener::from_std(listener),
            None => {
                sleep(AGAIN).await;
                let taken = bind(address).and_then(tokio::net::TcpListener::from_std);
                if taken.is_ok() {
                    info!(%address, "the operator's page is there");
                }
                taken
            }
        };
        match taken {
            Ok(listener) => break listener,
            Err(error) => debug!(%error, "the operator's address is not free yet"),
        }
    };
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let socket = match listener.accept().await {
            Ok((socket, _)) => socket,
            Err(error) => {
                debug!(%error, "a connection of the operator's could not be taken");
                sleep(AGAIN).await;
                continue;
            }
        };
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let desk = Arc::clone(&desk);
                async move { Ok::<_, Infallible>(answer(request, desk).await) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_headers(64)
                .serve_connection(TokioIo::new(socket), service)
                .await;
            if let Err(error) = served {
                debug!(%error, "a connection of the operator's ended with an error");
            }
            drop(permit);
        });
    }
}
