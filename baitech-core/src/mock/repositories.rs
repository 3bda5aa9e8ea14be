use async_trait::async_trait;
use chrono::{DateTime, Utc};
use mockall::mock;

use crate::{
    account::{Category, User, UserFilter, UserRepository},
    booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus},
    kernel::{Distance, Email, GeoPoint, Id, Page, PageRequest, PhoneNumber, Username},
    matching::{CandidateQuery, Card, MatchingRepository, Supply, SupplyQuery},
    payment::{
        HistoryQuery, PaymentHistory, Reconciliation, ReconciliationPart, ReconciliationRepository,
        Transaction, TransactionFilter, TransactionNumber, TransactionRepository, TransactionTotal, Webhook,
        WebhookRepository, WebhookStatus,
    },
    store::{Load, StoreError, Stored},
};

mock! {
    /// A user repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{account::UserRepository, kernel::Email, mock::MockUserRepository};
    ///
    /// let mut users = MockUserRepository::new();
    /// users.expect_find_by_email().returning(|_| Ok(None));
    /// let email = Email::new("amina@example.ke").unwrap();
    /// assert!(futures::executor::block_on(users.find_by_email(&email)).unwrap().is_none());
    /// ```
    #[derive(Debug)]
    pub UserRepository {}

    #[async_trait]
    impl Load<User> for UserRepository {
        async fn load(&self, id: Id<User>) -> Result<Option<Stored<User>>, StoreError>;
    }

    #[async_trait]
    impl UserRepository for UserRepository {
        async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError>;
        async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError>;
        async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError>;
        async fn list_users(
            &self,
            filter: UserFilter,
            page: &PageRequest,
        ) -> Result<Page<Stored<User>>, StoreError>;
    }
}

mock! {
    /// A booking repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockBookingRepository, store::Load};
    ///
    /// let mut bookings = MockBookingRepository::new();
    /// bookings.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(bookings.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    #[derive(Debug)]
    pub BookingRepository {}

    #[async_trait]
    impl Load<Booking> for BookingRepository {
        async fn load(&self, id: Id<Booking>) -> Result<Option<Stored<Booking>>, StoreError>;
    }

    #[async_trait]
    impl BookingRepository for BookingRepository {
        async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError>;
        async fn list_bookings(
            &self,
            filter: &BookingFilter,
            page: &PageRequest,
        ) -> Result<Page<Stored<Booking>>, StoreError>;
        async fn count_by_status(
            &self,
            filter: &BookingFilter,
        ) -> Result<Vec<(BookingStatus, u64)>, StoreError>;
    }
}

mock! {
    /// A matching repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{
    ///     account::Category,
    ///     kernel::{Distance, GeoPoint},
    ///     matching::MatchingRepository,
    ///     mock::MockMatchingRepository,
    /// };
    ///
    /// let mut matching = MockMatchingRepository::new();
    /// matching.expect_open_requests().returning(|_, _, _| Ok(0));
    /// let near = GeoPoint::new(36.8, -1.3).unwrap();
    /// let nobody = matching.open_requests(Category::Hvac, near, Distance::from_kilometres(5.0));
    /// assert_eq!(futures::executor::block_on(nobody).unwrap(), 0);
    /// ```
    #[derive(Debug)]
    pub MatchingRepository {}

    #[async_trait]
    impl MatchingRepository for MatchingRepository {
        async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError>;
        async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError>;
        async fn open_requests(
            &self,
            category: Category,
            near: GeoPoint,
            within: Distance,
        ) -> Result<u64, StoreError>;
    }
}

mock! {
    /// A transaction repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{mock::MockTransactionRepository, payment::TransactionRepository};
    ///
    /// let mut transactions = MockTransactionRepository::new();
    /// transactions.expect_find_by_token().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(transactions.find_by_token("sesame")).unwrap().is_none());
    /// ```
    #[derive(Debug)]
    pub TransactionRepository {}

    #[async_trait]
    impl Load<Transaction> for TransactionRepository {
        async fn load(&self, id: Id<Transaction>) -> Result<Option<Stored<Transaction>>, StoreError>;
    }

    #[async_trait]
    impl TransactionRepository for TransactionRepository {
        async fn find_transaction_by_number(
            &self,
            number: &TransactionNumber,
        ) -> Result<Option<Stored<Transaction>>, StoreError>;
        async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError>;
        async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError>;
        async fn list_transactions(
            &self,
            filter: &TransactionFilter,
            page: &PageRequest,
        ) -> Result<Page<Stored<Transaction>>, StoreError>;
        async fn total_transactions(
            &self,
            filter: &TransactionFilter,
        ) -> Result<Vec<TransactionTotal>, StoreError>;
        async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError>;
    }
}

mock! {
    /// A webhook repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockWebhookRepository, store::Load};
    ///
    /// let mut webhooks = MockWebhookRepository::new();
    /// webhooks.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(webhooks.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    #[derive(Debug)]
    pub WebhookRepository {}

    #[async_trait]
    impl Load<Webhook> for WebhookRepository {
        async fn load(&self, id: Id<Webhook>) -> Result<Option<Stored<Webhook>>, StoreError>;
    }

    #[async_trait]
    impl WebhookRepository for WebhookRepository {
        async fn list_webhooks(
            &self,
            statuses: &[WebhookStatus],
            page: &PageRequest,
        ) -> Result<Page<Stored<Webhook>>, StoreError>;
        async fn forget_expired_webhooks(
            &self,
            now: DateTime<Utc>,
            limit: usize,
        ) -> Result<usize, StoreError>;
    }
}

mock! {
    /// A reconciliation repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockReconciliationRepository, store::Load};
    ///
    /// let mut jobs = MockReconciliationRepository::new();
    /// jobs.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(jobs.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    #[derive(Debug)]
    pub ReconciliationRepository {}

    #[async_trait]
    impl Load<Reconciliation> for ReconciliationRepository {
        async fn load(&self, id: Id<Reconciliation>) -> Result<Option<Stored<Reconciliation>>, StoreError>;
    }

    #[async_trait]
    impl ReconciliationRepository for ReconciliationRepository {
        async fn list_reconciliations(
            &self,
            page: &PageRequest,
        ) -> Result<Page<Stored<Reconciliation>>, StoreError>;
        async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError>;
        async fn load_part(
            &self,
            id: Id<ReconciliationPart>,
        ) -> Result<Option<ReconciliationPart>, StoreError>;
        async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError>;
    }
}
