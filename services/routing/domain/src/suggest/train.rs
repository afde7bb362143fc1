//! From lessons to a suggester, judged by what was held out.

use super::{Lesson, Suggester, lesson::with_item};
use gongdan_classify::{Bag, Cannot, Classifier, Evaluation, Sample, Settings, evaluate_asked};
use gongdan_region::RegionCode;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// What fewer tickets are of is left to people.
const TICKETS_AT_LEAST: usize = 5;
/// The commonest so many items, and units.
const CLASSES_AT_MOST: usize = 1_000;
/// Parts that are held out in turn.
const FOLDS: usize = 5;

/// Tickets to learn from.
pub type Lessons = Vec<Lesson>;

/// Which part of the training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingPart {
    /// Telling items apart.
    Items,
    /// Telling units apart.
    Units,
}

/// How good suggestions are, by tickets that were held out.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Tickets that were learnt from.
    pub tickets: usize,
    /// Tickets that say nothing here: of no item or unit, of one that is too rare, of one that no longer comes into
    /// question, or the only one that does.
    pub left_out: usize,
    /// Different items, or units.
    pub classes: usize,
    /// Parts that were held out in turn.
    pub folds: usize,
    /// The share whose first suggestion was right.
    pub top1: f64,
    /// The share with the right one among the first three.
    pub top3: f64,
    /// The mean distance between how sure first suggestions were and how often they were right.
    pub calibration_error: f64,
    /// What was suggested first for what it was: (was, suggested, how many).
    pub confusion: Vec<(String, String, u32)>,
}

/// How good both are.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Of items.
    pub items: Quality,
    /// Of units; none when too few tickets say something about them.
    pub units: Option<Quality>,
}

/// Why there is nothing to learn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooLittle {
    /// Not two items of five tickets each.
    #[error(
        "{tickets} resolved tickets, {classes} items with at least {TICKETS_AT_LEAST} of them: two such items are needed"
    )]
    Items {
        /// Tickets.
        tickets: usize,
        /// Items with enough of them.
        classes: usize,
    },
    /// The texts of the tickets have nothing in common.
    #[error("the texts have nothing in common")]
    Texts,
    /// The caller stopped it.
    #[error("stopped")]
    Stopped,
}

impl From<Cannot> for TooLittle {
    fn from(cannot: Cannot) -> Self {
        match cannot {
            Cannot::Stopped => Self::Stopped,
            _ => Self::Texts,
        }
    }
}

/// Learns from all lessons, and says how good it is at those it was not told. `covering` are the units that come into
/// question for a region; `go_on` is told the part and the share of it that is done, and stops it by `false`.
///
/// # Errors
/// [`TooLittle`].
pub fn train_suggester(
    lessons: Lessons,
    covering: &dyn Fn(RegionCode) -> Vec<String>,
    settings: &Settings,
    go_on: &mut dyn FnMut(TrainingPart, f64) -> bool,
) -> Result<(Suggester, Judged), TooLittle> {
    let all = lessons.len();
    let lessons: Vec<(Arc<Bag>, Known)> = lessons.into_iter().map(Known::of).collect();
    let items: Vec<Asked> = lessons.iter().filter_map(|(bag, known)| Asked::item(bag, known)).collect();
    let items = Problem::of(items);
    if items.labels.len() < 2 {
        return Err(TooLittle::Items { tickets: all, classes: items.labels.len() });
    }
    let (item_model, item_quality) =
        items.solve(all, settings, &mut |share| go_on(TrainingPart::Items, share))?;

    let mut known: HashMap<RegionCode, Arc<HashSet<String>>> = HashMap::new();
    let units: Vec<Asked> = lessons
        .iter()
        .filter_map(|(bag, lesson)| {
            let covering = known
                .entry(lesson.region)
                .or_insert_with(|| Arc::new(covering(lesson.region).into_iter().collect()));
            Asked::unit(bag, lesson, covering)
        })
        .collect();
    drop(lessons);
    let units = Problem::of(units);
    let units = if units.labels.len() < 2 {
        None
    } else {
        match units.solve(all, settings, &mut |share| go_on(TrainingPart::Units, share)) {
            Ok(solved) => Some(solved),
            Err(TooLittle::Stopped) => return Err(TooLittle::Stopped),
            Err(_) => None,
        }
    };
    let (units, unit_quality) = units.unzip();
    Ok((Suggester { items: item_model, units }, Judged { items: item_quality, units: unit_quality }))
}

struct Known {
    item: String,
    unit_id: String,
    region: RegionCode,
}

impl Known {
    fn of(lesson: Lesson) -> (Arc<Bag>, Self) {
        let item = lesson.known_item().unwrap_or_default().to_owned();
        (Arc::new(lesson.bag), Self { item, unit_id: lesson.unit_id, region: lesson.region })
    }
}

/// A question with its answer.
struct Asked {
    /// What is known when somebody asks.
    asked: Arc<Bag>,
    /// What is learnt from it.
    bag: Arc<Bag>,
    answer: String,
    /// None: everything comes into question.
    among: Option<Arc<HashSet<String>>>,
}

impl Asked {
    fn item(bag: &Arc<Bag>, known: &Known) -> Option<Self> {
        let answer = Some(&known.item).filter(|item| !item.is_empty())?.clone();
        Some(Self { asked: bag.clone(), bag: bag.clone(), answer, among: None })
    }

    /// It is asked before anybody knows the item, which is learnt from.
    fn unit(plain: &Arc<Bag>, known: &Known, covering: &Arc<HashSet<String>>) -> Option<Self> {
        let answer = Some(&known.unit_id).filter(|unit| covering.contains(*unit))?.clone();
        let item = Some(known.item.as_str()).filter(|item| !item.is_empty());
        let bag = match item {
            None => plain.clone(),
            item => Arc::new(with_item((**plain).clone(), item)),
        };
        Some(Self { asked: plain.clone(), bag, answer, among: Some(covering.clone()) })
    }
}

/// Questions whose answers are common enough.
struct Problem {
    labels: Vec<String>,
    samples: Vec<Sample>,
    /// What is known of each when it is asked.
    asked: Vec<Arc<Bag>>,
}

impl Problem {
    fn of(mut asked: Vec<Asked>) -> Self {
        // Each question that is taken out may make an answer too rare, or leave another with nothing to choose from.
        let labels = loop {
            let labels = common(&asked);
            let before = asked.len();
            asked.retain(|asked| {
                labels.contains(&asked.answer)
                    && asked.among.as_ref().is_none_or(|among| {
                        among.iter().filter(|other| labels.contains(*other)).nth(1).is_some()
                    })
            });
            if asked.len() == before {
                break labels;
            }
        };
        let mut labels: Vec<String> = labels.into_iter().collect();
        labels.sort();
        let class: HashMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
        let mut classes: HashMap<*const HashSet<String>, Arc<[u32]>> = HashMap::new();
        let samples = asked
            .iter()
            .map(|asked| Sample {
                bag: asked.bag.clone(),
                label: class[asked.answer.as_str()],
                among: asked.among.as_ref().map(|among| {
                    let of = || {
                        let mut of: Vec<u32> =
                            among.iter().filter_map(|unit| class.get(unit.as_str()).copied()).collect();
                        of.sort_unstable();
                        of.into()
                    };
                    classes.entry(Arc::as_ptr(among)).or_insert_with(of).clone()
                }),
            })
            .collect();
        let asked = asked.into_iter().map(|asked| asked.asked).collect();
        Self { labels, samples, asked }
    }

    fn solve(
        self,
        all: usize,
        settings: &Settings,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<(Classifier, Quality), TooLittle> {
        let rounds = settings.rounds * (FOLDS + 1);
        let mut done = 0;
        let mut round = || {
            done += 1;
            go_on(f64::from(u32::try_from(done).unwrap_or(u32::MAX)) / rounds.max(1) as f64)
        };
        let (classes, asked) = (self.labels.len(), |sample: usize| &*self.asked[sample]);
        let judged = evaluate_asked(classes, &self.samples, asked, FOLDS, settings, &mut round)?;
        let model =
            Classifier::train(self.labels.clone(), &self.samples, judged.sharpness, settings, &mut round)?;
        Ok((model, quality(&judged, &self.labels, all)))
    }
}

/// Answers with enough questions.
fn common(asked: &[Asked]) -> HashSet<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for asked in asked {
        *counts.entry(&asked.answer).or_default() += 1;
    }
    let mut common: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= TICKETS_AT_LEAST).collect();
    common.sort_by_key(|(label, count)| (std::cmp::Reverse(*count), *label));
    common.truncate(CLASSES_AT_MOST);
    common.into_iter().map(|(label, _)| label.to_owned()).collect()
}

fn quality(judged: &Evaluation, labels: &[String], all: usize) -> Quality {
    let name = |class: u32| labels.get(class as usize).cloned().unwrap_or_default();
    Quality {
        tickets: judged.samples,
        left_out: all.saturating_sub(judged.samples),
        classes: judged.classes,
        folds: judged.folds,
        top1: judged.top1,
        top3: judged.top3,
        calibration_error: judged.calibration_error,
        confusion: judged
            .confusion
            .iter()
            .map(|((was, said), count)| (name(*was), name(*said), *count))
            .collect(),
    }
}
