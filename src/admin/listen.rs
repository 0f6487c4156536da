//! Listens for admin connections and serves them on a thread of its own.
//!
//! So public requests never wait while an admin page is rendered.

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

use super::auth::AdminAuth;
use super::route::answer_request;
use super::state::{AdminSources, AdminState};
use crate::server::{ConnectionLimiter, Evictable, PassedSocket};

/// Maximum concurrent connections: all event streams, and room for browsers, a metrics scraper and
/// health checks. At the limit the longest idle connection is closed for a new one, so that health
/// checks are always answered.
const MAX_ADMIN_CONNECTIONS: usize = 128;
/// Timeout for receiving a request head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Interval between attempts to bind an address that is in use, and pause after a failed accept.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Address or socket to listen on.
#[derive(Debug)]
pub enum ListenTarget {
    /// Address to bind.
    Address(SocketAddr),
    /// Socket passed by the service manager.
    PassedSocket(PassedSocket),
}

/// Time of a connection's last request, or of its start, and its eviction.
#[derive(Debug)]
struct ConnectionActivity {
    last_request: Mutex<Instant>,
    is_evicted: AtomicBool,
    eviction: Notify,
}

impl ConnectionActivity {
    fn new() -> Arc<ConnectionActivity> {
        Arc::new(ConnectionActivity {
            last_request: Mutex::new(Instant::now()),
            is_evicted: AtomicBool::new(false),
            eviction: Notify::new(),
        })
    }

    fn record_request(&self) {
        *self
            .last_request
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Evictable for ConnectionActivity {
    /// Returns the time of the last request. An event stream counts as idle too: browsers reconnect.
    fn idle_since(&self) -> Option<Instant> {
        Some(
            *self
                .last_request
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn request_close(&self) {
        self.is_evicted.store(true, Ordering::Relaxed);
        self.eviction.notify_one();
    }

    fn is_close_pending(&self) -> bool {
        self.is_evicted.load(Ordering::Relaxed)
    }
}

enum AdminSocket {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

enum AdminStream {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

/// Running admin listener. It stops when this is dropped.
#[derive(Debug)]
pub struct AdminServer {
    bound_address: Option<SocketAddr>,
    _stop: oneshot::Sender<()>,
}

impl AdminServer {
    /// Starts listening. An address that is in use, say by the process that this one replaces, is
    /// tried again until it is free.
    ///
    /// # Errors
    /// The address cannot be bound for another reason, or the thread cannot be started.
    pub fn start_listening(
        target: ListenTarget,
        access: super::AccessRules<'_>,
        sources: AdminSources,
    ) -> io::Result<AdminServer> {
        let (bound, address) = match target {
            ListenTarget::Address(address) => (
                bind_nonblocking(address).map(PassedSocket::Tcp),
                Some(address),
            ),
            ListenTarget::PassedSocket(handed) => (Ok(handed), None),
        };
        let listener = match (bound, address) {
            (Ok(listener), _) => Some(listener),
            (Err(error), Some(address)) if error.kind() == io::ErrorKind::AddrInUse => {
                warn!(
                    %address,
                    hint = "set `admin.listen` to change it; binding is retried until the address is free",
                    "the address of the admin page is in use by another program"
                );
                None
            }
            (Err(error), _) => return Err(error),
        };
        let bound_address = match &listener {
            Some(PassedSocket::Tcp(listener)) => Some(listener.local_addr()?),
            Some(PassedSocket::Unix(_)) | None => None,
        };
        let auth = AdminAuth::new(access.hosts, access.token);
        let context = Arc::new((AdminState::new(sources), auth));
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
                        () = accept_connections(address, listener, context) => {}
                        // Nothing is ever sent: this ends when the sender is dropped.
                        _ = stopped => {}
                    }
                });
                // Does not wait for requests in progress.
                runtime.shutdown_background();
            })?;
        Ok(AdminServer {
            bound_address,
            _stop: stop,
        })
    }

    /// Returns the bound address, with the port that the system chose. `None` for a Unix socket, or if
    /// the address was in use at the start.
    pub fn bound_address(&self) -> Option<SocketAddr> {
        self.bound_address
    }
}

/// Binds an address for use with Tokio.
fn bind_nonblocking(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts connections, each in a task of its own. Without a listener it first binds the address.
async fn accept_connections(
    address: Option<SocketAddr>,
    mut listener: Option<PassedSocket>,
    context: Arc<(AdminState, AdminAuth)>,
) {
    let listener = loop {
        let bound = match (listener.take(), address) {
            (Some(PassedSocket::Tcp(listener)), _) => {
                tokio::net::TcpListener::from_std(listener).map(AdminSocket::Tcp)
            }
            (Some(PassedSocket::Unix(listener)), _) => {
                tokio::net::UnixListener::from_std(listener).map(AdminSocket::Unix)
            }
            (None, Some(address)) => {
                sleep(RETRY_INTERVAL).await;
                let bound = bind_nonblocking(address).and_then(tokio::net::TcpListener::from_std);
                if bound.is_ok() {
                    info!(%address, "the admin page is available");
                }
                bound.map(AdminSocket::Tcp)
            }
            (None, None) => return,
        };
        match bound {
            Ok(listener) => break listener,
            Err(error) => debug!(%error, "the address of the admin page is still in use"),
        }
    };
    let capacity = ConnectionLimiter::new(MAX_ADMIN_CONNECTIONS);
    loop {
        let accepted = match &listener {
            AdminSocket::Tcp(listener) => listener
                .accept()
                .await
                .map(|(socket, _)| AdminStream::Tcp(socket)),
            AdminSocket::Unix(listener) => listener
                .accept()
                .await
                .map(|(socket, _)| AdminStream::Unix(socket)),
        };
        let socket = match accepted {
            Ok(socket) => socket,
            Err(error) => {
                debug!(%error, "accepting an admin connection failed");
                sleep(RETRY_INTERVAL).await;
                continue;
            }
        };
        let Ok(permit) = capacity.acquire_or_evict().await else {
            return;
        };
        let (context, capacity) = (Arc::clone(&context), Arc::clone(&capacity));
        tokio::spawn(async move {
            match socket {
                AdminStream::Tcp(socket) => serve_connection(socket, context, &capacity).await,
                AdminStream::Unix(socket) => serve_connection(socket, context, &capacity).await,
            }
            drop(permit);
        });
    }
}

/// Serves one connection until it ends or is evicted for a new one.
async fn serve_connection<S>(
    socket: S,
    context: Arc<(AdminState, AdminAuth)>,
    capacity: &Arc<ConnectionLimiter<ConnectionActivity>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = ConnectionActivity::new();
    let _evictable = capacity.register_connection(Arc::clone(&activity));
    let service = service_fn(|request| {
        activity.record_request();
        let context = Arc::clone(&context);
        async move { Ok::<_, Infallible>(answer_request(request, context).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(64)
        .serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        served = served => {
            if let Err(error) = served {
                debug!(%error, "an admin connection ended with an error");
            }
        }
        () = activity.eviction.notified() => {
            debug!("an idle admin connection was closed for a new one");
        }
    }
}
