//! A mongod that ends with the process that started it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, net, thread};

use super::TestServerError;

/// Runs mongod and waits on a pipe whose other end only our process holds. When our process ends in any way,
/// the pipe closes, the server is killed and its data is removed. The line `keep` kills the server and keeps
/// the data.
const SUPERVISOR: &str = r#"
dir=$1; shift
"$@" &
server=$!
exec >/dev/null 2>&1
read -r order
kill -9 $server
wait $server
[ "$order" = keep ] || rm -rf "$dir"
"#;

/// With less free memory, the data goes to the ordinary temporary directory.
const ROOMY_KIB: u64 = 2 * 1024 * 1024;

/// How long a server may take until it accepts connections. It is ready in under a second; a loaded machine
/// gets more time, and one that never comes up fails with its log.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A data directory and the server that runs on it, or ran until it was killed.
#[derive(Debug)]
pub(super) struct Process {
    program: PathBuf,
    data: PathBuf,
    port: u16,
    replica_set: Option<&'static str>,
    running: Option<(Child, ChildStdin)>,
}

impl Process {
    /// Starts a server on a fresh data directory. Blocks until it accepts connections.
    pub(super) fn start(
        program: PathBuf,
        replica_set: Option<&'static str>,
    ) -> Result<Self, TestServerError> {
        let data = fresh_data_dir()?;
        let mut process = Self { program, data, port: 0, replica_set, running: None };
        // Another process may take a free port before the server listens on it.
        let mut attempts_left = 5;
        loop {
            process.port = free_port()?;
            attempts_left -= 1;
            match process.launch() {
                Err(error) if attempts_left > 0 && error.to_string().contains("already in use") => {}
                other => return other.map(|()| process),
            }
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// SIGKILL, as if the machine had lost power except that the disk is kept. Returns when the server is
    /// gone.
    pub(super) fn kill(&mut self) {
        self.end(true);
    }

    /// Starts the server again on the same data and port. Does nothing if it is running.
    pub(super) fn launch(&mut self) -> Result<(), TestServerError> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut child = Command::new("sh")
            .args(["-c", SUPERVISOR, "mongod-supervisor"])
            .arg(&self.data)
            .arg(&self.program)
            .args(self.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // In its own process group: Ctrl-C ends the tests, and the closing pipe then ends the server.
            .process_group(0)
            .spawn()
            .map_err(TestServerError::io("starting sh"))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(not_ready("sh started without its pipes"));
        };
        self.running = Some((child, stdin));
        let ready = wait_for_readiness(BufReader::new(stdout));
        if ready.is_err() {
            self.end(true);
        }
        ready
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            "--dbpath".to_owned(),
            self.data.display().to_string(),
            "--port".to_owned(),
            self.port.to_string(),
        ];
        if let Some(name) = self.replica_set {
            arguments.extend(["--replSet".to_owned(), name.to_owned()]);
        }
        let small = [
            "--bind_ip 127.0.0.1 --nounixsocket --wiredTigerCacheSizeGB 0.25 --oplogSize 64",
            // Each test has a database of its own with a hundred files: those that are not used are closed.
            "--wiredTigerEngineConfigString log=(prealloc=false,file_max=8MB),\
             file_manager=(close_idle_time=10,close_scan_interval=5,close_handle_minimum=1000)",
            "--setParameter diagnosticDataCollectionEnabled=false --setParameter enableTestCommands=1",
            // Tests have their own clocks: documents must not expire by the machine's clock.
            "--setParameter ttlMonitorEnabled=false",
            "--setParameter shutdownTimeoutMillisForSignaledShutdown=100",
        ];
        arguments.extend(small.iter().flat_map(|line| line.split(' ')).map(str::to_owned));
        arguments
    }

    fn end(&mut self, keep_data: bool) {
        let Some((mut child, mut stdin)) = self.running.take() else {
            if !keep_data {
                let _ = fs::remove_dir_all(&self.data);
            }
            return;
        };
        if keep_data {
            // If the supervisor has already exited, so has the server.
            let _ = stdin.write_all(b"keep\n");
        }
        drop(stdin);
        let _ = child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Reads the server's log until it says that it listens, and goes on draining it in the background.
fn wait_for_readiness(log: impl BufRead + Send + 'static) -> Result<(), TestServerError> {
    let (sender, ready) = mpsc::channel();
    thread::spawn(move || {
        let mut last = VecDeque::new();
        let mut ready = false;
        for line in log.lines().map_while(Result::ok) {
            if !ready && line.contains("Waiting for connections") {
                ready = true;
                let _ = sender.send(Ok(()));
            }
            if last.len() == 5 {
                last.pop_front();
            }
            last.push_back(line);
        }
        let tail: Vec<String> = last.into();
        let _ = sender.send(Err(format!("it ended; the end of its log:\n{}", tail.join("\n"))));
    });
    match ready.recv_timeout(READY_WITHIN) {
        Ok(outcome) => outcome.map_err(not_ready),
        Err(_) => Err(not_ready(format!("it did not listen within {} s", READY_WITHIN.as_secs()))),
    }
}

fn free_port() -> Result<u16, TestServerError> {
    net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(TestServerError::io("looking for a free port"))
}

fn fresh_data_dir() -> Result<PathBuf, TestServerError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let memory = Path::new("/dev/shm");
    let parent = if free_kib(memory) >= ROOMY_KIB { memory.to_path_buf() } else { env::temp_dir() };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = parent.join(format!("baitech-mongod-{}-{count}", std::process::id()));
    // An earlier process with the same id may have left a directory behind.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).map_err(TestServerError::io(format!("creating {}", dir.display())))?;
    Ok(dir)
}

fn free_kib(dir: &Path) -> u64 {
    let Ok(output) = Command::new("df").arg("-Pk").arg(dir).output() else { return 0 };
    let table = String::from_utf8_lossy(&output.stdout);
    table.lines().nth(1).and_then(|row| row.split_whitespace().nth(3)?.parse().ok()).unwrap_or(0)
}

fn not_ready(reason: impl Into<String>) -> TestServerError {
    TestServerError::NotReady { reason: reason.into() }
}
