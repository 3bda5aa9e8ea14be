//! A server for load tests: the HTTP API over MongoDB with unprotected tokens `role:id`. Never expose it to a
//! network.

use std::{error::Error, sync::Arc};

use axum::http::{HeaderMap, header};
use baitech::{
    Marketplace,
    http::{Authenticate, Unauthenticated, async_trait},
    kernel::{Actor, Role},
    mongo::MongoStore,
};

#[derive(Debug)]
struct RoleAndId;

#[async_trait]
impl Authenticate for RoleAndId {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Unauthenticated> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let (role, id) =
            token.and_then(|token| token.split_once(':')).ok_or(Unauthenticated::BadCredentials)?;
        let role = Role::ALL.into_iter().find(|known| known.as_str() == role);
        let role = role.ok_or(Unauthenticated::BadCredentials)?;
        let id = id.parse().map_err(|_| Unauthenticated::BadCredentials)?;
        Ok(Actor::user(id, role))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: load_server ADDRESS MONGODB_URI";
    let (address, uri) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let store = MongoStore::connect(&uri).await?;
    store.prepare().await?;
    let market = Marketplace::builder(Arc::new(store)).build();
    let listener = tokio::net::TcpListener::bind(&address).await?;
    axum::serve(listener, baitech::http::router(market, Arc::new(RoleAndId))).await?;
    Ok(())
}
