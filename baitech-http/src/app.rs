use std::{sync::Arc, time::Duration};

use baitech_core::Marketplace;

use crate::{Authenticate, limit::WebhookLimits};

/// State that every request needs.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) market: Marketplace,
    pub(crate) auth: Arc<dyn Authenticate>,
    pub(crate) webhook_limits: Arc<WebhookLimits>,
    /// The maximum time until the body of a request has arrived.
    pub(crate) body_timeout: Duration,
}
