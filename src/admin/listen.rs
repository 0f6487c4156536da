//! An address into answered requests of the operator's, on a thread of its own: whatever it costs to make a
//! page, readers do not wait for it.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use super::desk::{Desk, Sources};
use super::guard::Guard;
use super::route::answer;
use crate::server::{Capacity, Evictable, Handed};

/// The operator, a scraper, a supervisor, and as many pages that are open as may listen for news. At the limit the one
/// that has not asked for longest is closed for a new one, so that a supervisor is answered whatever else is open.
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

/// When a connection last asked for something, or else was opened, and whether it is to close.
#[derive(Debug)]
struct Activity {
    asked: Mutex<Instant>,
    is_evicted: AtomicBool,
    evicted: Notify,
}

impl Activity {
    fn new() -> Arc<Activity> {
        Arc::new(Activity {
            asked: Mutex::new(Instant::now()),
            is_evicted: AtomicBool::new(false),
            evicted: Notify::new(),
        })
    }

    fn record_request(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Evictable for Activity {
    /// A page that hears news counts as idle too: a browser connects again by itself.
    fn idle_since(&self) -> Option<Instant> {
        Some(*self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn evict(&self) {
        self.is_evicted.store(true, Ordering::Relaxed);
        self.evicted.notify_one();
    }

    fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::Relaxed)
    }
}

enum Listener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

enum Socket {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
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
    let capacity = Capacity::new(MOST_CONNECTIONS);
    loop {
        let accepted = match &listener {
            Listener::Tcp(listener) => listener
                .accept()
                .await
                .map(|(socket, _)| Socket::Tcp(socket)),
            Listener::Unix(listener) => listener
                .accept()
                .await
                .map(|(socket, _)| Socket::Unix(socket)),
        };
        let socket = match accepted {
            Ok(socket) => socket,
            Err(error) => {
                debug!(%error, "a connection of the operator's could not be taken");
                sleep(AGAIN).await;
                continue;
            }
        };
        let Ok(permit) = capacity.admit().await else {
            return;
        };
        let (desk, capacity) = (Arc::clone(&desk), Arc::clone(&capacity));
        tokio::spawn(async move {
            match socket {
                Socket::Tcp(socket) => serve(socket, desk, &capacity).await,
                Socket::Unix(socket) => serve(socket, desk, &capacity).await,
            }
            drop(permit);
        });
    }
}

/// Serves one connection to its end, or until its place is needed.
async fn serve<S>(socket: S, desk: Arc<(Desk, Guard)>, capacity: &Arc<Capacity<Activity>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new();
    let _evictable = capacity.register(Arc::clone(&activity));
    let service = service_fn(|request| {
        activity.record_request();
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(answer(request, desk).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        served = served => {
            if let Err(error) = served {
                debug!(%error, "a connection of the operator's ended with an error");
            }
        }
        () = activity.evicted.notified() => {
            debug!("a connection of the operator's made room for a new one");
        }
    }
}
