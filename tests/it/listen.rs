//! Checks listening: Unix sockets, TLS, several addresses, and waiting connections at shutdown.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use courant::config::{self, ListenAddress};
use courant::model::artifact::{Artifact, ArtifactBody, ArtifactKey, OutputBytes};
use courant::publish::render_cache::RenderCache;
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use courant::server::{
    DrainReport, HttpServer, Listeners, ReloadableTls, ServerContext, TlsError, WorkerSockets,
};
use courant::stats::TrafficStats;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Response, TestSite, clock, plain, request};

/// Longest wait before a test fails. Tests wait for an effect, not for time to pass.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);
const CLOSING_GET: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\nConnection: close\r\n\r\n";
const KEEP_ALIVE_GET: &str = "GET /robots.txt HTTP/1.1\r\nHost: e.org\r\n\r\n";

/// A server of one text in this process, with its shutdown signal.
struct ServedListeners {
    stop: oneshot::Sender<()>,
    drained: JoinHandle<DrainReport>,
}

impl ServedListeners {
    fn start(config: &config::ServerConfig, part: WorkerSockets) -> ServedListeners {
        let artifact = Artifact {
            key: ArtifactKey::Robots,
            body: ArtifactBody::Eager(OutputBytes::new(b"robots!\n".to_vec())),
            links: Vec::new(),
            noindex: false,
        };
        let current = SnapshotHandle::default();
        current.publish_snapshot(Snapshot::next_generation(
            &Snapshot::default(),
            vec![artifact],
            clock(),
        ));
        let gallery = RenderCache::new(1 << 20, 4).unwrap();
        let source = ServerContext {
            snapshot: current,
            render_cache: gallery,
            traffic: TrafficStats::default(),
            access_log: None,
            webhook: None,
        };
        let server = HttpServer::new(source, config, clock);
        let (stop, stopped) = oneshot::channel::<()>();
        let drained = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            server.serve_sockets(part, stopped).await
        });
        ServedListeners { stop, drained }
    }

    async fn stop(self) -> DrainReport {
        self.stop.send(()).unwrap();
        timeout(TEST_TIMEOUT, self.drained).await.unwrap().unwrap()
    }
}

fn server_config(listen: Vec<ListenAddress>) -> config::ServerConfig {
    config::ServerConfig {
        listen,
        public_url: "https://e.org".to_owned(),
        drain_timeout: TEST_TIMEOUT,
        ..config::ServerConfig::default()
    }
}

fn any_tcp_port() -> ListenAddress {
    "127.0.0.1:0".parse().unwrap()
}

/// Binds all addresses for one worker and returns its listeners and the bound addresses.
fn bind_one_worker(
    config: &config::ServerConfig,
    tls: Option<Arc<ReloadableTls>>,
) -> (WorkerSockets, Vec<ListenAddress>) {
    let listeners = Listeners::bind_addresses(config, tls, 1).unwrap();
    listeners.start_listening(false).unwrap();
    let addresses = listeners.local_addresses();
    (listeners.into_worker_sockets().remove(0), addresses)
}

fn tcp_address(address: &ListenAddress) -> SocketAddr {
    match address {
        ListenAddress::Tcp(address) => *address,
        ListenAddress::Unix(path) => panic!("{path:?} has no port"),
    }
}

async fn read_rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    let read = timeout(TEST_TIMEOUT, stream.read_to_string(&mut text)).await;
    read.expect("the server closes").expect("text");
    text
}

/// Requests `/robots.txt` over a Unix socket.
fn get_over_unix_socket(path: &Path) -> Response {
    let mut socket = UnixStream::connect(path).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    socket.write_all(CLOSING_GET.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    Response::parse(&bytes)
}

#[tokio::test]
async fn one_process_listens_on_several_addresses() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let config = server_config(vec![
        any_tcp_port(),
        ListenAddress::Unix(path.clone()),
        any_tcp_port(),
    ]);
    let (part, addresses) = bind_one_worker(&config, None);
    let running = ServedListeners::start(&config, part);
    assert_ne!(addresses[0], addresses[2]);
    for address in [&addresses[0], &addresses[2]] {
        let mut client = TcpStream::connect(tcp_address(address)).await.unwrap();
        client.write_all(CLOSING_GET.as_bytes()).await.unwrap();
        assert!(read_rest(&mut client).await.ends_with("robots!\n"));
    }
    let asked = tokio::task::spawn_blocking(move || get_over_unix_socket(&path)).await;
    assert_eq!(asked.unwrap().text(), "robots!\n");
    assert_eq!(running.stop().await, DrainReport { aborted: 0 });
}

#[tokio::test]
async fn unix_socket_has_its_mode_and_is_removed_at_shutdown() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let mut config = server_config(vec![ListenAddress::Unix(path.clone())]);
    let (part, _) = bind_one_worker(&config, None);
    let file = std::fs::metadata(&path).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o660);
    ServedListeners::start(&config, part).stop().await;
    assert!(!path.exists());
    config.unix_mode = 0o666;
    let (_part, _) = bind_one_worker(&config, None);
    let file = std::fs::metadata(&path).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o666);
}

#[test]
fn only_a_stale_unix_socket_is_replaced() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let config = server_config(vec![ListenAddress::Unix(path.clone())]);
    let why = || {
        let refused = Listeners::bind_addresses(&config, None, 1).expect_err("it is taken");
        assert_eq!(
            refused.to_string(),
            format!("cannot listen on `unix:{}`", path.display())
        );
        refused.source.kind()
    };
    let other = UnixListener::bind(&path).unwrap();
    assert_eq!(why(), std::io::ErrorKind::AddrInUse);
    // The file stays behind, as after a killed process.
    drop(other);
    drop(Listeners::bind_addresses(&config, None, 1).expect("a stale socket is replaced"));
    assert!(!path.exists(), "the new socket file is removed");
    std::fs::write(&path, "a letter").unwrap();
    assert_eq!(why(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter");
}

/// A certificate and its key on disk.
struct CertificateFiles {
    dir: TempDir,
}

impl CertificateFiles {
    fn new() -> CertificateFiles {
        CertificateFiles {
            dir: TempDir::new().unwrap(),
        }
    }

    fn tls_config(&self) -> config::TlsConfig {
        config::TlsConfig {
            certificate: self.dir.path().join("certificate.pem"),
            key: self.dir.path().join("key.pem"),
        }
    }

    /// Replaces the pair with a new one and returns the certificate for clients to trust.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["e.org".to_owned()]).unwrap();
        replace_file(&self.tls_config().certificate, &cert.pem());
        replace_file(&self.tls_config().key, &signing_key.serialize_pem());
        cert.der().clone()
    }
}

/// Replaces a file by rename, as ACME clients do.
fn replace_file(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, file).unwrap();
}

/// Connects with TLS, trusting only `trusted` and offering `protocols` by ALPN.
async fn tls_handshake(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
    config.alpn_protocols = protocols.collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("e.org").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Starts a TLS server whose handshakes must end within `header_timeout`.
async fn start_tls_server(
    certificate: &CertificateFiles,
    header_timeout: Duration,
) -> (Arc<ReloadableTls>, SocketAddr, ServedListeners) {
    let tls = ReloadableTls::load(&certificate.tls_config()).unwrap();
    let mut config = server_config(vec![any_tcp_port()]);
    config.header_timeout = header_timeout;
    let (part, addresses) = bind_one_worker(&config, Some(Arc::clone(&tls)));
    (
        tls,
        tcp_address(&addresses[0]),
        ServedListeners::start(&config, part),
    )
}

#[tokio::test]
async fn alpn_chooses_http1_or_http2() {
    let certificate = CertificateFiles::new();
    let trusted = certificate.renew();
    let (_tls, address, _running) = start_tls_server(&certificate, TEST_TIMEOUT).await;
    for offered in [&[][..], &["http/1.1"]] {
        let mut client = tls_handshake(address, &trusted, offered).await.unwrap();
        let chosen = client.get_ref().1.alpn_protocol();
        assert_eq!(chosen, offered.first().map(|name| name.as_bytes()));
        client.write_all(CLOSING_GET.as_bytes()).await.unwrap();
        assert!(read_rest(&mut client).await.ends_with("robots!\n"));
    }
    let client = tls_handshake(address, &trusted, &["http/1.1", "h2"]).await;
    let client = client.unwrap();
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client))
            .await
            .unwrap();
    tokio::spawn(connection);
    let get = Request::get("https://e.org/robots.txt");
    let get = get.body(Empty::<&'static [u8]>::new()).unwrap();
    let answer = sender.send_request(get).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_2)
    );
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "robots!\n");
}

#[tokio::test]
async fn tls_handshake_is_bounded_by_the_header_timeout() {
    let certificate = CertificateFiles::new();
    let trusted = certificate.renew();
    let (_tls, address, _running) = start_tls_server(&certificate, Duration::from_secs(2)).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(CLOSING_GET.as_bytes()).await.unwrap();
    let mut client = tls_handshake(address, &trusted, &[]).await.unwrap();
    client.write_all(CLOSING_GET.as_bytes()).await.unwrap();
    assert!(read_rest(&mut client).await.ends_with("robots!\n"));
    assert_eq!(read_rest(&mut silent).await, "");
    let mut received = Vec::new();
    // The server may send a TLS alert, or reset the connection.
    let _ = timeout(TEST_TIMEOUT, plain.read_to_end(&mut received))
        .await
        .unwrap();
    assert!(!received.starts_with(b"HTTP"), "{received:?}");
}

#[tokio::test]
async fn certificate_is_renewed_and_a_bad_one_is_rejected() {
    let certificate = CertificateFiles::new();
    let first = certificate.renew();
    let (tls, address, _running) = start_tls_server(&certificate, TEST_TIMEOUT).await;
    let trusts = |trusted: CertificateDer<'static>| async move {
        tls_handshake(address, &trusted, &[]).await.is_ok()
    };
    assert!(tls.reload_if_changed(false).is_none(), "nothing changed");
    // The files may be seen between the two renames of a renewal.
    let old_key = std::fs::read_to_string(certificate.tls_config().key).unwrap();
    let second = certificate.renew();
    assert!(
        tls.reload_if_changed(false).is_none(),
        "the files may still be changing"
    );
    assert!(trusts(first.clone()).await && !trusts(second.clone()).await);
    assert!(matches!(tls.reload_if_changed(false), Some(Ok(()))));
    assert!(trusts(second.clone()).await && !trusts(first.clone()).await);
    assert!(tls.reload_if_changed(false).is_none(), "loaded only once");

    let good = std::fs::read_to_string(certificate.tls_config().key).unwrap();
    let (key, pem) = (
        certificate.tls_config().key,
        certificate.tls_config().certificate,
    );
    replace_file(&key, &old_key);
    let refused = |error: Option<Result<(), TlsError>>| error.unwrap().unwrap_err().to_string();
    assert!(tls.reload_if_changed(false).is_none());
    assert_eq!(
        refused(tls.reload_if_changed(false)),
        format!(
            "the key in `{}` does not match the certificate in `{}`",
            key.display(),
            pem.display()
        )
    );
    assert!(tls.reload_if_changed(false).is_none(), "reported once");
    replace_file(&key, "no key at all\n");
    assert_eq!(
        refused(tls.reload_if_changed(true)),
        format!(
            "cannot use the key in `{}`: no private key in PEM format found",
            key.display()
        )
    );
    replace_file(&key, &good);
    replace_file(&pem, "");
    let message = refused(tls.reload_if_changed(true));
    let start = format!("cannot use the certificate in `{}`: ", pem.display());
    assert!(message.starts_with(&start), "{message}");
    assert!(
        trusts(second).await,
        "the last good certificate stays in use"
    );
    let third = certificate.renew();
    assert!(
        matches!(tls.reload_if_changed(true), Some(Ok(()))),
        "a requested reload does not wait"
    );
    assert!(trusts(third).await);
}

#[tokio::test]
async fn unusable_certificate_pair_is_rejected_at_start() {
    let certificate = CertificateFiles::new();
    let missing = ReloadableTls::load(&certificate.tls_config()).unwrap_err();
    assert!(
        matches!(&missing, TlsError::Certificate { file, .. } if *file == certificate.tls_config().certificate),
        "{missing}"
    );
    certificate.renew();
    let other = CertificateFiles::new();
    other.renew();
    std::fs::copy(other.tls_config().key, certificate.tls_config().key).unwrap();
    let strangers = ReloadableTls::load(&certificate.tls_config()).unwrap_err();
    assert!(
        matches!(strangers, TlsError::KeyMismatch { .. }),
        "{strangers}"
    );
}

/// No connection is accepted before the shutdown: all of them wait in the backlog.
#[tokio::test]
async fn queued_connections_are_answered_at_shutdown() {
    let config = server_config(vec![any_tcp_port()]);
    let (part, addresses) = bind_one_worker(&config, None);
    let mut waiting = Vec::new();
    for number in 0..100 {
        let mut client = TcpStream::connect(tcp_address(&addresses[0]))
            .await
            .unwrap();
        // Half of them send their request only after they are accepted.
        if number % 2 == 0 {
            client.write_all(CLOSING_GET.as_bytes()).await.unwrap();
        }
        waiting.push(client);
    }
    let running = ServedListeners::start(&config, part);
    running.stop.send(()).unwrap();
    for (number, client) in waiting.iter_mut().enumerate() {
        if number % 2 == 1 {
            client.write_all(KEEP_ALIVE_GET.as_bytes()).await.unwrap();
        }
        let answer = read_rest(client).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n"),
            "{number}: {answer}"
        );
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.ends_with("robots!\n"), "{answer}");
    }
    assert_eq!(running.drained.await.unwrap(), DrainReport { aborted: 0 });
}

#[tokio::test]
async fn queued_unix_connections_are_answered_at_shutdown() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("courant.sock");
    let config = server_config(vec![ListenAddress::Unix(path.clone())]);
    let (part, _) = bind_one_worker(&config, None);
    let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
    client.write_all(CLOSING_GET.as_bytes()).await.unwrap();
    let running = ServedListeners::start(&config, part);
    assert_eq!(running.stop().await, DrainReport { aborted: 0 });
    assert!(read_rest(&mut client).await.ends_with("robots!\n"));
}

#[tokio::test]
async fn kept_alive_connection_gets_one_more_response_at_shutdown() {
    let config = server_config(vec![any_tcp_port()]);
    let (part, addresses) = bind_one_worker(&config, None);
    let running = ServedListeners::start(&config, part);
    let mut client = TcpStream::connect(tcp_address(&addresses[0]))
        .await
        .unwrap();
    client.write_all(KEEP_ALIVE_GET.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    running.stop.send(()).unwrap();
    // The listener is closed once the server has seen the shutdown signal.
    let gone = async { while TcpStream::connect(tcp_address(&addresses[0])).await.is_ok() {} };
    timeout(TEST_TIMEOUT, gone).await.unwrap();
    client.write_all(KEEP_ALIVE_GET.as_bytes()).await.unwrap();
    let rest = read_rest(&mut client).await;
    let (first, second) = rest.split_once("robots!\n").unwrap();
    assert!(!first.contains("connection: close"), "{first}");
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n"), "{second}");
    assert!(second.contains("\r\nconnection: close\r\n"), "{second}");
    assert_eq!(running.drained.await.unwrap(), DrainReport { aborted: 0 });
}

#[tokio::test]
async fn request_begun_before_shutdown_is_answered() {
    let config = server_config(vec![any_tcp_port()]);
    let (part, addresses) = bind_one_worker(&config, None);
    let running = ServedListeners::start(&config, part);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = TcpStream::connect(tcp_address(&addresses[0]))
            .await
            .unwrap();
        client.write_all(KEEP_ALIVE_GET.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"robots!\n") {
            answer.push(client.read_u8().await.unwrap());
        }
        clients.push(client);
    }
    let mut fresh = TcpStream::connect(tcp_address(&addresses[0]))
        .await
        .unwrap();
    let (head, tail) = KEEP_ALIVE_GET.split_at(20);
    clients[0].write_all(head.as_bytes()).await.unwrap();
    fresh.write_all(head.as_bytes()).await.unwrap();
    // A response to a later request shows that the earlier bytes have arrived.
    clients[2]
        .write_all(KEEP_ALIVE_GET.as_bytes())
        .await
        .unwrap();
    clients[2].read_exact(&mut [0; 12]).await.unwrap();
    running.stop.send(()).unwrap();
    // The idle connection is closed: from here on only begun requests are awaited.
    assert_eq!(read_rest(&mut clients[1]).await, "");
    for client in [&mut clients[0], &mut fresh] {
        client.write_all(tail.as_bytes()).await.unwrap();
        let answer = read_rest(client).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("robots!\n"), "{answer}");
    }
    assert_eq!(running.drained.await.unwrap(), DrainReport { aborted: 0 });
}

#[tokio::test]
async fn idle_connection_does_not_delay_shutdown() {
    let config = server_config(vec![any_tcp_port()]);
    let (part, addresses) = bind_one_worker(&config, None);
    let running = ServedListeners::start(&config, part);
    let mut idle = TcpStream::connect(tcp_address(&addresses[0]))
        .await
        .unwrap();
    idle.write_all(KEEP_ALIVE_GET.as_bytes()).await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    let start = Instant::now();
    assert_eq!(running.stop().await, DrainReport { aborted: 0 });
    assert!(start.elapsed() < TEST_TIMEOUT / 2);
}

/// courant as a process, with its stderr.
struct CourantProcess {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl CourantProcess {
    fn start(site: &TestSite, arguments: &[&str]) -> CourantProcess {
        let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
            .arg("--config")
            .arg(site.write_config())
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("courant runs");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        CourantProcess { child, stderr }
    }

    fn wait_for_log(&mut self, text: &str) -> String {
        let mut log = String::new();
        while !log.contains(text) {
            let read = self.stderr.read_line(&mut log).expect("UTF-8");
            assert_ne!(read, 0, "ended before `{text}`: {log}");
        }
        log
    }

    fn send_signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let mut kill = Command::new("kill");
        let sent = kill.args([&format!("-{name}"), &process]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for CourantProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn log_lists_every_address_and_a_second_process_takes_over() {
    let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
    let path = site.root().join("courant.sock");
    let socket = format!("unix:{}", path.display());
    let mut first = CourantProcess::start(&site, &["--listen", "127.0.0.1:0", "--listen", &socket]);
    let log = first.wait_for_log("listening addresses=");
    let (_, addresses) = log.split_once("addresses=\"").expect("a field");
    let addresses = addresses.split('"').next().unwrap();
    let (address, rest) = addresses.split_once(", ").expect("two");
    assert_eq!(rest, socket);
    assert!(
        get_over_unix_socket(&path).text().contains("Sitemap"),
        "robots.txt"
    );

    let mut second = CourantProcess::start(&site, &["--listen", address]);
    second.wait_for_log("another process listens on this address too");
    first.send_signal("TERM");
    first.wait_for_log("stopped");
    assert_eq!(first.child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
    for _ in 0..20 {
        let answer = request(address, "GET", "/rss.xml", &[]);
        assert!(answer.text().contains("Served"));
    }
    second.send_signal("TERM");
    assert_eq!(second.child.wait().unwrap().code(), Some(0));
}

#[test]
fn certificate_is_reloaded_on_sighup_and_file_change() {
    let certificate = CertificateFiles::new();
    certificate.renew();
    let config::TlsConfig {
        certificate: pem,
        key,
    } = certificate.tls_config();
    let section = format!("[server]\ntls = {{ certificate = {pem:?}, key = {key:?} }}");
    let site = TestSite::new()
        .post("a.md", plain("Served", "2024-01-01"))
        .config(&section);
    let mut process = CourantProcess::start(&site, &["--listen", "127.0.0.1:0"]);
    assert!(
        process
            .wait_for_log("public URL: ")
            .contains("https://127.0.0.1:")
    );
    process.send_signal("HUP");
    process.wait_for_log("certificate read again");
    certificate.renew();
    process.wait_for_log("certificate read again");
    replace_file(&key, "");
    let log = process.wait_for_log("the previous certificate stays in use");
    assert!(
        log.contains("cannot use the key in") && log.contains("hint="),
        "{log}"
    );
}

#[test]
fn failed_listen_is_an_error_with_address_and_hint() {
    let site = TestSite::new();
    let file: PathBuf = site.root().join("letter");
    std::fs::write(&file, "").unwrap();
    let file = format!("unix:{}", file.display());
    for (address, hint) in [
        (
            &*file,
            "remove the file, or choose another path in `server.listen`",
        ),
        (
            "unix:/nowhere/courant.sock",
            "create the directory first; `server.listen`",
        ),
        (
            "203.0.113.1:0",
            "the address does not belong to this machine",
        ),
    ] {
        let mut process = CourantProcess::start(&site, &["--listen", address]);
        let log = process.wait_for_log("hint: ");
        assert!(
            log.contains(&format!("cannot listen on `{address}`")),
            "{log}"
        );
        assert!(log.contains(hint), "{log}");
        assert_eq!(process.child.wait().unwrap().code(), Some(1));
    }
    let mut process = CourantProcess::start(&site, &["--listen", "8080"]);
    process.wait_for_log("write `127.0.0.1:8080`, or `unix:/run/courant.sock`");
    assert_eq!(process.child.wait().unwrap().code(), Some(2));
}
