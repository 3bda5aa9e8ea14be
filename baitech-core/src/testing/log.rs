use crate::{
    ports::Store,
    store::{Event, LogEntry, LogToken},
};

/// The number of entries that are read at once.
const PAGE: usize = 1_000;

/// Numbers all events of a store, and reads its whole log.
pub async fn read_whole_log(store: &(impl Store + ?Sized)) -> Vec<LogEntry> {
    while store.number_events(PAGE).await.expect("numbers events") > 0 {}
    let mut token = store.log_state().await.expect("has a log").start();
    let mut entries: Vec<LogEntry> = Vec::new();
    loop {
        let page = store.read_log(token, PAGE).await.expect("reads the log");
        let Some(last) = page.last() else { return entries };
        token = LogToken { seq: last.seq, ..token };
        entries.extend(page);
    }
}

/// All events of a store that are still in its log.
pub async fn committed_events(store: &(impl Store + ?Sized)) -> Vec<Event> {
    let entries = read_whole_log(store).await;
    entries.into_iter().map(|entry| entry.event.expect("a readable event")).collect()
}
