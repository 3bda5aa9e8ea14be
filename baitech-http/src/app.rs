use std::{sync::Arc, time::Duration};

use baitech_core::Marketplace;

use crate::{Authenticate, limit::WebhookLimits};

/// What every request needs.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) market: Marketplace,
    pub(crate) auth: Arc<dyn Authenticate>,
    pub(crate) webhook_limits: Arc<WebhookLimits>,
    /// How long the body of a request may take to arrive.
    pub(crate) body_timeout: Duration,
}
