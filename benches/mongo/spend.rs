//! A wallet pays into an escrow: the store, compared with a handwritten transaction that sends the same
//! commands.

use std::{str::FromStr, sync::Arc, time::Duration};

use baitech::{
    ledger::{Account, Entry},
    store::ChangeSet,
};
use bson::{Bson, DateTime, Decimal128, Document, doc, oid::ObjectId};

use crate::{Result, balance::fresh, funds::Funds, rivals::Rivals};

#[derive(Debug)]
pub(crate) struct Spend(pub(crate) Arc<Funds>);

impl Spend {
    fn payment(&self) -> Result<Entry> {
        self.0.entry(self.0.wallet, Account::Escrow(fresh()), None)
    }
}

impl Rivals for Spend {
    const NAME: &'static str = "spend of a wallet";
    const GOAL: Option<f64> = Some(1.25);
    const LONGEST_PAUSE: Duration = Duration::from_millis(4);
    type ForStore = ChangeSet;
    type ForDriver = ByHand;

    async fn prepare(&self, rounds: u64) -> Result<Vec<(ChangeSet, ByHand)>> {
        let round = |_| {
            let changes = ChangeSet { entries: vec![self.payment()?], ..ChangeSet::new() };
            Ok((changes, ByHand::of(&self.payment()?)?))
        };
        (0..rounds).map(round).collect()
    }

    async fn by_store(&self, changes: ChangeSet) -> Result<()> {
        self.0.commit(changes).await
    }

    async fn by_driver(&self, by_hand: ByHand) -> Result<()> {
        by_hand.run(&self.0).await
    }
}

/// One command for both balances, one of which must suffice, and one for the entry.
#[derive(Debug)]
pub(crate) struct ByHand {
    update: Document,
    entry: Document,
}

impl ByHand {
    fn of(entry: &Entry) -> Result<Self> {
        let mut updates = Vec::new();
        let mut postings = Vec::new();
        for posting in &entry.postings {
            let (account, amount) = (posting.account.to_string(), posting.amount.amount());
            let decimal = |text: String| Decimal128::from_str(&text).map(Bson::Decimal128);
            let (id, add) = (format!("{account} KES"), doc! { "amount": decimal(amount.to_string())? });
            updates.push(if posting.amount.is_negative() {
                let enough = doc! { "$gte": decimal((-amount).to_string())? };
                doc! { "q": { "_id": id, "amount": enough }, "u": { "$inc": add } }
            } else {
                let new = doc! { "account": &account, "currency": "KES" };
                doc! { "q": { "_id": id }, "u": { "$inc": add, "$setOnInsert": new }, "upsert": true }
            });
            postings.push(doc! {
                "account": account,
                "amount": decimal(amount.to_string())?,
                "currency": "KES",
            });
        }
        Ok(Self {
            update: doc! { "update": "balances", "updates": updates },
            entry: doc! {
                "_id": ObjectId::from_bytes(entry.id.to_bytes()),
                "cause": { "kind": "user", "id": ObjectId::from_bytes(entry.cause.id_bytes()) },
                "description": &entry.description,
                "at": DateTime::from_chrono(entry.at),
                "postings": postings,
            },
        })
    }

    async fn run(self, funds: &Funds) -> Result<()> {
        let database = funds.store().database();
        let mut session = database.client().start_session().await?;
        session.start_transaction().await?;
        let answer = database.run_command(self.update).session(&mut session).await?;
        if answer.get_i32("n")? != 2 {
            return Err("the wallet has too little money".into());
        }
        let ledger = database.collection::<Document>("ledger");
        ledger.insert_one(self.entry).session(&mut session).await?;
        session.commit_transaction().await?;
        Ok(())
    }
}
