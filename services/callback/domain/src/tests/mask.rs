use crate::mask_numbers;
use proptest::prelude::*;

#[test]
fn numbers_that_name_a_person_are_masked_and_others_stay() {
    for (text, masked) in [
        ("无人接听", "无人接听"),
        ("改打13800138000", "改打138****8000"),
        ("138 0013 8000 明天", "138******8000 明天"),
        ("+86 138-0013-8000", "+86 138******8000"),
        ("座机 020-87654321", "座机 020*****4321"),
        ("座机 87654321", "座机 87****21"),
        ("另一个是 87654321", "另一个是 ******21"),
        ("改打138.0013.8000", "改打138******8000"),
        ("发到 zhang.san@example.cn", "发到 z********@example.cn"),
        ("身份证44010619900307123X", "身份证440***********123X"),
        ("约 2026-11-24 10:00 再打", "约 2026-11-24 10:00 再打"),
        ("2 栋 301 室", "2 栋 301 室"),
        ("１３８００１３８０００", "１３８****８０００"),
        ("", ""),
    ] {
        assert_eq!(mask_numbers(text), masked, "{text}");
    }
}

proptest! {
    #[test]
    fn no_seven_digits_in_a_row_survive(text in "[0-9 -甲]{0,60}") {
        let mut run = 0;
        for c in mask_numbers(&text).chars() {
            run = if c.is_ascii_digit() { run + 1 } else { 0 };
            prop_assert!(run < 7);
        }
    }

    #[test]
    fn masking_twice_changes_nothing(text in "\\PC{0,60}") {
        let once = mask_numbers(&text);
        prop_assert_eq!(mask_numbers(&once), once);
    }
}
