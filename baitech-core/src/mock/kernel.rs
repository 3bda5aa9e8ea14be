use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use mockall::mock;

use crate::kernel::{Clock, Entropy, Pause};

mock! {
    /// A clock with programmed times.
    ///
    /// ```
    /// use baitech_core::{kernel::Clock, mock::MockClock};
    ///
    /// let mut clock = MockClock::new();
    /// clock
    ///     .expect_now()
    ///     .return_const("2026-03-02T05:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    /// assert_eq!(clock.now().timestamp(), 1_772_427_600);
    /// ```
    #[derive(Debug)]
    pub Clock {}

    impl Clock for Clock {
        fn now(&self) -> DateTime<Utc>;
    }
}

mock! {
    /// An entropy source with programmed bytes.
    ///
    /// ```
    /// use baitech_core::{account::User, kernel::Id, mock::MockEntropy};
    ///
    /// let mut entropy = MockEntropy::new();
    /// entropy.expect_fill().returning(|bytes| bytes.fill(7));
    /// let id = Id::<User>::generate(chrono::DateTime::UNIX_EPOCH, &entropy);
    /// assert_eq!(id.to_string(), "000000000707070707070707");
    /// ```
    #[derive(Debug)]
    pub Entropy {}

    impl Entropy for Entropy {
        fn fill(&self, buffer: &mut [u8]);
    }
}

mock! {
    /// A pause that returns at once and counts its calls.
    ///
    /// ```
    /// use std::time::Duration;
    /// use baitech_core::{kernel::Pause, mock::MockPause};
    ///
    /// let mut pause = MockPause::new();
    /// pause.expect_pause().times(1).return_const(());
    /// futures::executor::block_on(pause.pause(Duration::from_millis(5)));
    /// ```
    #[derive(Debug)]
    pub Pause {}

    #[async_trait]
    impl Pause for Pause {
        async fn pause(&self, time: Duration);
    }
}
