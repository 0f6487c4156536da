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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::desk::{Desk, Sources};
use super::guard::Guard;
use super::route::answer;
use crate::server::Handed;

/// The operator, a scraper, a supervisor, and as many pages that are open as may listen for news.
const MOST_CONNECTIONS: usize = 128;
/// How long a request's head may take to arrive.
const HEAD: Duration = Duration::from_secs(10);
/// How often an address that another has is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Where the operator's listener is.
#[derive(Debug)]
pub enum Place {
    /// At an address.
    At(SocketAddr),
    /// At a socket that was handed over.
    Handed(Handed),
}

enum Listener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

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
    pub fn start(place: Place, guard: super::Access<'_>, sources: Sources) -> io::Result<Admin> {
        let (taken, address) = match place {
            Place::At(address) => (bind(address).map(Handed::Tcp), Some(address)),
            Place::Handed(handed) => (Ok(handed), None),
        };
        let listener = match (taken, address) {
            (Ok(listener), _) => Some(listener),
            (Err(error), Some(address)) if error.kind() == io::ErrorKind::AddrInUse => {
                warn!(
                    %address,
                    hint = "`admin.listen` in the configuration names it; it is tried again until it is free",
                    "another program has the address of the operator's page"
                );
                None
            }
            (Err(error), _) => return Err(error),
        };
        let bound = match &listener {
            Some(Handed::Tcp(listener)) => Some(listener.local_addr()?),
            Some(Handed::Unix(_)) | None => None,
        };
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

async fn attend(
    address: Option<SocketAddr>,
    mut listener: Option<Handed>,
    desk: Arc<(Desk, Guard)>,
) {
    let listener = loop {
        let taken = match (listener.take(), address) {
            (Some(Handed::Tcp(listener)), _) => {
                tokio::net::TcpListener::from_std(listener).map(Listener::Tcp)
            }
            (Some(Handed::Unix(listener)), _) => {
                tokio::net::UnixListener::from_std(listener).map(Listener::Unix)
            }
            (None, Some(address)) => {
                sleep(AGAIN).await;
                let taken = bind(address).and_then(tokio::net::TcpListener::from_std);
                if taken.is_ok() {
                    info!(%address, "the operator's page is there");
                }
                taken.map(Listener::Tcp)
            }
            (None, None) => return,
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
        let desk = Arc::clone(&desk);
        let accepted = match &listener {
            Listener::Tcp(listener) => match listener.accept().await {
                Ok((socket, _)) => Ok(tokio::spawn(serve(socket, desk, permit))),
                Err(error) => Err(error),
            },
            Listener::Unix(listener) => match listener.accept().await {
                Ok((socket, _)) => Ok(tokio::spawn(serve(socket, desk, permit))),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = accepted {
            debug!(%error, "a connection of the operator's could not be taken");
            sleep(AGAIN).await;
        }
    }
}

/// Serves one connection to its end.
async fn serve<S>(socket: S, desk: Arc<(Desk, Guard)>, permit: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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
}
