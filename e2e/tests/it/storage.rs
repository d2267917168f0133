//! What storage does to the real program: power that fails, disks that are full or broken, and locks.
//!
//! `storage/disk.c` stands between the program and its files. It keeps beside them what each sync has made
//! sure; a power cut is a kill, and a next start from what was kept.

use std::path::{Path, PathBuf};

use sqlx::Connection as _;

use super::purchases::{Class, Plan, World};
use super::tally::{Outcome, Patience, Tally};
use super::*;

/// Orders between two power cuts at the most.
const ORDERS: u64 = 4;
/// Orders that are looked for after each cut.
const NEWEST: usize = 50;
/// Parts of a file that reach the disk or don't, each by itself.
const BLOCK: usize = 4096;

/// Power cuts of a trial; `CRASH_POWER` asks for more than every run of the tests needs.
fn cuts() -> u64 {
    let asked = std::env::var("CRASH_POWER").ok();
    asked.and_then(|cuts| cuts.parse().ok()).unwrap_or(12)
}

/// A folder with a database on a disk that forgets.
struct Disk {
    folder: PathBuf,
    lies: &'static str,
}

impl Disk {
    fn new(name: &str, lies: &'static str) -> Disk {
        let name = format!("seatwright-disk-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        for part in ["data", "shadow"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/storage/disk.c");
        let made = std::process::Command::new("cc")
            .args([
                "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o",
            ])
            .arg(folder.join("disk.so"))
            .args([source, "-ldl"])
            .status();
        assert!(made.unwrap().success(), "cc is needed, as it is by rustc");
        Disk { folder, lies }
    }

    fn database(&self) -> String {
        format!("sqlite://{}", self.folder.join("data/test.db").display())
    }

    fn reserve(&self) -> PathBuf {
        self.folder.join("data/test.db.reserve")
    }

    /// A command that has this disk.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", self.folder.join("disk.so"))
            .env("DISK_FOLDER", self.folder.join("data"))
            .env("DISK_SHADOW", self.folder.join("shadow"))
            .env("DISK_FAULTS", self.folder.join("fault"))
            .env("DISK_RESERVE", self.reserve());
        if !self.lies.is_empty() {
            command.env("DISK_LIES", self.lies);
        }
        command
    }

    /// What is there now is on the disk for sure: nobody uses it.
    fn settle(&self) {
        copy_files(&self.folder.join("data"), &self.folder.join("shadow"));
    }

    /// What the next start finds: of what was not synced nothing, whole files, or blocks.
    fn cut_power(&self, cut: u64) {
        let (data, shadow) = (self.folder.join("data"), self.folder.join("shadow"));
        for entry in std::fs::read_dir(&data).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.ends_with("-shm") || name.ends_with(".lock") {
                std::fs::remove_file(path).unwrap();
                continue;
            }
            let written = std::fs::read(&path).unwrap();
            let kept = std::fs::read(shadow.join(&name)).unwrap_or_default();
            let left = match cut % 3 {
                0 => kept,
                1 if draw(cut, &name, 0) => written,
                1 => kept,
                _ => mixed(cut, &name, &written, &kept),
            };
            std::fs::write(path, left).unwrap();
        }
        self.settle();
    }

    fn fault(&self, word: &str) {
        // Renamed into place: it is read at each write.
        let new = self.folder.join("fault.new");
        std::fs::write(&new, word).unwrap();
        std::fs::rename(new, self.folder.join("fault")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.folder).unwrap();
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Heads or tails, the same for the same cut, file and block.
fn draw(cut: u64, name: &str, block: usize) -> bool {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (cut, name, block).hash(&mut hasher);
    hasher.finish().is_multiple_of(2)
}

/// Each block as it was written, or as it was synced.
fn mixed(cut: u64, name: &str, written: &[u8], kept: &[u8]) -> Vec<u8> {
    let mut left = kept.to_vec();
    for (block, bytes) in written.chunks(BLOCK).enumerate() {
        let at = block * BLOCK;
        if draw(cut, name, block) {
            left.resize(left.len().max(at + bytes.len()), 0);
            left[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
    left
}

/// The demo world on such a disk, and a server over it.
struct Place {
    disk: Disk,
    program: String,
    http: reqwest::Client,
    simulator: String,
    token: String,
    offer: Value,
    server: Option<(Child, String)>,
    purchases: u64,
    _vendors: Child,
}

impl Place {
    async fn new(program: String, disk: Disk) -> Place {
        let database = disk.database();
        let plan = Plan {
            orders: 0,
            kills: 0,
            is_wrong: false,
            class: Class::Keyed,
        };
        let world = World::new(plan, program, database).await;
        disk.settle();
        Place {
            disk,
            program: world.program,
            http: world.http,
            simulator: world.simulator,
            token: world.token,
            offer: Value::Null,
            server: None,
            purchases: 0,
            _vendors: world._vendors,
        }
    }

    async fn start(&mut self) {
        let database = self.disk.database();
        let mut command = self.disk.command(&self.program);
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            &database,
        ]);
        self.server = Some(listening(command).await);
        if self.offer.is_null() {
            let (_, offers) = self.get("catalog").await;
            let mut offers = offers.as_array().unwrap().iter();
            let offer = offers.find(|offer| offer["name"] == "Cirrus Server Backup");
            self.offer = offer.unwrap().clone();
        }
    }

    async fn cut_power(&mut self, cut: u64) {
        let (mut child, _) = self.server.take().unwrap();
        child.kill().await.unwrap();
        self.disk.cut_power(cut);
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(reqwest::Method::GET, path, &Value::Null).await
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: &Value) -> (u16, Value) {
        let (_, address) = self.server.as_ref().unwrap();
        let url = format!("{address}/api/v1/organizations/fern/{path}");
        let mut call = self.http.request(method, url).bearer_auth(&self.token);
        if !body.is_null() {
            let key = format!("{path} {}", self.purchases);
            call = call.json(body).header("Idempotency-Key", key);
        }
        let answer = call.send().await.unwrap();
        let status = answer.status().as_u16();
        let has_pause = answer.headers().contains_key("retry-after");
        assert_eq!(has_pause, status == 503, "{path}");
        (status, answer.json().await.unwrap())
    }

    /// Places an order with its key, once more if it was tried before; its number, or the refusal.
    async fn buy(&self) -> Result<u64, (u16, Value)> {
        let item = json!({
            "offer": self.offer["id"], "plan": self.offer["plans"][0]["id"], "quantity": 3,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
        });
        self.post("cart/items", &item).await?;
        let (_, cart) = self.get("cart").await;
        let place =
            json!({"number": cart["number"], "version": cart["version"], "accept_terms": true});
        let order = self.post("cart/placement", &place).await?;
        Ok(order["number"].as_u64().unwrap())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, (u16, Value)> {
        match self.ask(reqwest::Method::POST, path, body).await {
            (200..300, answer) => Ok(answer),
            refused => Err(refused),
        }
    }

    /// Waits until each of these orders is bought, once by the vendor's books; how many were set aside, and let
    /// run again.
    async fn judge(&self, placed: &[u64]) -> Result<usize, String> {
        let (mut lines, mut run_again) = (Vec::new(), 0);
        for (at, number) in placed.iter().enumerate() {
            let mut patience = Patience::new();
            let order = loop {
                let (status, order) = self.get(&format!("orders/{number}")).await;
                match status {
                    404 => return Err(format!("the acknowledged order {number} is lost")),
                    _ if order["status"] == "provisioning_finished" => break order,
                    _ => {}
                }
                if patience.wait(order["version"].clone(), &order).await {
                    let (_, address) = self.server.as_ref().unwrap();
                    let run = let_run_again(&self.http, address, &self.token, &placed[at..]);
                    run_again += run.await;
                }
            };
            lines.push(order["items"][0]["id"].as_str().unwrap().to_owned());
        }
        let mut bought: Vec<String> = self.bookings().await;
        lines.sort_unstable();
        bought.sort_unstable();
        match bought == lines {
            true => Ok(run_again),
            false => Err(format!("{} bought of {}", bought.len(), lines.len())),
        }
    }

    async fn faults(&self, rules: Value) {
        let put = self.http.put(format!("{}/faults", self.simulator));
        let put = put.json(&rules).send().await.unwrap();
        assert!(put.status().is_success());
    }

    /// How many calls the vendors have heard.
    async fn calls(&self) -> usize {
        let calls = self.http.get(format!("{}/calls", self.simulator)).send();
        let calls: Vec<Value> = calls.await.unwrap().json().await.unwrap();
        calls.len()
    }

    /// The line of each booking.
    async fn bookings(&self) -> Vec<String> {
        let truth = self.http.get(format!("{}/truth", self.simulator)).send();
        let truth: Vec<Value> = truth.await.unwrap().json().await.unwrap();
        let line = |booking: &Value| booking["context"]["line"].as_str().unwrap().to_owned();
        truth.iter().map(line).collect()
    }
}

impl Drop for Place {
    /// The server is gone before its disk is.
    fn drop(&mut self) {
        if let Some((server, _)) = &mut self.server {
            server.start_kill().ok();
            while matches!(server.try_wait(), Ok(None)) {
                std::thread::yield_now();
            }
        }
    }
}

/// Places orders, cuts the power in the middle of what follows, and looks for what was acknowledged.
async fn power_fails(program: String, disk: Disk, cuts: u64) -> Result<(), String> {
    let mut tally = Tally::new("power cuts", "sqlite");
    let mut place = Place::new(program, disk).await;
    let mut placed = Vec::new();
    for cut in 0..cuts {
        tally.tell(cut, cuts, placed.len());
        place.start().await;
        // All of them are looked for at the end.
        for number in placed.iter().rev().take(NEWEST) {
            let (status, _) = place.get(&format!("orders/{number}")).await;
            if status != 200 {
                return Err(format!("the acknowledged order {number} is lost"));
            }
        }
        for _ in 0..1 + cut % ORDERS {
            place.purchases += 1;
            placed.push(place.buy().await.unwrap());
        }
        place.cut_power(cut).await;
    }
    place.start().await;
    let run_again = place.judge(&placed).await?;
    // Anything else would have been refused by then.
    tally.end(&Outcome {
        deaths: [("power".to_owned(), cuts)].into(),
        orders: placed.len(),
        booked: placed.len(),
        run_again,
        ..Outcome::default()
    });
    Ok(())
}

#[tokio::test]
async fn what_is_acknowledged_survives_power_cuts_and_is_bought_once() {
    let Some(program) = program() else { return };
    let verdict = power_fails(program, Disk::new("power", ""), cuts()).await;
    assert_eq!(verdict, Ok(()));
}

/// The trial would notice: a log that is not synced with each commit, as with `synchronous=NORMAL`.
#[tokio::test]
async fn a_log_that_is_not_synced_is_caught() {
    let Some(program) = program() else { return };
    let verdict = power_fails(program, Disk::new("lies", "-wal"), 12).await;
    let told = verdict.unwrap_err();
    assert!(told.contains("is lost"), "{told}");
}

#[tokio::test]
async fn a_full_disk_refuses_what_can_not_be_kept_and_needs_no_restart() {
    let Some(program) = program() else { return };
    let mut place = Place::new(program, Disk::new("full", "")).await;
    place.start().await;
    let mut placed = vec![place.buy().await.unwrap()];
    place.judge(&placed).await.unwrap();
    for _ in 0..3 {
        place.purchases += 1;
        place.disk.fault("full");
        let (status, told) = place.buy().await.unwrap_err();
        assert_eq!((status, &told["code"]), (507, &json!("disk_full")));
        assert!(told["detail"].as_str().unwrap().contains("no room left"));
        let (status, order) = place.get(&format!("orders/{}", placed[0])).await;
        assert_eq!(status, 200, "reading goes on: {order}");
        assert_eq!(
            place.bookings().await.len(),
            placed.len(),
            "nothing is asked unkept"
        );
        place.disk.fault("room");
        placed.push(place.buy().await.unwrap());
        place.judge(&placed).await.unwrap();
    }
}

/// Answers come from a vendor that is slow while the disk becomes full: what was bought is written down into
/// the room that is kept for it, and nothing else is.
#[tokio::test]
async fn on_a_full_disk_what_vendors_have_taken_is_written_down_and_nothing_else() {
    let Some(program) = program() else { return };
    let mut place = Place::new(program, Disk::new("tight", "")).await;
    place.start().await;
    let mut placed = vec![place.buy().await.unwrap()];
    place.judge(&placed).await.unwrap();
    let room = || std::fs::metadata(place.disk.reserve()).unwrap().len();
    let whole = room();
    assert!(whole > 1 << 20, "{whole} bytes are kept free");
    place
        .faults(json!([{"operation": "provision", "action": {"do": "delay", "ms": 1_500}}]))
        .await;
    let before = place.calls().await;
    for _ in 0..10 {
        place.purchases += 1;
        placed.push(place.buy().await.unwrap());
    }
    while place.calls().await < before + 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    place.disk.fault("tight");
    place.purchases += 1;
    let (status, _) = place.buy().await.unwrap_err();
    assert_eq!(status, 507, "nobody else may have the room");
    place.judge(&placed).await.unwrap();
    assert!(room() < whole, "it gave way");
    let (status, _) = place.buy().await.unwrap_err();
    assert_eq!(status, 507, "nobody else may have the room");
    place.disk.fault("room");
    placed.push(place.buy().await.unwrap());
    assert_eq!(room(), whole, "it is taken back");
    place.judge(&placed).await.unwrap();
}

#[tokio::test]
async fn a_sync_that_fails_ends_the_process_and_the_next_start_recovers() {
    let Some(program) = program() else { return };
    let mut place = Place::new(program, Disk::new("sync", "")).await;
    place.start().await;
    let mut placed = vec![place.buy().await.unwrap()];
    place.judge(&placed).await.unwrap();
    place.purchases += 1;
    place.disk.fault("sync");
    let (status, told) = place.buy().await.unwrap_err();
    assert_eq!((status, &told["code"]), (503, &json!("not_known")));
    let (mut child, _) = place.server.take().unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    place.disk.fault("sound");
    place.start().await;
    placed.push(place.buy().await.unwrap());
    place.judge(&placed).await.unwrap();
}

#[tokio::test]
async fn a_locked_database_is_waited_for_and_then_said_to_be_busy() {
    let Some(program) = program() else { return };
    let mut place = Place::new(program, Disk::new("locked", "")).await;
    place.start().await;
    let path = place.disk.database();
    let mut holder = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let begin = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await;
    begin.unwrap();
    let (status, told) = place.buy().await.unwrap_err();
    assert_eq!((status, &told["code"]), (503, &json!("unavailable")));
    let ended = sqlx::raw_sql("ROLLBACK").execute(&mut holder).await;
    ended.unwrap();
    let placed = vec![place.buy().await.unwrap()];
    place.judge(&placed).await.unwrap();
}
