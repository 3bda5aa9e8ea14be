use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use baitech::{
    booking::Booking,
    kernel::{Clock, Kind, SystemClock},
    ledger::Account,
    mongo::{MongoStore, testing::TestServer},
    store::{
        AggregateRef, AttemptEnd, ChangeSet, Commit, Consumed, ConsumedStep, ConsumerName, Consumers,
        DueWork, EventLog, Lease, LedgerReader, Load, LogStart, Put, Seq, Stored,
    },
    transaction::TransactionStatus,
};
use chrono::TimeDelta;

use crate::office::Office;

#[tokio::test(flavor = "multi_thread")]
async fn worker_queries_payments_and_the_audit_succeeds() {
    let office = Office::open().await;
    let (id, payment) = office.asked().await;
    assert_eq!(payment.status, TransactionStatus::Processing);
    // Paid, but the callback never arrives.
    office.daraja.pay(&office.daraja.prompts()[0]);
    let worked = office.run(&["worker", "--once"]).await;
    assert_eq!(worked.code, Some(0), "{worked:?}");
    let settled = office.load(payment.id).await;
    assert_eq!(settled.status, TransactionStatus::Completed);
    let held = LedgerReader::balance(&*office.store, Account::Escrow(id), settled.amount.currency()).await;
    assert_eq!(held.unwrap(), settled.amount.gross);

    let audit = office.run(&["audit"]).await;
    assert_eq!(audit.code, Some(0), "{audit:?}");
    for shown in
        ["clearing:mpesa", &format!("escrow:{id}"), "waiting for staff: 0", "the ledger is consistent"]
    {
        assert!(audit.out.contains(shown), "{shown}: {}", audit.out);
    }

    // The answer to the request for the receipt.
    office.deliver_answers().await;
    let receipt = office.load(payment.id).await.gateway.receipt.clone().expect("a receipt");
    let file = office.file("receipt.pdf");
    let written = office.run(&["receipt", payment.number.as_str(), "-o", file.to_str().unwrap()]).await;
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(written.out.starts_with("RCT"), "{}", written.out);
    assert!(fs::read(&file).unwrap().starts_with(b"%PDF-"));

    let listed = office.run(&["payments"]).await;
    assert!(listed.out.contains(payment.number.as_str()), "{}", listed.out);
    assert_eq!(office.run(&["payments", "--flagged"]).await.out, "no transaction waits for staff\n");
    reconcile(&office, &receipt, &settled.completed_at.unwrap().format("%d-%m-%Y %H:%M:%S").to_string())
        .await;
}

/// Reconciles a statement with only this payment, and one with an unknown line.
async fn reconcile(office: &Office, receipt: &str, at: &str) {
    let header = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance";
    let paid = |receipt: &str, amount: i64| format!("{receipt},{at},Pay bill,Completed,{amount}.00,,0.00");
    let gross = LedgerReader::trial_balance(&*office.store).await.unwrap()[0].1.amount().abs();
    let gross = i64::try_from(gross).unwrap();
    let (right, wrong) = (office.file("right.csv"), office.file("wrong.csv"));
    fs::write(&right, format!("{header}\n{}\n", paid(receipt, gross))).unwrap();
    fs::write(&wrong, format!("{header}\n{}\n{}\n", paid(receipt, gross), paid("RKX0000001", 70))).unwrap();

    let same = office.run(&["reconcile", "--method", "mpesa", right.to_str().unwrap()]).await;
    assert_eq!(same.code, Some(0), "{same:?}");
    assert!(same.out.contains("1 matched, 0 differ, 0 missing in the ledger"), "{}", same.out);
    let differs = office.run(&["reconcile", "--method", "mpesa", wrong.to_str().unwrap()]).await;
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert!(differs.out.contains("RKX0000001"), "{}", differs.out);
    let json = office.run(&["reconcile", "--json", "--method", "mpesa", wrong.to_str().unwrap()]).await;
    assert_eq!(json.code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["findings"]["missingHere"][0]["line"]["reference"], "RKX0000001");
    assert_eq!((&report["state"], &report["counts"]["marked"]), (&"done".into(), &0.into()), "marked before");

    let broken = office.file("broken.csv");
    fs::write(&broken, "not a statement").unwrap();
    let refused = office.run(&["reconcile", "--method", "mpesa", broken.to_str().unwrap()]).await;
    assert!(refused.code == Some(1) && refused.err.contains("statement"), "{refused:?}");
    let nowhere = office.run(&["reconcile", "--method", "mpesa", "no-such-file.csv"]).await;
    assert!(nowhere.code == Some(1) && nowhere.err.contains("no-such-file.csv"), "{nowhere:?}");
    let unknown = office.run(&["reconcile", "--method", "shells", "x.csv"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_the_provider_reports_what_is_blocked_and_exits_with_1() {
    let office = Office::open().await;
    let (_, payment) = office.asked().await;
    let off: Vec<_> = [
        "MPESA_CONSUMER_KEY",
        "MPESA_CONSUMER_SECRET",
        "MPESA_SHORTCODE",
        "MPESA_PASSKEY",
        "MPESA_INITIATOR_NAME",
        "MPESA_SECURITY_CREDENTIAL",
    ]
    .map(|name| (name, ""))
    .into();
    let blocked = office.run_with(&["worker", "--once"], &off).await;
    assert_eq!(blocked.code, Some(1), "{blocked:?}");
    assert!(blocked.out.contains("blocked 1"), "{}", blocked.out);
    assert!(blocked.err.contains("1 due items need mpesa"), "{}", blocked.err);
    assert!(blocked.err.contains(&format!("transaction {}", payment.id)), "{}", blocked.err);
    assert_eq!(office.load(payment.id).await.status, TransactionStatus::Processing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_numbers_events_and_parked_ones_are_retried() {
    const MAILER: ConsumerName = ConsumerName::new("mailer");
    let office = Office::open().await;
    office.asked().await;
    assert_eq!(office.run(&["consumers"]).await.out, "the log has no consumers\n");
    let worked = office.run(&["worker", "--once"]).await;
    assert_eq!(worked.code, Some(0), "{worked:?}");
    assert!(worked.out.contains("numbered "), "{}", worked.out);
    let log = office.store.log_state().await.unwrap();
    assert!(log.last > Seq::new(1), "{log:?}");

    office.store.open_consumer(MAILER, LogStart::First).await.unwrap();
    assert_eq!(office.run(&["parked"]).await.out, "no event is parked\n");
    let reason = "no such template".to_owned();
    let step = ConsumedStep::Parked { from: Seq::START, reason, at: baitech::testing::build::start() };
    let consumed = Some(Consumed { consumer: MAILER, step });
    let _ = office.store.commit(ChangeSet { consumed, ..ChangeSet::new() }).await.unwrap();
    let listed = office.run(&["consumers"]).await;
    let behind = log.last.get() - 1;
    assert!(listed.out.contains("mailer") && listed.out.contains(&behind.to_string()), "{listed:?}");
    let listed = office.run(&["parked"]).await;
    assert!(listed.out.contains("mailer/1") && listed.out.contains("no such template"), "{listed:?}");
    let retried = office.run(&["parked", "--retry", "mailer/1"]).await;
    assert_eq!((retried.code, retried.out.as_str()), (Some(0), "mailer retries event 1 when it next runs\n"));
    assert_eq!(office.store.take_parked(MAILER).await.unwrap().map(|parked| parked.seq), Some(Seq::new(1)));
    let wrong = office.run(&["parked", "--retry", "mailer"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("mailer/42"), "{wrong:?}");
    let unknown = office.run(&["parked", "--retry", "mailer/2"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("has not parked"), "{unknown:?}");
    let removed = office.run(&["consumers", "--remove", "mailer"]).await;
    assert_eq!((removed.code, removed.out.as_str()), (Some(0), "the consumer mailer was removed\n"));
    let restarted = office.run(&["restart-log"]).await;
    assert_eq!(restarted.code, Some(0), "{restarted:?}");
    assert_ne!(office.store.log_state().await.unwrap().epoch, log.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_providers_are_listed_and_retried() {
    let office = Office::open().await;
    let (_, payment) = office.asked().await;
    let cut = office.daraja.pay(&office.daraja.prompts()[0]).replacing("{", "[");
    let call = cut.arriving_at(payment.updated_at);
    let id = office.market.payments().receive_webhook(call).await.unwrap().unwrap();
    let listed = office.run(&["webhooks", "--status", "rejected"]).await;
    assert!(listed.code == Some(0) && listed.out.contains(&id.to_string()), "{listed:?}");
    let dead = office.run(&["webhooks", "--status", "dead_letter"]).await;
    assert_eq!((dead.code, dead.out.as_str()), (Some(0), "no matching calls\n"));
    let retried = office.run(&["webhooks", "--retry", &id.to_string()]).await;
    assert_eq!(retried.code, Some(1), "it is still unverified: {retried:?}");
    assert!(retried.out.contains("is rejected"), "{}", retried.out);
    let wrong = office.run(&["webhooks", "--status", "lost"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("dead_letter"), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn due_work_that_is_set_aside_is_listed_and_retried() {
    let office = Office::open().await;
    let (_, payment) = office.asked().await;
    assert_eq!(office.run(&["set-aside"]).await.out, "no item is set aside\n");
    let lease = Lease { now: SystemClock.now(), length: TimeDelta::minutes(1) };
    let target = AggregateRef::Transaction(payment.id);
    let items = office.store.claim_due(Kind::ALL, lease, 100).await.unwrap();
    let item = items.iter().find(|item| item.target == target).unwrap();
    let end = AttemptEnd::SetAside { at: lease.now, reason: "amount: a text".to_owned() };
    assert!(office.store.end_due(item, end).await.unwrap());

    let name = format!("transaction/{}", payment.id);
    let listed = office.run(&["set-aside"]).await;
    assert!(listed.code == Some(0) && listed.out.contains(&name), "{listed:?}");
    assert!(listed.out.contains("amount: a text"), "{}", listed.out);
    let worked = office.run(&["worker", "--once"]).await;
    assert_eq!(worked.code, Some(0), "{worked:?}");
    assert_eq!(office.load(payment.id).await.status, TransactionStatus::Processing, "it is not attempted");

    let wrong = office.run(&["set-aside", "--retry", "transaction"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("transaction/ID"), "{wrong:?}");
    let unknown = office.run(&["set-aside", "--retry", "booking/000000000000000000000000"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("does not exist"), "{unknown:?}");
    let retried = office.run(&["set-aside", "--retry", &name]).await;
    assert_eq!(retried.code, Some(0), "{retried:?}");
    office.daraja.pay(&office.daraja.prompts()[0]);
    let worked = office.run(&["worker", "--once"]).await;
    assert_eq!(worked.code, Some(0), "{worked:?}");
    assert_eq!(office.load(payment.id).await.status, TransactionStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_wait_for_staff_are_listed() {
    let office = Office::open().await;
    let (_, payment) = office.asked().await;
    let wrong = office.daraja.pay(&office.daraja.prompts()[0]);
    let amount = payment.amount.gross.amount().normalize().to_string();
    let wrong = wrong.replacing(&format!("{amount}.0"), "1.0");
    office.market.payments().receive_webhook(wrong.arriving_at(payment.updated_at)).await.unwrap();
    let flagged = office.run(&["payments", "--flagged"]).await;
    assert_eq!(flagged.code, Some(0));
    assert!(
        flagged.out.contains(payment.number.as_str()) && flagged.out.contains("wrong amount"),
        "{flagged:?}"
    );
    let audit = office.run(&["audit"]).await;
    assert_eq!(audit.code, Some(0), "waiting transactions must not fail the audit: {audit:?}");
    assert!(audit.out.contains("waiting for staff: 1"), "{}", audit.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_finds_a_manipulated_balance() {
    let office = Office::open().await;
    let (_, payment) = office.asked().await;
    let paid = office.daraja.pay(&office.daraja.prompts()[0]);
    office.market.payments().receive_webhook(paid.arriving_at(payment.updated_at)).await.unwrap();
    assert_eq!(office.run(&["audit"]).await.code, Some(0));
    tamper(&office).await;
    let audit = office.run(&["audit"]).await;
    assert_eq!(audit.code, Some(1), "{audit:?}");
    assert!(audit.out.contains("difference: ") && audit.out.contains("not consistent"), "{}", audit.out);
}

/// Deletes the latest entry of the ledger.
async fn tamper(office: &Office) {
    let entries = office.store.database().collection::<serde_json::Value>("ledger");
    let deleted = entries.delete_one(Default::default()).await.unwrap();
    assert_eq!(deleted.deleted_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_of_a_company_is_written() {
    let office = Office::open().await;
    let (id, file) = (office.company.id.to_string(), office.file("statement.pdf"));
    let written = office.run(&["statement", &id, "2026-03", "-o", file.to_str().unwrap()]).await;
    assert_eq!(written.code, Some(0), "{written:?}");
    assert!(fs::read(&file).unwrap().starts_with(b"%PDF-"));
    let customer = office.customer.id.to_string();
    let refused = office.run(&["statement", &customer, "2026-03", "-o", file.to_str().unwrap()]).await;
    assert!(refused.code == Some(1) && refused.err.contains("companies"), "{refused:?}");
    let month = office.run(&["statement", &id, "2026-13", "-o", file.to_str().unwrap()]).await;
    assert_eq!(month.code, Some(2), "{month:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_provider_configuration_stops_the_program() {
    let office = Office::open().await;
    let changes =
        [("MPESA_PASSKEY", ""), ("MPESA_ENVIRONMENT", "moon"), ("STRIPE_SECRET_KEY", "sk_test_hush")];
    let refused = office.run_with(&["worker", "--once"], &changes).await;
    assert_eq!(refused.code, Some(1));
    for variable in ["MPESA_PASSKEY", "MPESA_ENVIRONMENT", "STRIPE_WEBHOOK_SECRET", "STRIPE_WEBHOOK_TOKEN"] {
        assert!(refused.err.contains(variable), "{variable}: {}", refused.err);
    }
    assert!(!refused.err.contains("hush") && !refused.err.contains("secret-of-the-test"), "{}", refused.err);
    assert_eq!(refused.out, "");
    let unknown = office.run(&["receipt", "TXN260302000001", "-o", "x.pdf"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("TXN260302000001"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_written_to_a_file_before_the_database_is_marked() {
    let office = Office::open().await;
    let server = TestServer::shared().await.unwrap();
    let uri = server.uri_of(&server.database_name());
    let store = MongoStore::connect(&uri).await.unwrap();
    let users = store.database().collection::<serde_json::Value>("users");
    let user = serde_json::json!({
        "firstName": "Asha", "lastName": "Otieno", "email": "asha@example.com", "phoneNumber": "0712345678",
        "role": "customer", "status": "active", "dateOfBirth": "a day in May", "serviceRadius": "",
    });
    users.insert_one(user).await.unwrap();
    let prepare = async |file: &std::path::Path| {
        let file = file.to_str().unwrap();
        office.run_with(&["prepare", "--report", file], &[("MONGODB_URI", uri.as_str())]).await
    };

    let nowhere = prepare(&office.file("no-such-folder").join("report.jsonl")).await;
    assert!(nowhere.code == Some(1) && nowhere.err.contains("report.jsonl"), "{nowhere:?}");
    let file = office.file("report.jsonl");
    let prepared = prepare(&file).await;
    assert_eq!(prepared.code, Some(0), "{prepared:?}");
    assert!(
        prepared.out.contains("odd field: users ") && prepared.out.contains("2 findings"),
        "{}",
        prepared.out
    );
    let is_log = |line: &str| line.contains(" WARN ");
    assert!(prepared.err.lines().all(is_log), "no progress bar without a terminal: {}", prepared.err);
    let lines = fs::read_to_string(&file).unwrap();
    let findings: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<_> = findings.iter().map(|one| (one["finding"].as_str(), one["field"].as_str())).collect();
    let odd = |field| (Some("odd_field"), Some(field));
    assert_eq!(found, [odd("dateOfBirth"), odd("serviceRadius")]);
    assert_eq!(
        prepare(&office.file("again.jsonl")).await.out,
        "the database is already prepared; nothing was done\n"
    );
    assert!(!office.file("again.jsonl").exists());
}

/// A provider that accepts connections and never answers.
struct Silent {
    listener: tokio::net::TcpListener,
    held: Vec<tokio::net::TcpStream>,
}

impl Silent {
    /// Waits for a connection, and holds it open.
    async fn hold_one(&mut self) {
        self.held.push(self.listener.accept().await.unwrap().0);
    }

    /// Whether a client still waits for an answer.
    fn is_awaited(&self) -> bool {
        let is_open = |stream: &tokio::net::TcpStream| {
            let mut buffer = [0; 4_096];
            !matches!(stream.try_read(&mut buffer), Ok(0))
        };
        self.held.iter().any(is_open)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_provider_does_not_stop_due_work_of_bookings() {
    let office = Office::open().await;
    let (booking, payment) = office.asked().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut provider = Silent { listener, held: Vec::new() };
    // The payment has been due for longer than the booking.
    let minutes_ago = |minutes| Some(SystemClock.now() - TimeDelta::minutes(minutes));
    let put = Put::over(&payment, payment.value.clone()).due_at(minutes_ago(60));
    let _ = office.store.commit(ChangeSet::new().write(put)).await.unwrap();
    let mut worker = office.command(&["worker", "--interval", "50"], &[("MPESA_ENVIRONMENT", &address)]);
    let mut worker = worker.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (said, lines) = std::sync::mpsc::channel();
    let output = BufReader::new(worker.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    provider.hold_one().await;
    let stored: Stored<Booking> = office.store.load(booking).await.unwrap().unwrap();
    let put = Put::over(&stored, stored.value.clone()).due_at(minutes_ago(1));
    let _ = office.store.commit(ChangeSet::new().write(put)).await.unwrap();
    // The booking needs no work yet, so the worker says that it was skipped.
    let line = tokio::task::spawn_blocking(move || lines.recv()).await.unwrap().unwrap();
    assert_eq!(line, "done 0, skipped 1, failed 0, blocked 0");
    assert!(provider.is_awaited(), "the booking's turn comes while the provider is awaited");
    worker.kill().unwrap();
    worker.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_found_and_indexed_again() {
    let office = Office::open().await;
    let (id, _) = office.asked().await;
    let booking: Stored<Booking> = office.store.load(id).await.unwrap().unwrap();
    let number = booking.number.to_string();
    let found = office.run(&["search", "bookings", &number]).await;
    assert!(found.code == Some(0) && found.out.contains(&id.to_string()), "{found:?}");
    assert_eq!(office.run(&["search", "reviews", "sink"]).await.out, "nothing matches\n");
    let wrong = office.run(&["search", "people", "sink"]).await;
    assert!(wrong.code == Some(2) && wrong.err.contains("users, posts, reviews"), "{wrong:?}");
    let empty = office.run(&["search", "users", "!"]).await;
    assert!(empty.code == Some(1) && empty.err.contains("letter or digit"), "{empty:?}");
    let built = office.run(&["rebuild-search"]).await;
    assert_eq!(built.code, Some(0), "{built:?}");
    assert!(built.out.starts_with("built the search entries of"), "{}", built.out);
}
