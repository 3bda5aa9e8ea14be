use mockall::mock;

use crate::{
    account::Category,
    kernel::Money,
    matching::{Fit, MatchScorer},
    pricing::PriceList,
};

mock! {
    /// A scorer with programmed scores; it never reports terms.
    ///
    /// ```
    /// use baitech_core::{matching::MatchScorer, mock::MockMatchScorer};
    ///
    /// let mut scorer = MockMatchScorer::new();
    /// scorer.expect_name().return_const("fixed".to_owned());
    /// scorer.expect_score().return_const(0.5);
    /// assert_eq!(scorer.name(), "fixed");
    /// ```
    #[derive(Debug)]
    pub MatchScorer {}

    impl MatchScorer for MatchScorer {
        fn name(&self) -> &str;
        fn score<'a>(&self, fit: &Fit<'a>) -> f64;
    }
}

mock! {
    /// A price list with programmed prices.
    ///
    /// ```
    /// use baitech_core::{account::Category, mock::MockPriceList, pricing::PriceList};
    ///
    /// let mut prices = MockPriceList::new();
    /// prices.expect_base_price().return_const(None);
    /// assert_eq!(prices.base_price(Category::Plumbing, "tap repair", 60), None);
    /// ```
    #[derive(Debug)]
    pub PriceList {}

    impl PriceList for PriceList {
        fn base_price(&self, category: Category, service_type: &str, minutes: u32) -> Option<Money>;
    }
}
