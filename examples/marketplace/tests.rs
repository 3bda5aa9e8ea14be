use super::run;

fn story() -> String {
    let mut out = Vec::new();
    run([], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_story_is_told_to_its_end_and_the_same_each_time() {
    let told = story();
    assert_eq!(told, story());
    let (_, books) = told.split_once("Every booking").unwrap();
    assert!(books.contains("2,738"), "the golden case is among them:\n{books}");
    assert!(books.contains("Sum of all accounts"), "the ledger is summed up:\n{books}");
}

#[test]
fn help_names_the_option() {
    let mut out = Vec::new();
    run(["--help".to_owned()], &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("--store URI"));
}
