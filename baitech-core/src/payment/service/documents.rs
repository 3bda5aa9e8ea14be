//! Receipts, invoices and a company's monthly statement.

use std::collections::HashMap;

use chrono::{Months, NaiveDate};

use super::Payments;
use crate::{
    account::{TimeOfDay, User},
    booking::Booking,
    kernel::{Actor, Code, Error, Id, Money, PageRequest, Result, Role, Rule, Violation},
    ledger::{Account, AccountLine},
    payment::{Document, DocumentKind, DocumentLine, DocumentSum},
    store::{AggregateRef, Stored},
    transaction::{Addressee, Transaction, TransactionKind, TransactionStatus},
};

/// The number of statement lines completed at a time.
const LOADED_AT_ONCE: usize = 500;
/// The maximum number of movements in a statement.
const MAX_STATEMENT_LINES: usize = 5_000;

impl Payments {
    /// The receipt of money that was received or paid out. It always stays the same, except for later
    /// refunds. Only the addressee and staff get the addressee's postal address, phone number and email.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an actor who may not see the transaction; [`Error::Forbidden`] for the other
    /// side of it; [`Rule::TRANSITION`] if no money has moved.
    pub async fn receipt(&self, actor: &Actor, id: Id<Transaction>) -> Result<Document> {
        let actor = &self.engine.reader(actor).await?;
        let transaction = self.visible(actor, id).await?;
        require_addressee(actor, &transaction)?;
        if !transaction.status.is_settled() {
            return Err(
                transaction.refuse(Rule::TRANSITION, "a receipt exists only after the money has moved")
            );
        }
        self.document(actor, DocumentKind::Receipt, &transaction).await
    }

    /// The invoice of a booking's payment, with its tax, paid or not.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an actor who may not see the transaction; [`Error::Forbidden`] for the other
    /// side of it; [`Rule::TRANSITION`] for anything but the payment of a booking.
    pub async fn invoice(&self, actor: &Actor, id: Id<Transaction>) -> Result<Document> {
        let actor = &self.engine.reader(actor).await?;
        let transaction = self.visible(actor, id).await?;
        require_addressee(actor, &transaction)?;
        if transaction.kind != TransactionKind::BookingPayment {
            return Err(transaction.refuse(Rule::TRANSITION, "only the payment of a booking has an invoice"));
        }
        self.document(actor, DocumentKind::Invoice, &transaction).await
    }

    async fn document(
        &self,
        actor: &Actor,
        kind: DocumentKind,
        transaction: &Stored<Transaction>,
    ) -> Result<Document> {
        let policy = &self.engine.policy;
        let booking = self.load_booking(transaction.booking).await?;
        let recipient = match addressed_to(transaction) {
            Some(user) => {
                let mut addressee = addressee(&self.user(user).await?);
                // A technician who confirmed cash gets the receipt too, but not the customer's addresses.
                if !actor.is_staff() && actor.id() != Some(user) {
                    addressee.lines.clear();
                }
                addressee
            }
            None => Addressee::default(),
        };
        let prefix = if kind == DocumentKind::Invoice { "INV" } else { "RCT" };
        let number = transaction.number.as_str();
        let (lines, mut sums) = match &booking {
            Some(booking)
                if transaction.kind == TransactionKind::BookingPayment
                    && booking.payment.transaction == Some(transaction.id) =>
            {
                lines_of_booking(booking, transaction, policy.pricing.fees.vat.to_string())?
            }
            _ => lines_of_amount(transaction)?,
        };
        let refunded = transaction.refunded()?;
        if !refunded.is_zero() {
            sums.push(DocumentSum {
                label: "Refunded".to_owned(),
                amount: refunded.negated(),
                is_total: false,
            });
        }
        if kind == DocumentKind::Invoice {
            let paid = if transaction.status.is_settled() { transaction.amount.gross } else { refunded };
            let due = transaction.amount.gross.checked_sub(paid)?;
            sums.push(DocumentSum { label: "Amount due".to_owned(), amount: due, is_total: true });
        }
        Ok(Document {
            kind,
            number: format!("{prefix}{}", number.strip_prefix("TXN").unwrap_or(number)),
            issued_at: transaction.completed_at.unwrap_or(transaction.initiated_at),
            time_zone: policy.payment.time_zone,
            issuer: policy.payment.issuer.clone(),
            recipient,
            facts: facts_of(transaction, booking.as_ref().map(|stored| &stored.value)),
            lines,
            sums,
            notes: notes_of(transaction),
        })
    }

    /// A company's purchases on credit, charges and payments in a month, from the opening to the closing
    /// balance.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is the company's administrator or staff; violations of `year`
    /// and `month`; [`Rule::NOT_ELIGIBLE`] for a user who is not a company; a violation of `month` with more
    /// than 5,000 movements.
    pub async fn statement(
        &self,
        actor: &Actor,
        company: Id<User>,
        year: i32,
        month: u32,
    ) -> Result<Document> {
        let actor = &self.engine.reader(actor).await?;
        if !actor.is_staff() && !actor.is_any(&[Some(company)]) {
            return Err(Error::forbidden(
                "only the company's administrator and staff can read the statement",
            ));
        }
        let user = self.user(company).await?;
        if user.role != Role::Corporate || user.company() != Some(company) {
            return Err(Error::refused(Rule::NOT_ELIGIBLE, "only companies have statements"));
        }
        let policy = &self.engine.policy;
        let first = NaiveDate::from_ymd_opt(year, month, 1)
            .ok_or_else(|| Violation::new("month", Code::OutOfRange, "must be between 1 and 12"))?;
        let next = first
            .checked_add_months(Months::new(1))
            .ok_or_else(|| Violation::new("year", Code::OutOfRange, "must be a year"))?;
        let [from, until] = [first, next].map(|day| TimeOfDay::MIDNIGHT.on(day, policy.payment.time_zone));
        let account = Account::Receivable(company);
        let mut closing = self.engine.ledger.balance(account, policy.currency).await?;
        let mut lines: Vec<AccountLine> = Vec::new();
        let mut cursor = None;
        'pages: loop {
            let page = PageRequest::new(PageRequest::MAX_LIMIT, cursor)?;
            let page = self.engine.ledger.account_lines(account, &page).await?;
            for line in page.items {
                if line.at < from {
                    break 'pages;
                }
                if line.amount.currency() != policy.currency {
                    continue;
                }
                if line.at >= until {
                    closing = closing.checked_sub(line.amount)?;
                } else {
                    lines.push(line);
                }
            }
            if lines.len() > MAX_STATEMENT_LINES {
                let message = format!("the month has more than {MAX_STATEMENT_LINES} movements");
                return Err(Violation::new("month", Code::TooMany, message).into());
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        lines.reverse();
        let moved = Money::sum(policy.currency, lines.iter().map(|line| line.amount))?;
        let opening = closing.checked_sub(moved)?;
        let mut shown = Vec::with_capacity(lines.len());
        for lines in lines.chunks(LOADED_AT_ONCE) {
            shown.extend(self.statement_lines(lines).await?);
        }
        let sum = |label: &str, amount: Money, is_total| DocumentSum {
            label: label.to_owned(),
            amount: amount.negated(),
            is_total,
        };
        Ok(Document {
            kind: DocumentKind::Statement,
            number: format!("STM{year:04}{month:02}-{}", company.to_string().to_uppercase()),
            issued_at: until,
            time_zone: policy.payment.time_zone,
            issuer: policy.payment.issuer.clone(),
            recipient: addressee(&user),
            facts: vec![("Period".to_owned(), format!("{first} to {}", next.pred_opt().unwrap_or(next)))],
            lines: shown,
            sums: vec![
                sum("Opening balance", opening, false),
                sum("Movements of the month", moved, false),
                sum("Closing balance", closing, true),
            ],
            notes: vec![
                "Charges are positive and payments are negative.".to_owned(),
                "Please name the number of a transaction when you pay by bank transfer.".to_owned(),
            ],
        })
    }

    /// Lines of a statement with their bookings and transactions: two reads for any number of lines.
    async fn statement_lines(&self, lines: &[AccountLine]) -> Result<Vec<DocumentLine>> {
        let transaction_of = |line: &AccountLine| {
            if let AggregateRef::Transaction(id) = line.cause { Some(id) } else { None }
        };
        let transactions: Vec<_> = lines.iter().filter_map(transaction_of).collect();
        let transactions = self.engine.transactions.load_many(&transactions).await?;
        let transactions: HashMap<_, _> = transactions.iter().map(|found| (found.id, found)).collect();
        let about = |line: &AccountLine| transaction_of(line).and_then(|id| transactions.get(&id));
        let booking_of = |line: &AccountLine| match line.cause {
            AggregateRef::Booking(id) => Some(id),
            _ => about(line).and_then(|found| found.booking),
        };
        let bookings: Vec<_> = lines.iter().filter_map(booking_of).collect();
        let bookings = self.engine.bookings.load_many(&bookings).await?;
        let bookings: HashMap<_, _> = bookings.iter().map(|found| (found.id, found)).collect();
        let line_of = |line: &AccountLine| {
            let description = match about(line) {
                Some(found) => format!("{} {}", found.number, line.description),
                None => line.description.clone(),
            };
            let day = line.at.with_timezone(&self.engine.policy.payment.time_zone).date_naive();
            let detail = match booking_of(line).and_then(|id| bookings.get(&id)) {
                Some(booking) => format!("{day}, booking {}: {}", booking.number, booking.service_type),
                None => day.to_string(),
            };
            DocumentLine { description, detail: Some(detail), amount: line.amount.negated() }
        };
        Ok(lines.iter().map(line_of).collect())
    }
}

/// The user to whom a document about a transaction is addressed.
fn addressed_to(transaction: &Transaction) -> Option<Id<User>> {
    if transaction.kind.is_incoming() { transaction.payer } else { transaction.payee }
}

/// Fails for an actor to whom a document is not addressed, since it shows the addressee's phone number and
/// means of payment.
fn require_addressee(actor: &Actor, transaction: &Transaction) -> Result<()> {
    let own = [addressed_to(transaction), transaction.requested_by];
    if actor.is_staff() || actor.is_any(&own) {
        return Ok(());
    }
    Err(Error::forbidden("only the addressee and staff can read the document"))
}

/// The addressee of a document for a user: a company with its own name and tax number.
fn addressee(user: &User) -> Addressee {
    let (name, tax_id, address) = match &user.corporate {
        Some(company) => (
            company.company_name.to_string(),
            company.billing.tax_id.clone(),
            company.billing.billing_address.clone(),
        ),
        None => (user.full_name(), None, None),
    };
    let lines = address.into_iter().chain([user.phone.to_string(), user.email.to_string()]).collect();
    Addressee { name, tax_id, lines }
}

fn facts_of(transaction: &Transaction, booking: Option<&Booking>) -> Vec<(String, String)> {
    let mut facts = vec![("Transaction".to_owned(), transaction.number.to_string())];
    if let Some(booking) = booking {
        facts.push(("Booking".to_owned(), booking.number.to_string()));
        let slot = &booking.slot;
        facts.push(("Date of service".to_owned(), format!("{} {}–{}", slot.date, slot.start, slot.end)));
    }
    facts.push(("Payment method".to_owned(), method_name(transaction).to_owned()));
    if let Some(receipt) = &transaction.gateway.receipt {
        facts.push(("Provider receipt".to_owned(), receipt.clone()));
    }
    facts
}

fn method_name(transaction: &Transaction) -> &'static str {
    use crate::transaction::PaymentMethod::{BankTransfer, Card, Cash, Mpesa, Stripe, Wallet};
    match transaction.method {
        Mpesa => "M-Pesa",
        Card | Stripe => "Card",
        Wallet => "Wallet",
        Cash => "Cash",
        BankTransfer if transaction.gateway.provider.is_none() => "On account",
        BankTransfer => "Bank transfer",
    }
}

type LinesAndSums = (Vec<DocumentLine>, Vec<DocumentSum>);

/// The booking's price, line by line. If the lines of the earlier application do not add up, the difference
/// is shown.
fn lines_of_booking(booking: &Booking, transaction: &Transaction, vat: String) -> Result<LinesAndSums> {
    let price = &booking.pricing;
    let line = |description: &str, detail: Option<String>, amount| DocumentLine {
        description: description.to_owned(),
        detail,
        amount,
    };
    let discount = (!price.discount.is_zero()).then(|| format!("after a discount of {}", price.discount));
    let mut lines = vec![
        line(booking.service_type.as_str(), discount, price.service_charge),
        line("Platform fee", None, price.platform_fee),
        line("Processing fee", None, price.processing_fee),
    ];
    let subtotal = Money::sum(price.currency(), lines.iter().map(|line| line.amount))?;
    let gross = transaction.amount.gross;
    let difference = gross.checked_sub(subtotal.checked_add(price.tax)?)?;
    if !difference.is_zero() {
        lines.push(line("Adjustment", None, difference));
    }
    let sum = |label: String, amount, is_total| DocumentSum { label, amount, is_total };
    let sums = vec![
        sum("Subtotal".to_owned(), gross.checked_sub(price.tax)?, false),
        sum(format!("VAT {vat}"), price.tax, false),
        sum("Total".to_owned(), gross, true),
    ];
    Ok((lines, sums))
}

fn lines_of_amount(transaction: &Transaction) -> Result<LinesAndSums> {
    let amount = &transaction.amount;
    let description = match transaction.kind {
        TransactionKind::TechnicianPayout => "Payout of earnings",
        TransactionKind::WalletTopup => "Wallet top-up",
        TransactionKind::WalletWithdrawal => "Wallet withdrawal",
        TransactionKind::Refund => "Refund",
        TransactionKind::Tip => "Tip",
        TransactionKind::CancellationFee => "Payment of a debt",
        TransactionKind::BookingPayment => "Payment of a booking",
        TransactionKind::Penalty => "Penalty",
        TransactionKind::Subscription => "Subscription",
    };
    let mut lines =
        vec![DocumentLine { description: description.to_owned(), detail: None, amount: amount.gross }];
    let incoming = transaction.kind.is_incoming();
    if !incoming && !amount.platform_fee.is_zero() {
        lines.push(DocumentLine {
            description: "Fee".to_owned(),
            detail: None,
            amount: amount.platform_fee.negated(),
        });
    }
    let total = if incoming { amount.gross } else { amount.net };
    let sums = vec![DocumentSum { label: "Total".to_owned(), amount: total, is_total: true }];
    Ok((lines, sums))
}

fn notes_of(transaction: &Transaction) -> Vec<String> {
    let mut notes = Vec::new();
    match transaction.status {
        TransactionStatus::Refunded => notes.push("This payment was refunded in full.".to_owned()),
        TransactionStatus::PartiallyRefunded => {
            notes.push("A part of this payment was refunded.".to_owned());
        }
        _ => {}
    }
    notes
}
