#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]
#[test]
fn depth() {
    println!("{}", sigmapol_tests::depth_table().unwrap());
}
