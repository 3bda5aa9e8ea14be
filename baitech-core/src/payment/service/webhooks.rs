//! The inbox of providers' calls: a call is stored unread, then verified, and applied in any order.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{
    Payments,
    news::{apply_news, effect_of},
};
use crate::{
    decide::{Decision, change, create},
    engine::{Access, Command, Engine},
    kernel::{Actor, Error, Id, Kind, Money, Page, PageRequest, Result, Rule, Unique},
    payment::{
        News, Notice, PaymentGateway, Subject, Webhook, WebhookCall, WebhookError, WebhookSource,
        WebhookStatus,
    },
    store::{ClaimKey, Stored},
    transaction::{NEWS_CLAIMS, PaymentMethod, Report, Returned, Transaction},
    worker::{DueTask, MissingProvider, TaskOutcome},
};

/// The maximum number of tries to apply a notice whose transaction keeps changing.
const MAX_TRIES: u8 = 50;

/// Headers kept of a call whose provider is not configured in this process, since another process may verify
/// it.
const UNCONFIGURED_HEADERS: &[&str] = &["stripe-signature", "signature", "x-signature"];

/// The calls expected under a token.
struct Expected<'a> {
    source: WebhookSource,
    method: Option<PaymentMethod>,
    /// `None` if it is not configured in this process.
    gateway: Option<&'a Arc<dyn PaymentGateway>>,
}

/// The effect of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// It is not relevant to us.
    Nothing,
    /// It is about a transaction, but changes nothing.
    Ignored(Option<Id<Transaction>>),
    /// It was known already.
    Duplicate(Option<Id<Transaction>>),
    /// It changed something.
    Applied(Option<Id<Transaction>>),
    /// It needs a decision of staff.
    NeedsPerson(Option<Id<Transaction>>),
    /// Its subject is not known (yet).
    Unknown,
}

impl Effect {
    const fn about(self) -> Option<Id<Transaction>> {
        match self {
            Self::Nothing | Self::Unknown => None,
            Self::Ignored(about)
            | Self::Duplicate(about)
            | Self::Applied(about)
            | Self::NeedsPerson(about) => about,
        }
    }

    const fn status(self) -> WebhookStatus {
        match self {
            Self::Nothing | Self::Ignored(_) => WebhookStatus::Ignored,
            Self::Duplicate(_) => WebhookStatus::Duplicate,
            Self::Applied(_) => WebhookStatus::Applied,
            Self::NeedsPerson(_) => WebhookStatus::NeedsPerson,
            Self::Unknown => WebhookStatus::Received,
        }
    }

    /// The reason shown to staff, unless the status is enough.
    fn reason(self) -> Option<String> {
        match self {
            Self::Ignored(_) => Some("the notice does not change the transaction".to_owned()),
            Self::NeedsPerson(_) => Some("staff must decide on the transaction".to_owned()),
            Self::Nothing | Self::Duplicate(_) | Self::Applied(_) | Self::Unknown => None,
        }
    }
}

impl Payments {
    /// Receives a call of a payment provider: stores it and handles it. Problems are recorded but not
    /// returned: the caller learns only that the call has arrived.
    ///
    /// A call under an unknown token is counted but not stored, and `None` is returned.
    ///
    /// # Errors
    /// A violation of `body` for more than [`Webhook::MAX_BODY_BYTES`]; [`Error::Unavailable`] if the call
    /// could not be stored, so that the provider sends it again.
    pub async fn receive_webhook(&self, call: WebhookCall) -> Result<Option<Id<Webhook>>> {
        let now = self.engine.clock.now();
        let Some(expected) = self.expected_under(&call.token).await? else {
            self.engine.stray_calls.note(now);
            return Ok(None);
        };
        let verified = expected.gateway.map_or(UNCONFIGURED_HEADERS, |gateway| gateway.signature_headers());
        let call = WebhookCall { received_at: now, ..call };
        let id = Id::generate(now, &*self.engine.entropy);
        let received = Webhook::receive(id, call, (expected.method, verified))?;
        let command = self.plain_command()?;
        create(&self.engine, &*self.engine.webhooks, &command, now, received).await?;
        self.handle_now(id).await;
        Ok(Some(id))
    }

    /// The kind of source that a token belongs to; `None` for an unknown token. A server with rate limits
    /// calls this before it reads a body.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn webhook_source(&self, token: &str) -> Result<Option<WebhookSource>> {
        Ok(self.expected_under(token).await?.map(|expected| expected.source))
    }

    /// Counts a call under an unknown token whose body was not read.
    pub fn note_stray_webhook(&self) {
        self.engine.stray_calls.note(self.engine.clock.now());
    }

    async fn expected_under(&self, token: &str) -> Result<Option<Expected<'_>>> {
        if token.is_empty() || token.len() > Webhook::MAX_TOKEN_BYTES {
            return Ok(None);
        }
        if let Some(gateway) = self.engine.gateway_by_token(token) {
            let (source, method) = (WebhookSource::Provider, Some(gateway.method()));
            return Ok(Some(Expected { source, method, gateway: Some(gateway) }));
        }
        let Some(transaction) = self.engine.transactions.find_by_token(token).await? else {
            return Ok(None);
        };
        let method = transaction.gateway.provider;
        let gateway = method.and_then(|method| self.engine.gateways.get(&method));
        Ok(Some(Expected { source: WebhookSource::Transaction, method, gateway }))
    }

    /// Handles a call at once. A failure here is not final: the call is due, and a worker handles it.
    async fn handle_now(&self, id: Id<Webhook>) {
        match self.for_system().handle_webhook(id).await {
            Ok(TaskOutcome::Done | TaskOutcome::NotDue) => {}
            Ok(TaskOutcome::Blocked(missing)) => {
                let reason = missing.reason;
                tracing::warn!(webhook = %id, reason, "a worker handles the provider's call");
            }
            Err(error) => tracing::warn!(webhook = %id, %error, "a worker handles the provider's call"),
        }
    }

    /// Handles a dead letter or a rejected call once more, after its cause was fixed. Notices that were
    /// applied before are not applied again.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is staff; [`Error::NotFound`]; [`Rule::ALREADY_DECIDED`] for a
    /// call that is still waiting, or that was handled; [`Error::Conflict`].
    pub async fn retry_webhook(&self, actor: &Actor, id: Id<Webhook>) -> Result<Stored<Webhook>> {
        let user = self.require_staff(actor, Access::Continue).await?;
        let command = self.command(actor, "retry_webhook", &id)?.by(user);
        let webhooks = &*self.engine.webhooks;
        change(&self.engine, webhooks, &command, id, |webhook: Webhook, now| webhook.retry(now)).await?;
        self.handle_now(id).await;
        webhooks.load(id).await?.ok_or_else(|| Error::not_found(Kind::Webhook, id))
    }

    /// Calls in one of these statuses (in any if empty), newest first, for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is staff; a violation of `cursor`.
    pub async fn list_webhooks(
        &self,
        actor: &Actor,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>> {
        self.require_staff(actor, Access::Read).await?;
        Ok(self
            .engine
            .webhooks
            .list_webhooks(statuses, &page.of_list("webhooks")?)
            .await?
            .of_list("webhooks"))
    }

    /// Handles a call, unless it was handled before or its provider is not configured here. A call that fails
    /// is retried later, and finally becomes a dead letter.
    async fn handle_webhook(&self, id: Id<Webhook>) -> Result<TaskOutcome> {
        let stored =
            self.engine.webhooks.load(id).await?.ok_or_else(|| Error::not_found(Kind::Webhook, id))?;
        if !stored.is_open() {
            return Ok(TaskOutcome::NotDue);
        }
        let error = match self.try_handle(&stored).await {
            Err(error) if !matches!(error, Error::Conflict(_)) => error,
            handled => return handled,
        };
        let reason = match &error {
            // Store errors are for operators, not for staff who list calls.
            Error::Unavailable { .. } => "the store was unavailable".to_owned(),
            Error::Corrupt { collection, id, .. } => format!("{id} in {collection} is unreadable"),
            other => other.to_string(),
        };
        tracing::warn!(webhook = %id, %error, "a provider's call could not be handled");
        self.put_off(&stored, &reason).await?;
        Err(error)
    }

    async fn try_handle(&self, stored: &Stored<Webhook>) -> Result<TaskOutcome> {
        let id = stored.id;
        let by_token = self.engine.transactions.find_by_token(&stored.token).await?;
        // The token's provider was recorded on arrival; the token may have been replaced since.
        let method = by_token.as_ref().map_or(stored.method, |transaction| transaction.gateway.provider);
        let of_method = method.and_then(|method| self.engine.gateways.get(&method));
        let gateway = match &by_token {
            Some(_) => of_method,
            None => self.engine.gateway_by_token(&stored.token).or(of_method),
        };
        // A provider without a configuration here may be configured in another process.
        if let (None, Some(method)) = (gateway, method)
            && let Err(error) = self.engine.gateway(method)
        {
            return Ok(TaskOutcome::Blocked(MissingProvider { method, reason: error.to_string() }));
        }
        let Some(gateway) = gateway else {
            let reason = Some("this address accepts no calls".to_owned());
            return self.note_handled(id, WebhookStatus::Rejected, reason, (None, None)).await;
        };
        let method = Some(gateway.method());
        let notices = match gateway.read_webhook(&stored.call()) {
            Ok(notices) => notices,
            Err(error) => {
                if let Some(transaction) = &by_token {
                    self.doubt(transaction, &error).await?;
                }
                let about = (method, by_token.map(|transaction| transaction.id));
                return self.note_handled(id, WebhookStatus::Rejected, Some(error.to_string()), about).await;
            }
        };
        let (mut greatest, mut about, mut unknown) = (Effect::Nothing, None, false);
        for notice in &notices {
            let effect = self.apply(&**gateway, notice, by_token.as_ref()).await?;
            if effect == Effect::Unknown {
                unknown = true;
                continue;
            }
            about = effect.about().or(about);
            greatest = greatest.max(effect);
        }
        if unknown {
            return self.put_off(stored, "the subject of the call is not known yet").await;
        }
        self.note_handled(id, greatest.status(), greatest.reason(), (method, about)).await
    }

    /// Handles a call that cannot be verified, from a sender who knows the transaction's own token. It may be
    /// the provider reporting a payment. The provider is queried at once, and the payment does not count as
    /// failed before the provider has answered or staff have reviewed it.
    async fn doubt(&self, transaction: &Stored<Transaction>, error: &WebhookError) -> Result<()> {
        match error {
            WebhookError::Unsigned | WebhookError::BadSignature | WebhookError::Expired => {}
            WebhookError::Malformed(_) | WebhookError::Unexpected => return Ok(()),
        }
        self.decide(&self.plain_command()?, transaction.id, |transaction, related| {
            Ok(transaction.doubted(&related.context))
        })
        .await
        .map(drop)
    }

    async fn put_off(&self, stored: &Stored<Webhook>, reason: &str) -> Result<TaskOutcome> {
        let now = self.engine.clock.now().max(stored.updated_at);
        let policy = &self.engine.policy.payment.webhooks;
        let entropy = &*self.engine.entropy;
        self.change_webhook(stored.id, |webhook| webhook.put_off(reason, (policy, now, entropy))).await
    }

    async fn note_handled(
        &self,
        id: Id<Webhook>,
        status: WebhookStatus,
        reason: Option<String>,
        about: (Option<PaymentMethod>, Option<Id<Transaction>>),
    ) -> Result<TaskOutcome> {
        let terms = (&self.engine.policy.payment.webhooks, self.engine.clock.now());
        self.change_webhook(id, |webhook| webhook.handled(status, reason.clone(), about, terms)).await
    }

    /// Records the result of a call, unless it was recorded in the meantime.
    async fn change_webhook(
        &self,
        id: Id<Webhook>,
        decide: impl Fn(Webhook) -> Decision<Webhook> + Send + Sync,
    ) -> Result<TaskOutcome> {
        let command = &self.plain_command()?;
        let changed = change(&self.engine, &*self.engine.webhooks, command, id, |webhook: Webhook, _| {
            if webhook.is_open() {
                return Ok(decide(webhook));
            }
            Err(Error::refused(Rule::ALREADY_DECIDED, "another worker has handled the call"))
        });
        match changed.await {
            Ok(_) => Ok(TaskOutcome::Done),
            Err(error) if error.rule() == Some(Rule::ALREADY_DECIDED) => Ok(TaskOutcome::NotDue),
            Err(error) => Err(error),
        }
    }

    /// Applies a notice once. After a conflict, checks again whether it was applied before.
    async fn apply(
        &self,
        gateway: &dyn PaymentGateway,
        notice: &Notice,
        caller: Option<&Stored<Transaction>>,
    ) -> Result<Effect> {
        if notice.news == News::Nothing {
            return Ok(Effect::Nothing);
        }
        let mut tries = 0;
        loop {
            match self.try_apply(gateway, notice, caller).await {
                Err(Error::Conflict(_)) if tries < MAX_TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn try_apply(
        &self,
        gateway: &dyn PaymentGateway,
        notice: &Notice,
        caller: Option<&Stored<Transaction>>,
    ) -> Result<Effect> {
        let claim = ClaimKey::new(NEWS_CLAIMS, format_args!("{}/{}", gateway.method().as_str(), notice.id));
        let held = self.engine.claims.held(std::slice::from_ref(&claim)).await?;
        if let Some(held) = held.first() {
            let about = match held.holder {
                crate::store::AggregateRef::Transaction(id) => Some(id),
                _ => None,
            };
            return Ok(Effect::Duplicate(about));
        }
        let found = match &notice.subject {
            Subject::Caller { .. } => match caller {
                Some(caller) => self.engine.transactions.load(caller.id).await?,
                None => None,
            },
            Subject::Transaction(id) => self.engine.transactions.load(*id).await?,
            Subject::Reference(reference) => self.engine.transactions.find_by_reference(reference).await?,
            Subject::Account(account) => {
                return match self.take_deposit(gateway, account, &notice.news, claim).await {
                    // The same notice was applied concurrently.
                    Err(error) if is_taken(&error) => Ok(Effect::Duplicate(None)),
                    taken => taken,
                };
            }
        };
        let about = self.subject_of(found, &notice.news).await?;
        let Some((found, news)) = about else {
            return Ok(Effect::Unknown);
        };
        if found.is_too_early(&news) {
            return Ok(Effect::Unknown);
        }
        let explained = match &news {
            News::Returned(Returned::Total { amount }) => {
                let Some(explained) = self.explained(&found, *amount).await? else {
                    return Ok(Effect::Unknown);
                };
                explained
            }
            _ => Money::zero(found.amount.currency()),
        };
        let notice = &Notice { news, ..notice.clone() };
        let id = found.id;
        let signed = gateway.capabilities().signs_webhooks;
        let command: Command = self.pinned_to(&found)?;
        let effect = Mutex::new(Effect::Duplicate(Some(id)));
        let take = |on_credit: bool| {
            let (command, claim, effect) = (&command, &claim, &effect);
            async move {
                self.decide(command, id, |transaction, related| {
                    let before = transaction.clone();
                    let report = Report { signed, on_credit, explained };
                    let mut decision = apply_news(transaction, notice, &report, related)?;
                    let found = effect_of(&before, &decision, &notice.news);
                    *effect.lock().unwrap_or_else(PoisonError::into_inner) = found;
                    decision = decision.take_all([claim.clone()]);
                    // A notice that changes nothing is claimed too, by a write with an event.
                    if decision.effects.events.is_empty() {
                        decision = decision.event(crate::transaction::PaymentEvent::TransactionUpdated);
                    }
                    Ok(decision)
                })
                .await
            }
        };
        let written = match take(false).await {
            // The bank or the provider has taken the money back, even if the wallet that received it is
            // empty.
            Err(error) if error.rule() == Some(Rule::INSUFFICIENT_FUNDS) => take(true).await,
            written => written,
        };
        match written {
            // Nothing was written: the notice was applied since it was read.
            Ok(written) if written.version == found.version => Ok(Effect::Duplicate(Some(id))),
            Ok(_) => Ok(effect.into_inner().unwrap_or_else(PoisonError::into_inner)),
            // The same notice was applied concurrently.
            Err(error) if is_taken(&error) => Ok(Effect::Duplicate(Some(id))),
            Err(error) => Err(error),
        }
    }
}

/// Whether a commit failed because the claim on this notice, or on its receipt, is already held.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Duplicate(Unique::ProviderNews | Unique::Receipt))
}

#[async_trait]
impl DueTask for Webhook {
    async fn run_due_task(engine: &Arc<Engine>, id: Id<Self>) -> Result<TaskOutcome> {
        Payments::new(engine.clone()).handle_webhook(id).await
    }
}
