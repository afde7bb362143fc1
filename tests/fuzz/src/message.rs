//! Messages of a contract, from sound to absurd.

use crate::{pool::Pool, text};
use gongdan_clock::{Clock as _, SystemClock};
use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};
use rand::{Rng, seq::IndexedRandom as _};
use std::collections::HashMap;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Every value is one that could be.
    Sound,
    /// Any value.
    Wild,
}

/// As deep as messages are nested.
const DEPTH: usize = 6;
/// Repeated values at the most.
const MANY: usize = 3_000;

/// A message of this kind.
pub fn message(of: &MessageDescriptor, mood: Mood, pool: &Pool, dice: &mut impl Rng) -> DynamicMessage {
    below(of, mood, pool, dice, DEPTH)
}

/// The same message with some of its fields made anew.
pub fn bend(message: &mut DynamicMessage, pool: &Pool, dice: &mut impl Rng) {
    let fields: Vec<_> = message.descriptor().fields().collect();
    for _ in 0..dice.random_range(1..=2) {
        let Some(field) = fields.choose(dice) else { return };
        // Half the time within what is there already.
        if let (true, Kind::Message(_), false) =
            (dice.random_bool(0.5), field.kind(), field.is_list() || field.is_map())
            && message.has_field(field)
            && let Value::Message(inner) = message.get_field_mut(field)
        {
            bend(inner, pool, dice);
            continue;
        }
        let value = value(field, Mood::Wild, pool, dice, DEPTH);
        message.set_field(field, value);
    }
    refresh(message, pool, dice);
}

/// A `request_id` of its own, most of the time: else it is only a retry. And now and then about something else.
fn refresh(message: &mut DynamicMessage, pool: &Pool, dice: &mut impl Rng) {
    for field in message.descriptor().fields() {
        let of_its_own = field.name() == "request_id" && dice.random_bool(0.8);
        let about =
            ["ticket", "task", "id", "unit_id", "clock", "webhook", "event_id"].contains(&field.name());
        if field.kind() == Kind::String && !field.is_list() && (of_its_own || about && dice.random_bool(0.6))
        {
            message.set_field(&field, Value::String(text::sound(field.name(), pool, dice)));
        }
    }
}

fn below(
    of: &MessageDescriptor,
    mood: Mood,
    pool: &Pool,
    dice: &mut impl Rng,
    depth: usize,
) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    match of.full_name() {
        "google.protobuf.Timestamp" => {
            let (seconds, nanos) = instant(mood, dice);
            message.set_field_by_name("seconds", Value::I64(seconds));
            message.set_field_by_name("nanos", Value::I32(nanos));
            return message;
        }
        "google.protobuf.Duration" => {
            let seconds = [0, 1, -1, 60, 86_400, 315_576_000_000, 315_576_000_001, i64::MAX, i64::MIN];
            let seconds =
                if mood == Mood::Sound { dice.random_range(1..86_400) } else { pick(&seconds, dice) };
            message.set_field_by_name("seconds", Value::I64(seconds));
            return message;
        }
        _ => {}
    }
    let present = if mood == Mood::Sound { 0.75 } else { 0.5 };
    for field in of.fields() {
        if dice.random_bool(present) || field.name() == "request_id" {
            let value = value(&field, mood, pool, dice, depth);
            message.set_field(&field, value);
        }
    }
    message
}

fn value(field: &FieldDescriptor, mood: Mood, pool: &Pool, dice: &mut impl Rng, depth: usize) -> Value {
    // A sound message has one thing wrong now and then; a wild one has things right.
    let mood = if dice.random_bool(0.04) { Mood::Wild } else { mood };
    if field.is_map() {
        return map(field, mood, pool, dice, depth);
    }
    if field.cardinality() == Cardinality::Repeated {
        let count = match (mood, dice.random_range(0..60)) {
            (Mood::Wild, 0) => dice.random_range(100..MANY),
            (_, odd) => odd % 4,
        };
        let some: Vec<_> = (0..count.min(4)).map(|_| one(field, mood, pool, dice, depth)).collect();
        return Value::List(
            some.iter().cycle().take(if some.is_empty() { 0 } else { count }).cloned().collect(),
        );
    }
    one(field, mood, pool, dice, depth)
}

fn map(field: &FieldDescriptor, mood: Mood, pool: &Pool, dice: &mut impl Rng, depth: usize) -> Value {
    let Kind::Message(entry) = field.kind() else { return Value::Map(HashMap::new()) };
    let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
    let entries = (0..dice.random_range(0..4)).map(|_| {
        let key = match one(&key, mood, pool, dice, depth) {
            Value::String(key) => MapKey::String(key),
            Value::I32(key) => MapKey::I32(key),
            Value::I64(key) => MapKey::I64(key),
            Value::U32(key) => MapKey::U32(key),
            Value::U64(key) => MapKey::U64(key),
            _ => MapKey::Bool(true),
        };
        (key, one(&value, mood, pool, dice, depth))
    });
    Value::Map(entries.collect())
}

fn one(field: &FieldDescriptor, mood: Mood, pool: &Pool, dice: &mut impl Rng, depth: usize) -> Value {
    match field.kind() {
        Kind::Bool => Value::Bool(dice.random()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(match mood {
            Mood::Sound => dice.random_range(0..20),
            Mood::Wild => {
                pick(&[0, 1, -1, 2, 100, 1_000, 10_001, 65_536, i32::MAX, i32::MIN, i32::MAX - 1], dice)
            }
        }),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(match mood {
            Mood::Sound => dice.random_range(0..20),
            Mood::Wild => {
                pick(&[0, 1, -1, 2, 1_000, 1 << 31, 1 << 32, 1 << 53, i64::MAX, i64::MIN, i64::MAX - 1], dice)
            }
        }),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(pick(&[0, 1, 2, 10, 1 << 31, u32::MAX], dice)),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(pick(&[0, 1, 2, 10, 1 << 63, u64::MAX], dice)),
        Kind::Float => Value::F32(pick(&[0.0, -0.0, 1.5, f32::NAN, f32::INFINITY, f32::MIN, f32::MAX], dice)),
        Kind::Double => Value::F64(match mood {
            Mood::Sound => dice.random_range(0.0..180.0),
            Mood::Wild => {
                let edges =
                    [0.0, -0.0, 0.5, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324];
                pick(&edges, dice)
            }
        }),
        Kind::String => Value::String(match mood {
            Mood::Sound => text::sound(field.name(), pool, dice),
            Mood::Wild => text::any(field.name(), pool, dice),
        }),
        Kind::Bytes => {
            let length = pick(&[0_usize, 1, 16, 32, 1_000], dice);
            Value::Bytes((0..length).map(|_| dice.random::<u8>()).collect::<Vec<_>>().into())
        }
        Kind::Enum(of) => {
            let numbers: Vec<_> = of.values().map(|value| value.number()).collect();
            Value::EnumNumber(match mood {
                Mood::Wild if dice.random_bool(0.5) => pick(&[-1, 99, 1_000, i32::MAX, i32::MIN], dice),
                _ => pick(&numbers, dice),
            })
        }
        Kind::Message(of) if depth == 0 => Value::Message(DynamicMessage::new(of)),
        Kind::Message(of) => Value::Message(below(&of, mood, pool, dice, depth - 1)),
    }
}

fn instant(mood: Mood, dice: &mut impl Rng) -> (i64, i32) {
    let now = SystemClock.now().as_second();
    if mood == Mood::Sound {
        return (now + dice.random_range(-40 * 86_400..40 * 86_400), 0);
    }
    let seconds = [
        0,
        -1,
        1,
        now,
        i64::MIN,
        i64::MAX,
        -62_135_596_800,
        -62_135_596_801,
        253_402_300_799,
        253_402_300_800,
        253_402_207_200,
        253_402_207_201,
        -377_705_023_201,
        -210_866_803_200,
        9_223_371_331_200,
        4_102_444_800,
        64_092_211_200,
    ];
    (pick(&seconds, dice), pick(&[0, 0, 0, 1, -1, 999_999_999, 1_000_000_000, i32::MAX, i32::MIN], dice))
}

fn pick<T: Copy>(from: &[T], dice: &mut impl Rng) -> T {
    from[dice.random_range(0..from.len())]
}
