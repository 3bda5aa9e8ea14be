//! A marketplace on a separate database with a clock that is some minutes slow, and runs of the program on
//! it.

use std::{
    path::PathBuf,
    process::{Command, Output},
    sync::Arc,
};

use baitech::{
    Marketplace,
    account::{Category, User},
    booking::{Booking, BookingStatus, NewBooking, NewLocation, NewTimeSlot},
    kernel::{Actor, Clock, Id, ManualClock, SystemClock},
    mongo::{MongoStore, testing::TestServer},
    payment::NewPayment,
    providers::{mpesa::Mpesa, testing::Daraja},
    schedule::Urgency,
    store::{AggregateRef, ChangeSet, Claim, Commit, Load, Put, Stored},
    testing::build,
    transaction::{PaymentMethod, Transaction},
};
use chrono::{Days, TimeDelta};
use secrecy::ExposeSecret;

pub(crate) struct Office {
    pub(crate) uri: String,
    pub(crate) store: Arc<MongoStore>,
    pub(crate) market: Marketplace,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) daraja: Daraja,
    pub(crate) customer: User,
    pub(crate) company: User,
    technician: User,
}

/// The output of the program, and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        let server = TestServer::shared().await.unwrap();
        let uri = server.uri_of(&server.database_name());
        let store = Arc::new(MongoStore::connect(&uri).await.unwrap());
        let daraja = Daraja::start().await;
        // Tasks that are due soon by this clock are already due by the program's clock.
        let clock = Arc::new(ManualClock::at(SystemClock.now() - TimeDelta::minutes(5)));
        let mpesa = Arc::new(Mpesa::new(daraja.config(), clock.clone()).unwrap());
        let market = Marketplace::builder(store.clone()).clock(clock.clone()).gateway(mpesa).build();
        let office = Self {
            uri,
            store,
            market,
            clock,
            daraja,
            customer: build::customer(1),
            company: build::company(1),
            technician: build::technician(1, Category::Plumbing, build::nairobi()),
        };
        for user in [&office.customer, &office.company, &office.technician] {
            let mut changes = ChangeSet::new().write(Put::new(user.clone()));
            let holder = AggregateRef::User(user.id);
            changes.take = user.claims().into_iter().map(|key| Claim { key, holder }).collect();
            let _ = office.store.commit(changes).await.unwrap();
        }
        office
    }

    /// A booking with a pending payment.
    pub(crate) async fn asked(&self) -> (Id<Booking>, Stored<Transaction>) {
        let bookings = self.market.bookings();
        let id = bookings.create(&self.customer.actor(), &self.request()).await.unwrap().id;
        let booking = bookings.find_technician(&Actor::System, id).await.unwrap();
        assert_eq!(booking.status, BookingStatus::Assigned);
        let accepted = bookings.accept(&self.technician.actor(), id).await.unwrap();
        let payments = self.market.payments().if_version(accepted.version);
        let paying = NewPayment::default();
        (id, payments.pay(&self.customer.actor(), id, &paying).await.unwrap().transaction)
    }

    fn request(&self) -> NewBooking {
        NewBooking {
            service_category: Category::Plumbing,
            service_type: "tap repair".to_owned(),
            description: "The tap in the kitchen drips.".to_owned(),
            urgency: Urgency::Medium,
            images: Vec::new(),
            service_location: NewLocation {
                coordinates: (36.8219, -1.2921),
                address: Some("Moi Avenue 12".to_owned()),
                city: Some("Nairobi".to_owned()),
                ..NewLocation::default()
            },
            time_slot: NewTimeSlot {
                date: self.clock.now().date_naive() + Days::new(3),
                start_time: "11:00".to_owned(),
                end_time: "13:00".to_owned(),
                estimated_duration: None,
                time_zone: None,
            },
            preferred_technician: None,
            payment_method: PaymentMethod::Mpesa,
            project: None,
            recurrence: None,
            notes: None,
            source: None,
            on_behalf_of: None,
            discount: None,
        }
    }

    pub(crate) async fn load(&self, id: Id<Transaction>) -> Stored<Transaction> {
        Load::<Transaction>::load(&*self.store, id).await.unwrap().expect("the transaction is stored")
    }

    /// Delivers all answers of Daraja.
    pub(crate) async fn deliver_answers(&self) {
        for answer in self.daraja.answers() {
            self.market.payments().receive_webhook(answer.arriving_at(self.clock.now())).await.unwrap();
        }
    }

    /// Runs the program with an environment that configures Daraja, and with these changes.
    pub(crate) async fn run_with(&self, arguments: &[&str], changes: &[(&str, &str)]) -> Said {
        let mut command = self.command(arguments, changes);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap().into()
    }

    /// The program with an environment that configures Daraja, and with these changes.
    pub(crate) fn command(&self, arguments: &[&str], changes: &[(&str, &str)]) -> Command {
        let config = self.daraja.config();
        let mut command = Command::new(env!("CARGO_BIN_EXE_baitech"));
        command
            .env_clear()
            .env("MONGODB_URI", &self.uri)
            .env("MPESA_ENVIRONMENT", &config.base_url)
            .env("MPESA_CONSUMER_KEY", config.consumer_key.expose_secret())
            .env("MPESA_CONSUMER_SECRET", config.consumer_secret.expose_secret())
            .env("MPESA_SHORTCODE", &config.short_code)
            .env("MPESA_PASSKEY", config.passkey.expose_secret())
            .env("MPESA_INITIATOR_NAME", &config.initiator)
            .env("MPESA_SECURITY_CREDENTIAL", config.security_credential.expose_secret())
            .env("PUBLIC_BASE_URL", &config.callback_base)
            .envs(changes.iter().copied())
            .args(arguments);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, &[]).await
    }

    /// The path of a file that a test writes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let database = self.uri.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }
}
