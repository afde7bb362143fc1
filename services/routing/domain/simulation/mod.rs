//! A month of a hotline, decided by the domain.
//!
//! Ten units of thirty people have three shifts by rotation, one of the four strategies and a rule. People
//! go on leave, some with a stand-in; tickets come by the hour of the day and are held for some hours. What must hold is
//! looked up anew for each decision, by plain arithmetic over the same facts.

use gongdan_region::RegionCode;
use gongdan_routing_domain::{
    AreaIndex, Condition, Decided, Directory, Explanation, History, PersonEntry, Question, Refusals,
    RuleAction, RuleInForce, RuleTarget, Target, TicketFacts, Unit, UnitKind, decide_staffed,
    duty::{DEFAULT_ZONE, DutyBook, Leave, Roster, Shift},
    strategy::{Otherwise, Staff, Strategy, StrategyTarget},
};
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, date, time},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap},
    fmt,
};
use uuid::Uuid;

const FIRST: Date = date(2026, 11, 1);
const DAYS: i64 = 30;
const UNITS: usize = 10;
const STRATEGIES: [Strategy; 4] =
    [Strategy::RoundRobin, Strategy::LeastLoaded, Strategy::SkillWeighted, Strategy::LastHandler];
const SHIFTS: [(i64, i64); 3] = [(0, 8), (8, 16), (16, 24)];
const SKILLS: [&str; 3] = ["路面", "照明", "排水"];

/// How large.
#[derive(Debug, Clone)]
pub struct Settings {
    pub seed: u64,
    pub tickets: usize,
    pub staff: usize,
    /// Tickets per person at a time.
    pub capacity: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, tickets: 100_000, staff: 300, capacity: 12 }
    }
}

/// How even the load of a unit was.
#[derive(Debug, Clone)]
pub struct Spread {
    pub unit: String,
    pub strategy: Strategy,
    pub people: usize,
    pub tickets: u32,
    /// Of tickets a person, among the mates of a crew, who are on duty at the same times; the mean of the crews. 0:
    /// everybody the same, 1: one has all.
    pub gini: f64,
    /// The most that a person had over the mean of their crew; of the worst crew.
    pub max_over_mean: f64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Month {
    pub tickets: usize,
    pub dispatched: usize,
    pub pooled: usize,
    pub over_capacity: usize,
    pub off_duty: usize,
    pub unexplained: usize,
    pub explanation_bytes: usize,
    pub units: Vec<Spread>,
}

/// A small generator, so that the same seed gives the same month everywhere (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// Everything that is fixed before the first ticket.
struct World {
    directory: Directory,
    /// Of each unit its people, in three crews.
    crews: Vec<[Vec<String>; 3]>,
    leaves: Vec<Leave>,
    skills: HashMap<String, Vec<String>>,
    targets: Vec<StrategyTarget>,
    region: RegionCode,
}

fn instant(day: Date, hour: i64) -> Timestamp {
    // Shanghai has no summer time: eight hours before midnight there.
    let midnight = day.to_datetime(time(0, 0, 0, 0)).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    midnight + SignedDuration::from_hours(hour - 8)
}

/// The crew that has a shift on a day: they rotate.
fn crew(day: i64, shift: usize) -> usize {
    (usize::try_from(day / 5).unwrap() + shift) % 3
}

impl World {
    fn new(settings: &Settings, random: &mut Random) -> Self {
        let region = RegionCode::parse("440106").unwrap();
        let (mut units, mut people, mut skills) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut crews: Vec<[Vec<String>; 3]> = vec![Default::default(); UNITS];
        for n in 0..UNITS {
            let (id, name, kind) = (format!("unit-{n:02}"), format!("单位 {n}"), UnitKind::Unit);
            let unit = Unit {
                id: id.clone(),
                name,
                kind,
                parent_id: None,
                region,
                valid_from: None,
                valid_to: None,
            };
            units.insert(id, unit);
        }
        for n in 0..settings.staff {
            let (unit, id) = (n % UNITS, format!("p{n:03}"));
            let has: Vec<String> = SKILLS
                .iter()
                .enumerate()
                .filter(|(s, _)| !(n / UNITS + s).is_multiple_of(3))
                .map(|(_, skill)| (*skill).to_owned())
                .collect();
            skills.insert(id.clone(), has.clone());
            let unit_ids = vec![format!("unit-{unit:02}")];
            people.insert(id.clone(), PersonEntry { active: true, unit_ids, handles: true, skills: has });
            crews[unit][n / UNITS % 3].push(id);
        }
        let leaves = leaves(settings, &crews, random);
        let rosters = crews.iter().enumerate().map(|(unit, crews)| roster(settings, unit, crews)).collect();
        let rules = (0..UNITS).map(rule).collect();
        let directory = Directory::new(units, people, AreaIndex::new(Vec::new()), rules)
            .with_duty(DutyBook::new(rosters, leaves.clone(), Vec::new()));
        Self { directory, crews, leaves, skills, targets: (0..UNITS).map(target).collect(), region }
    }

    /// Whether a person is on duty, by the crews and the leaves.
    fn on_duty(&self, unit: usize, person: &str, at: Timestamp) -> bool {
        let hours = at.duration_since(instant(FIRST, 0)).as_hours();
        let (day, hour) = (hours / 24, hours % 24);
        let shift = SHIFTS.iter().position(|(start, end)| *start <= hour && hour < *end).unwrap();
        let has = &self.crews[unit][crew(day, shift)];
        let away =
            |person: &str| self.leaves.iter().find(|l| l.person_id == person && l.from <= at && at < l.until);
        let stands_in =
            || has.iter().any(|o| away(o).is_some_and(|l| l.stand_in_id.as_deref() == Some(person)));
        away(person).is_none() && (has.iter().any(|p| p == person) || stands_in())
    }
}

fn leaves(settings: &Settings, crews: &[[Vec<String>; 3]], random: &mut Random) -> Vec<Leave> {
    let mut leaves = Vec::new();
    for n in 0..settings.staff / 5 {
        let unit = n % UNITS;
        let of = &crews[unit][random.below(3)];
        let person = of[random.below(of.len())].clone();
        let other = &crews[unit][random.below(3)];
        let stand_in = Some(other[random.below(other.len())].clone());
        let from = instant(FIRST, 0) + SignedDuration::from_hours(i64::try_from(random.below(600)).unwrap());
        let until = from + SignedDuration::from_hours(8 + i64::try_from(random.below(112)).unwrap());
        let meets = |l: &Leave| l.person_id == person && l.from < until && from < l.until;
        if leaves.iter().any(meets) {
            continue;
        }
        let stand_in_id = stand_in.filter(|id| *id != person && n % 3 != 0);
        let id = Uuid::from_u128(u128::try_from(n).unwrap());
        leaves.push(Leave { id, person_id: person, from, until, stand_in_id, reason: String::new() });
    }
    leaves
}

/// Three shifts; on which days a crew has which is written as single days.
fn roster(settings: &Settings, unit: usize, crews: &[Vec<String>; 3]) -> Roster {
    let mut shifts = Vec::new();
    for (s, (start, end)) in SHIFTS.into_iter().enumerate() {
        for (c, people) in crews.iter().enumerate() {
            let days = (0..DAYS).filter(|day| crew(*day, s) == c);
            let hour = |hour: i64| time(i8::try_from(hour % 24).unwrap(), 0, 0, 0);
            shifts.push(Shift {
                name: format!("{s}-{c}"),
                person_ids: people.clone(),
                weekdays: Vec::new(),
                dates: days.map(|day| FIRST.checked_add(day.days()).unwrap()).collect(),
                except: BTreeSet::new(),
                first_day: None,
                last_day: None,
                start: hour(start),
                end: hour(end),
            });
        }
    }
    Roster {
        id: format!("roster-{unit:02}"),
        name: "值班表".into(),
        unit_id: format!("unit-{unit:02}"),
        time_zone: DEFAULT_ZONE.into(),
        capacity: settings.capacity,
        capacities: BTreeMap::new(),
        shifts,
    }
}

fn target(unit: usize) -> StrategyTarget {
    let strategy = STRATEGIES[unit % 4];
    let skills = match strategy {
        Strategy::SkillWeighted => vec![SKILLS[0].to_owned(), SKILLS[1].to_owned()],
        Strategy::LeastLoaded if unit % 8 == 1 => vec![SKILLS[2].to_owned()],
        _ => Vec::new(),
    };
    StrategyTarget {
        unit_id: format!("unit-{unit:02}"),
        strategy,
        skills,
        capacity: 0,
        otherwise: Otherwise::Pool,
        claim_limit: 0,
    }
}

fn rule(unit: usize) -> RuleInForce {
    let target = target(unit);
    RuleInForce {
        revision: i64::try_from(unit).unwrap() + 1,
        id: format!("rule-{unit:02}"),
        name: format!("规则 {unit}"),
        condition: Condition::compile_kept(&format!("ticket.item == 'item-{unit:02}'")).unwrap(),
        action: RuleAction { target: Some(RuleTarget::Strategy(target)), ..RuleAction::default() },
    }
}

fn facts(world: &World, unit: usize, at: Timestamp) -> TicketFacts {
    TicketFacts {
        ticket_type: "complaint",
        type_key: "complaint".into(),
        item: format!("item-{unit:02}"),
        region: world.region,
        grid: None,
        priority: 3,
        channel: "phone",
        urgency: "medium",
        impact: "low",
        subject: String::new(),
        body: String::new(),
        round: 1,
        return_count: 0,
        repeat_count: 0,
        returned_by: Vec::new(),
        arbitration: false,
        tier: 1,
        sensitive: false,
        received_at: at,
        customer_known: true,
        customer_tier: "standard".into(),
    }
}

impl Month {
    /// Lives through it.
    pub fn run(settings: &Settings) -> Self {
        let mut random = Random(settings.seed);
        let world = World::new(settings, &mut random);
        let mut month = Self { tickets: settings.tickets, ..Self::default() };
        let mut staff = Staff::idle(settings.capacity);
        let mut held: HashMap<String, u32> = HashMap::new();
        let mut ends: BinaryHeap<Reverse<(Timestamp, String)>> = BinaryHeap::new();
        let mut handled: BTreeMap<String, u32> = BTreeMap::new();
        let mut last: HashMap<(usize, usize), String> = HashMap::new();
        for (at, tickets) in arrivals(settings, &mut random) {
            while ends.peek().is_some_and(|Reverse((end, _))| *end <= at) {
                let Some(Reverse((_, person))) = ends.pop() else { break };
                *held.get_mut(&person).unwrap() -= 1;
                staff.put_down(&person);
            }
            let asked: Vec<(usize, usize)> =
                (0..tickets).map(|_| (random.below(UNITS), random.below(2_000))).collect();
            let questions: Vec<Question> = asked
                .iter()
                .map(|(unit, customer)| {
                    let last_handler = last.get(&(*customer, *unit)).cloned();
                    let history = History { last_handler, lot: random.next(), ..History::default() };
                    Question { ticket: facts(&world, *unit, at), refusals: Refusals::default(), history }
                })
                .collect();
            let decided = decide_staffed(&world.directory, &questions, at, &mut staff);
            for ((unit, customer), decided) in asked.into_iter().zip(decided) {
                let decided = decided.unwrap();
                month.look(&world, settings, unit, at, &decided, &held);
                if let Target::Dispatch { person_id: Some(person), .. } = &decided.target {
                    staff.confirm(person);
                    *held.entry(person.clone()).or_default() += 1;
                    *handled.entry(person.clone()).or_default() += 1;
                    last.insert((customer, unit), person.clone());
                    let minutes = 20 + random.below(320);
                    let end = at + SignedDuration::from_mins(i64::try_from(minutes).unwrap());
                    ends.push(Reverse((end, person.clone())));
                }
            }
        }
        month.units = (0..UNITS).map(|unit| world.spread(unit, &handled)).collect();
        month
    }

    /// Whether a decision keeps what must hold.
    fn look(
        &mut self,
        world: &World,
        settings: &Settings,
        unit: usize,
        at: Timestamp,
        decided: &Decided,
        held: &HashMap<String, u32>,
    ) {
        let stored = serde_json::to_string(&decided.explanation).unwrap();
        self.explanation_bytes += stored.len();
        let read: Explanation = serde_json::from_str(&stored).unwrap();
        let crew: usize = world.crews[unit].iter().map(Vec::len).sum();
        let considered = read.staff.first().map_or(0, |trial| trial.people().len());
        let explained = read == decided.explanation && considered == crew && !decided.summary.is_empty();
        self.unexplained += usize::from(!explained);
        match &decided.target {
            Target::Dispatch { person_id: Some(person), .. } => {
                self.dispatched += 1;
                let load = held.get(person).copied().unwrap_or(0);
                self.over_capacity += usize::from(load + 1 > settings.capacity);
                self.off_duty += usize::from(!world.on_duty(unit, person, at));
            }
            _ => {
                self.pooled += 1;
                // Who could have taken it? Nobody, else it is not explained.
                let able = world.crews[unit].iter().flatten().any(|person| {
                    let wanted = &world.targets[unit];
                    let has = |skill: &String| world.skills[person].contains(skill);
                    let fits = match wanted.strategy {
                        Strategy::SkillWeighted => wanted.skills.iter().any(has),
                        _ => wanted.skills.iter().all(has),
                    };
                    fits && world.on_duty(unit, person, at)
                        && held.get(person).copied().unwrap_or(0) < settings.capacity
                });
                self.unexplained += usize::from(able);
            }
        }
    }
}

/// When tickets come, in order, and how many: by day six times as many as by night. Those of one minute are decided
/// together, as a consumer takes them.
fn arrivals(settings: &Settings, random: &mut Random) -> BTreeMap<Timestamp, usize> {
    let minutes = usize::try_from(DAYS).unwrap() * 24 * 60;
    let (mut arrivals, mut left) = (BTreeMap::new(), settings.tickets);
    while left > 0 {
        let minute = random.below(minutes);
        let hour = minute / 60 % 24;
        if (8..20).contains(&hour) || random.below(6) == 0 {
            let at = instant(FIRST, 0) + SignedDuration::from_mins(i64::try_from(minute).unwrap());
            *arrivals.entry(at).or_default() += 1;
            left -= 1;
        }
    }
    arrivals
}

impl World {
    /// How even a unit's load was. Shifts differ by the hour of the day, so people are compared by what a crew mate has.
    fn spread(&self, unit: usize, handled: &BTreeMap<String, u32>) -> Spread {
        let count = |person: &String| handled.get(person).copied().unwrap_or(0);
        let (mut gini_sum, mut worst, mut people, mut tickets) = (0.0, 0.0_f64, 0, 0);
        for crew in &self.crews[unit] {
            let mut counts: Vec<f64> = crew.iter().map(|person| f64::from(count(person))).collect();
            counts.sort_by(f64::total_cmp);
            let (gini, max_over_mean) = spread(&counts);
            gini_sum += gini / 3.0;
            worst = worst.max(max_over_mean);
            people += crew.len();
            tickets += crew.iter().map(count).sum::<u32>();
        }
        Spread {
            unit: format!("unit-{unit:02}"),
            strategy: STRATEGIES[unit % 4],
            people,
            tickets,
            gini: gini_sum,
            max_over_mean: worst,
        }
    }
}

/// Gini coefficient and largest over mean, of numbers in rising order.
fn spread(sorted: &[f64]) -> (f64, f64) {
    let (mut sum, mut weighted, mut rank) = (0.0, 0.0, 0.0);
    for number in sorted {
        rank += 1.0;
        sum += number;
        weighted += rank * number;
    }
    if sum == 0.0 {
        return (0.0, 0.0);
    }
    let gini = 2.0 * weighted / (rank * sum) - (rank + 1.0) / rank;
    (gini, sorted.last().copied().unwrap_or(0.0) * rank / sum)
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} tickets: {} to people, {} to pools; over capacity {}, off duty {}, unexplained {}; {} bytes of explanation each",
            self.tickets,
            self.dispatched,
            self.pooled,
            self.over_capacity,
            self.off_duty,
            self.unexplained,
            self.explanation_bytes / self.tickets.max(1),
        )?;
        for unit in &self.units {
            writeln!(
                f,
                "{} {}: {} people, {} tickets, Gini {:.3}, max/mean {:.2}",
                unit.unit,
                unit.strategy.words(),
                unit.people,
                unit.tickets,
                unit.gini,
                unit.max_over_mean
            )?;
        }
        Ok(())
    }
}
