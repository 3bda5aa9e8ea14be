//! Creating and changing Stripe's objects.

use serde_json::{Value, json};

use super::book::{Answer, Book, Call, error, invalid};

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

impl Book {
    pub(super) fn create_intent(&mut self, call: &Call) -> Answer {
        let (Some(amount), Some(currency)) = (call.amount("amount"), call.field("currency")) else {
            return invalid("parameter_missing", "Missing required param: amount.");
        };
        let id = self.name("pi");
        let intent = json!({
            "id": id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "amount_capturable": 0,
            "currency": currency,
            "capture_method": call.field("capture_method").unwrap_or("automatic"),
            "client_secret": format!("{id}_secret_of_the_payer"),
            "latest_charge": null,
            "last_payment_error": null,
            "metadata": call.metadata(),
            "status": "requires_payment_method",
        });
        self.store(&intent);
        match call.field("payment_method") {
            Some(method) if call.field("confirm") == Some("true") => self.confirm(&id, method),
            _ => (200, intent),
        }
    }

    pub(super) fn confirm(&mut self, id: &str, method: &str) -> Answer {
        let charge = self.name("ch");
        let intent = self.find(id).expect("a payment intent");
        let waits = ["requires_payment_method", "requires_confirmation", "requires_action"];
        assert!(
            waits.contains(&intent["status"].as_str().unwrap_or_default()),
            "the payment intent does not wait for a confirmation"
        );
        match method {
            "pm_card_visa" => {
                intent["latest_charge"] = json!(charge);
                intent["last_payment_error"] = json!(null);
                let kind = if intent["capture_method"] == "manual" {
                    intent["status"] = json!("requires_capture");
                    intent["amount_capturable"] = intent["amount"].clone();
                    "payment_intent.amount_capturable_updated"
                } else {
                    intent["status"] = json!("succeeded");
                    intent["amount_received"] = intent["amount"].clone();
                    "payment_intent.succeeded"
                };
                let intent = intent.clone();
                self.tell(kind, &intent);
                (200, intent)
            }
            "pm_card_authenticationRequired" => {
                intent["status"] = json!("requires_action");
                (200, intent.clone())
            }
            "pm_card_chargeDeclined" => {
                let mut problem = error("card_error", "card_declined", "Your card was declined.");
                problem["error"]["decline_code"] = json!("generic_decline");
                intent["status"] = json!("requires_payment_method");
                intent["last_payment_error"] = problem["error"].clone();
                let intent = intent.clone();
                problem["error"]["payment_intent"] = intent.clone();
                self.tell("payment_intent.payment_failed", &intent);
                (402, problem)
            }
            other => invalid("resource_missing", &format!("No such PaymentMethod: '{other}'")),
        }
    }

    pub(super) fn capture(&mut self, id: &str, call: &Call) -> Answer {
        let intent = match self.find(id) {
            Ok(intent) => intent,
            Err(missing) => return missing,
        };
        if intent["status"] != "requires_capture" {
            return unexpected(intent);
        }
        let amount = call.amount("amount_to_capture").unwrap_or_else(|| number(&intent["amount"]));
        if amount > number(&intent["amount_capturable"]) {
            return invalid("amount_too_large", "The amount is greater than what can be captured.");
        }
        intent["status"] = json!("succeeded");
        intent["amount_received"] = json!(amount);
        intent["amount_capturable"] = json!(0);
        let intent = intent.clone();
        self.tell("payment_intent.succeeded", &intent);
        (200, intent)
    }

    pub(super) fn cancel(&mut self, id: &str) -> Answer {
        let intent = match self.find(id) {
            Ok(intent) => intent,
            Err(missing) => return missing,
        };
        if matches!(intent["status"].as_str(), Some("succeeded" | "canceled")) {
            return unexpected(intent);
        }
        intent["status"] = json!("canceled");
        intent["amount_capturable"] = json!(0);
        let intent = intent.clone();
        self.tell("payment_intent.canceled", &intent);
        (200, intent)
    }

    pub(super) fn refund(&mut self, call: &Call) -> Answer {
        let (Some(of), Some(amount)) = (call.field("payment_intent"), call.amount("amount")) else {
            return invalid("parameter_missing", "Missing required param: payment_intent.");
        };
        let id = self.name("re");
        let status = if self.slow_refunds { "pending" } else { "succeeded" };
        let intent = match self.find(of) {
            Ok(intent) => intent,
            Err(missing) => return missing,
        };
        let refunded = number(&intent["amount_refunded"]);
        if refunded + amount > number(&intent["amount_received"]) {
            return invalid(
                "charge_already_refunded",
                "Refund amount is greater than unrefunded amount on charge.",
            );
        }
        intent["amount_refunded"] = json!(refunded + amount);
        let charge = json!({
            "id": intent["latest_charge"],
            "object": "charge",
            "payment_intent": of,
            "amount_refunded": refunded + amount,
            "currency": intent["currency"],
        });
        let refund = json!({
            "id": id,
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "charge": intent["latest_charge"],
            "payment_intent": of,
            "metadata": call.metadata(),
            "status": status,
        });
        self.store(&refund);
        self.tell("charge.refunded", &charge);
        self.tell("refund.created", &refund);
        (200, refund)
    }

    pub(super) fn finish_refund(&mut self, id: &str, succeeded: bool) {
        let refund = self.find(id).expect("a refund");
        if succeeded {
            refund["status"] = json!("succeeded");
        } else {
            refund["status"] = json!("failed");
            refund["failure_reason"] = json!("lost_or_stolen_card");
        }
        let refund = refund.clone();
        self.tell(if succeeded { "refund.updated" } else { "refund.failed" }, &refund);
    }

    pub(super) fn transfer(&mut self, call: &Call) -> Answer {
        let (Some(amount), Some(currency)) = (call.amount("amount"), call.field("currency")) else {
            return invalid("parameter_missing", "Missing required param: amount.");
        };
        let Some(account) = call.field("destination").filter(|account| account.starts_with("acct_")) else {
            return invalid("resource_missing", "No such destination.");
        };
        let transfer = json!({
            "id": self.name("tr"),
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "currency": currency,
            "destination": account,
            "transfer_group": call.field("transfer_group"),
            "metadata": call.metadata(),
            "reversed": false,
        });
        self.store(&transfer);
        self.tell("transfer.created", &transfer);
        (200, transfer)
    }

    pub(super) fn reverse(&mut self, id: &str, call: &Call) -> Answer {
        let reversal = self.name("trr");
        let transfer = match self.find(id) {
            Ok(transfer) => transfer,
            Err(missing) => return missing,
        };
        let left = number(&transfer["amount"]) - number(&transfer["amount_reversed"]);
        let amount = call.amount("amount").unwrap_or(left);
        if amount > left {
            return invalid(
                "amount_too_large",
                "Transfer reversal amount is greater than the unreversed amount.",
            );
        }
        transfer["amount_reversed"] = json!(number(&transfer["amount_reversed"]) + amount);
        transfer["reversed"] = json!(amount == left);
        let transfer = transfer.clone();
        let reversal = json!({
            "id": reversal,
            "object": "transfer_reversal",
            "amount": amount,
            "currency": transfer["currency"],
            "transfer": id,
            "metadata": call.metadata(),
        });
        self.store(&reversal);
        self.tell("transfer.reversed", &transfer);
        (200, reversal)
    }

    pub(super) fn refund_in_dashboard(&mut self, intent: &str, amount: i64) -> String {
        let form =
            vec![("payment_intent".to_owned(), intent.to_owned()), ("amount".to_owned(), amount.to_string())];
        let call = Call { is_post: true, path: String::new(), form, key: None };
        let (status, refund) = self.refund(&call);
        assert_eq!(status, 200, "{refund}");
        refund["id"].as_str().expect("a name").to_owned()
    }

    pub(super) fn reverse_part(&mut self, id: &str, amount: i64) {
        let form = vec![("amount".to_owned(), amount.to_string())];
        let call = Call { is_post: true, path: String::new(), form, key: None };
        let (status, answer) = self.reverse(id, &call);
        assert_eq!(status, 200, "{answer}");
    }

    pub(super) fn reverse_all(&mut self, id: &str) {
        let call = Call { is_post: true, path: String::new(), form: Vec::new(), key: None };
        let (status, answer) = self.reverse(id, &call);
        assert_eq!(status, 200, "{answer}");
    }

    pub(super) fn dispute(&mut self, of: &str, status: &str) -> String {
        let id = self.name("dp");
        let intent = self.object(of);
        let dispute = json!({
            "id": id,
            "object": "dispute",
            "amount": intent["amount_received"],
            "currency": intent["currency"],
            "charge": intent["latest_charge"],
            "payment_intent": of,
            "reason": "fraudulent",
            "status": status,
        });
        self.store(&dispute);
        self.tell("charge.dispute.created", &dispute);
        if status == "needs_response" {
            self.tell("charge.dispute.funds_withdrawn", &dispute);
        }
        id
    }

    pub(super) fn close_dispute(&mut self, id: &str, won: bool) {
        let dispute = self.find(id).expect("a dispute");
        let is_inquiry = dispute["status"].as_str().is_some_and(|status| status.starts_with("warning_"));
        let end = if won { "won" } else { "lost" };
        dispute["status"] = json!(if is_inquiry { "warning_closed" } else { end });
        let dispute = dispute.clone();
        self.tell("charge.dispute.closed", &dispute);
    }
}

fn unexpected(intent: &Value) -> Answer {
    let message = "This PaymentIntent's status does not allow that.";
    let mut problem = error("invalid_request_error", "payment_intent_unexpected_state", message);
    problem["error"]["payment_intent"] = intent.clone();
    (400, problem)
}
