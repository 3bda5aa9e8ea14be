use super::run;

fn story() -> String {
    let mut out = Vec::new();
    run([], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn story_is_complete_and_deterministic() {
    let text = story();
    assert_eq!(text, story());
    let (_, books) = text.split_once("Every booking").unwrap();
    assert!(books.contains("2,738"), "the reference booking is missing:\n{books}");
    assert!(books.contains("Sum of all accounts"), "the sum of the ledger is missing:\n{books}");
}

#[test]
fn help_names_the_option() {
    let mut out = Vec::new();
    run(["--help".to_owned()], &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("--store URI"));
}

/// With `--features mongo,testing`, on a real server.
#[cfg(all(feature = "mongo", feature = "testing"))]
#[test]
fn story_is_the_same_on_an_empty_mongodb() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(baitech::mongo::testing::TestServer::shared()).unwrap();
    let uri = server.uri_of(&server.database_name());
    let arguments = || ["--store".to_owned(), uri.clone()];

    let mut out = Vec::new();
    run(arguments(), &mut out).unwrap();
    let on_mongodb = String::from_utf8(out).unwrap();
    let embedded = story();
    for (here, there) in on_mongodb.lines().zip(embedded.lines()) {
        assert_eq!(here, there);
    }
    assert_eq!(on_mongodb.len(), embedded.len());

    let refused = run(arguments(), &mut Vec::new()).unwrap_err();
    assert!(refused.to_string().contains("is not empty"), "{refused}");
}
