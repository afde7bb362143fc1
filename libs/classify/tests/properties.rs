//! What holds for every set of texts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gongdan_classify::{Bag, Cannot, Classifier, Sample, Settings, evaluate, folds};
use proptest::prelude::*;
use std::sync::Arc;

const WORDS: [[&str; 4]; 3] = [
    ["夜间施工噪音", "楼下广场舞扰民", "工地半夜打桩", "音响声音太大"],
    ["路灯不亮", "井盖破损", "马路坑洼积水", "人行道被占用"],
    ["小区停水", "水管爆裂", "自来水发黄", "水费收错了"],
];

/// Texts of three classes, each of some words of its class and some that all have.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let one = (0_usize..3, 0_usize..4, 0_usize..4, 0_usize..3).prop_map(|(class, first, second, common)| {
        let words = WORDS[class];
        let common = ["请尽快处理", "希望有关部门重视", "谢谢"][common];
        Sample {
            bag: Arc::new(Bag::of(words[first], &format!("{}，{common}", words[second]))),
            label: u32::try_from(class).unwrap(),
            among: None,
        }
    });
    prop::collection::vec(one, 40..80).prop_filter("every class is there", |samples| {
        (0..3).all(|class| samples.iter().any(|s| s.label == class))
    })
}

fn labels() -> Vec<String> {
    ["环境/噪音", "市政/道路", "市政/供水"].map(str::to_owned).to_vec()
}

fn trained(samples: &[Sample]) -> Classifier {
    Classifier::train(labels(), samples, 5.0, &Settings::default(), &mut || true).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The same samples give the same classifier, and bytes keep it.
    #[test]
    fn it_is_the_same_each_time_and_through_bytes(samples in samples()) {
        let classifier = trained(&samples);
        prop_assert_eq!(&classifier, &trained(&samples));
        let bytes = classifier.to_bytes();
        prop_assert_eq!(&Classifier::from_bytes(&bytes).unwrap(), &classifier);
        // Cut anywhere, it is refused.
        for cut in [0, 1, 4, 40, bytes.len() / 2, bytes.len() - 1] {
            prop_assert!(Classifier::from_bytes(&bytes[..cut]).is_err());
        }
    }

    /// Confidence is a distribution over what came into question, in falling order.
    #[test]
    fn confidence_is_a_distribution(samples in samples(), text in "[路灯水噪音a-z ]{0,12}", among in prop::sample::subsequence(vec![0_u32, 1, 2, 9], 0..4)) {
        let classifier = trained(&samples);
        let bag = Bag::of("", &text);
        for asked in [None, Some(among.as_slice())] {
            let ranked = classifier.rank(&bag, asked);
            prop_assert!(ranked.is_sorted_by(|a, b| a.confidence >= b.confidence));
            if let Some(asked) = asked {
                prop_assert!(ranked.iter().all(|ranked| asked.contains(&ranked.class)));
            }
            if !ranked.is_empty() {
                let sum: f32 = ranked.iter().map(|ranked| ranked.confidence).sum();
                prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
            }
        }
    }

    /// Every part has its share of every class, give or take one.
    #[test]
    fn parts_are_stratified(labels in prop::collection::vec(0_u32..4, 1..200), parts in 2_usize..7, seed in any::<u64>()) {
        let of = folds(&labels, parts, seed);
        prop_assert_eq!(&of, &folds(&labels, parts, seed));
        for class in 0..4 {
            let all = labels.iter().filter(|label| **label == class).count();
            for part in 0..parts {
                let here = labels.iter().zip(&of).filter(|(label, of)| **label == class && **of == part).count();
                prop_assert!(here == all / parts || here == all.div_ceil(parts), "{} of {} in a part", here, all);
            }
        }
        let sizes: Vec<usize> = (0..parts).map(|part| of.iter().filter(|of| **of == part).count()).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
    }

    /// Learning a text makes it likelier that the same text is said to be of its class.
    #[test]
    fn what_was_learnt_is_said_again(samples in samples(), class in 0_u32..3) {
        let mut classifier = trained(&samples);
        let bag = Bag::of("", "小区路灯夜间施工停水");
        let sure = |classifier: &Classifier| {
            classifier.rank(&bag, None).iter().find(|ranked| ranked.class == class).map_or(0.0, |ranked| ranked.confidence)
        };
        let before = sure(&classifier);
        for _ in 0..20 {
            classifier.learn(&bag, class, None);
        }
        let after = sure(&classifier);
        prop_assert!(after >= before && after > 0.5, "{} then {}", before, after);
    }
}

#[test]
fn texts_that_say_what_they_are_of_are_told_apart() {
    let samples: Vec<Sample> = (0..60_usize)
        .map(|n| Sample {
            bag: Arc::new(Bag::of(WORDS[n % 3][n % 4], WORDS[n % 3][(n / 3) % 4])),
            label: u32::try_from(n % 3).unwrap(),
            among: None,
        })
        .collect();
    let judged = evaluate(3, &samples, 5, &Settings::default(), &mut || true).unwrap();
    assert!(judged.top1 > 0.95 && judged.top3 == 1.0, "{judged:?}");
    assert_eq!(judged.confusion.values().sum::<u32>(), 60);
    let right: u32 =
        judged.confusion.iter().filter(|((is, said), _)| is == said).map(|(_, count)| count).sum();
    assert_eq!(f64::from(right) / 60.0, judged.top1);
}

/// What is known besides the text decides when texts do not, and it is no harm when it is not known later.
#[test]
fn marks_tell_apart_what_texts_do_not() {
    let samples: Vec<Sample> = (0..80_usize)
        .map(|n| {
            let class = n % 2;
            let mark = ["item 环境", "item 市政"][class];
            let words = if n % 4 < 2 {
                "请处理一下这个问题"
            } else {
                ["噪音扰民", "路灯不亮"][class]
            };
            Sample {
                bag: Arc::new(Bag::of("", words).marked([mark])),
                label: u32::try_from(class).unwrap(),
                among: None,
            }
        })
        .collect();
    let classifier =
        Classifier::train(vec!["a".into(), "b".into()], &samples, 5.0, &Settings::default(), &mut || true)
            .unwrap();
    for (text, marks, class) in [
        ("请处理一下这个问题", vec!["item 环境"], 0),
        ("请处理一下这个问题", vec!["item 市政"], 1),
        ("噪音扰民", vec![], 0),
        ("路灯不亮", vec![], 1),
    ] {
        let ranked = classifier.rank(&Bag::of("", text).marked(marks.iter().copied()), None);
        assert_eq!(ranked[0].class, class, "{text} {marks:?}: {ranked:?}");
    }
}

/// A class is learnt against those it had to be told from, and no others.
#[test]
fn only_what_came_into_question_is_told_apart() {
    let among: Arc<[u32]> = Arc::from([0, 1].as_slice());
    let samples: Vec<Sample> = (0..40_usize)
        .map(|n| Sample {
            bag: Arc::new(Bag::of("", ["噪音扰民", "路灯不亮"][n % 2])),
            label: u32::try_from(n % 2).unwrap(),
            among: Some(among.clone()),
        })
        .chain((0..20).map(|_| Sample {
            bag: Arc::new(Bag::of("", "噪音扰民")),
            label: 2,
            among: Some(Arc::from([2].as_slice())),
        }))
        .collect();
    let classifier = Classifier::train(
        vec!["a".into(), "b".into(), "c".into()],
        &samples,
        5.0,
        &Settings::default(),
        &mut || true,
    )
    .unwrap();
    let bag = Bag::of("", "噪音扰民");
    assert_eq!(classifier.rank(&bag, Some(&[0, 1]))[0].class, 0);
    assert_eq!(classifier.rank(&bag, Some(&[2])), [gongdan_classify::Ranked { class: 2, confidence: 1.0 }]);
    assert!(classifier.rank(&bag, Some(&[])).is_empty());
}

#[test]
fn what_cannot_be_trained_says_why() {
    let sample = |text: &str, label| Sample { bag: Arc::new(Bag::of("", text)), label, among: None };
    let train = |labels: &[&str], samples: &[Sample]| {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Classifier::train(labels, samples, 1.0, &Settings::default(), &mut || true).map(|_| ())
    };
    let good = vec![sample("路灯", 0), sample("路灯", 1), sample("路灯", 0)];
    assert_eq!(train(&["a"], &good[..1]), Err(Cannot::OneClass));
    assert_eq!(train(&["a", "b"], &[]), Err(Cannot::TooFew));
    assert_eq!(train(&["a", "b"], &[sample("路灯", 2)]), Err(Cannot::OutOfRange));
    assert_eq!(train(&["a", "b"], &[sample("甲", 0), sample("乙", 1)]), Err(Cannot::NothingInCommon));
    assert_eq!(train(&["a", "b"], &good), Ok(()));
    assert_eq!(evaluate(2, &good, 5, &Settings::default(), &mut || true), Err(Cannot::TooFew));
    let stopped =
        Classifier::train(vec!["a".into(), "b".into()], &good, 1.0, &Settings::default(), &mut || false);
    assert_eq!(stopped.map(|_| ()), Err(Cannot::Stopped));
    let outside = Sample { among: Some(Arc::from([1].as_slice())), ..good[0].clone() };
    assert_eq!(train(&["a", "b"], &[outside]), Err(Cannot::OutOfRange));
}

/// What fewer than three texts say is in no weight: nothing can be said of it, and nothing read from the bytes.
#[test]
fn what_hardly_anybody_says_leaves_no_trace() {
    let secret = "张三丰住在幸福里";
    let with = |text: String, n: usize| Sample {
        bag: Arc::new(Bag::of("", &text)),
        label: u32::try_from(n % 2).unwrap(),
        among: None,
    };
    let plain = |n: usize| ["噪音扰民", "路灯不亮"][n % 2].to_owned();
    let mut samples: Vec<Sample> = (0..20).map(|n| with(plain(n), n)).collect();
    let without =
        Classifier::train(vec!["a".into(), "b".into()], &samples, 1.0, &Settings::default(), &mut || true);
    samples[3] = with(format!("{}{secret}", plain(3)), 3);
    samples[7] = with(format!("{}{secret}", plain(7)), 7);
    let trained =
        Classifier::train(vec!["a".into(), "b".into()], &samples, 1.0, &Settings::default(), &mut || true);
    let (without, trained) = (without.unwrap(), trained.unwrap());
    assert_eq!(trained.features(), without.features());
    assert!(trained.rank(&Bag::of("", "张三丰幸福里"), None).is_empty());
}
