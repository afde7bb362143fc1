//! Values that occur nowhere else, and where each may be. What is not listed here has no place anywhere.

use gongdan_e2e::search::Value;

/// A citizen, as given at intake.
pub(super) struct Citizen {
    /// The national number's digits.
    pub phone: &'static str,
    pub name: &'static str,
    pub identity: &'static str,
    pub address: &'static str,
}

/// Asks by gRPC and calls again.
pub(super) const REPORTER: Citizen = Citizen {
    phone: "19973150846",
    name: "欧阳璎翀",
    identity: "440106198312077531",
    address: "鸰原路七十三号翡岚苑",
};
/// Asks by the client and is confidential.
pub(super) const CONFIDENTIAL: Citizen =
    Citizen {
        phone: "19973150857", name: "司徒霁珩", identity: "440106197908266618", address: "鹭洲巷八号"
    };
/// Is erased.
pub(super) const ERASED: Citizen =
    Citizen {
        phone: "19973150868", name: "诸葛琬琰", identity: "440106196605044213", address: "鹓鶵里二弄"
    };
/// Is only in requests that are refused.
pub(super) const REFUSED: Citizen =
    Citizen {
        phone: "19973150879", name: "百里霏瑄", identity: "440106197501190034", address: "鸊鷉渡口"
    };
/// Too long for a phone number, in requests that are refused.
pub(super) const NO_PHONE: &str = "19973150880123";
/// A source's own key for a citizen.
pub(super) const SOURCE_KEY: &str = "CITIZEN-19973150891";
/// In a row that the database refuses.
pub(super) const IN_A_BAD_ROW: &str = "19973150902";
/// In the payload of a message that is no event of its type.
pub(super) const UNREADABLE: &str = "19973150913";
/// In fields of an event where they are wrong.
pub(super) const INAPPLICABLE: &str = "19973150924";
/// In the headers of a message that is no event.
pub(super) const NO_EVENT: &str = "19973150935";

/// What people write into a field: a word, and numbers and an address that are to be masked.
pub(super) struct Written {
    what: &'static str,
    number: u32,
    /// The column that keeps it as it was written. Source: docs/SECURITY.md, "Where it is".
    raw: Option<&'static str>,
    /// Where its words may be, masked; and must.
    homes: &'static [&'static str],
}

macro_rules! written {
    ($($name:ident = $number:literal, $what:literal, $raw:expr, $homes:expr;)+) => {
        $(pub(super) const $name: Written =
            Written { what: $what, number: $number, raw: $raw, homes: &$homes };)+
        const ALL: &[Written] = &[$($name),+];
    };
}

/// Subject and body travel in `submitted`, and in no other event. Source: DESIGN rule 15.
const SUBMITTED: [&str; 2] =
    ["row tickets public.events(submitted).payload", "stream GONGDAN_TICKETS gongdan.tickets.v1.submitted"];

written! {
    SUBJECT = 1, "the subject", Some("row tickets public.tickets.subject"), SUBMITTED;
    BODY = 2, "the body", Some("row tickets public.tickets.body"), SUBMITTED;
    DRAFT_SUBJECT = 3, "a draft's subject", Some("row tickets public.tickets.subject"), SUBMITTED;
    DRAFT_BODY = 4, "a draft's body", Some("row tickets public.tickets.body"), SUBMITTED;
    PAST_SUBJECT = 5, "a past subject", Some("row tickets public.tickets.subject"), SUBMITTED;
    PAST_BODY = 6, "a past body", Some("row tickets public.tickets.body"), SUBMITTED;
    PAST_REPLY = 7, "a past reply", Some("row tickets public.resolutions.reply"), [];
    SOLUTION = 8, "the solution", Some("row tickets public.resolutions.solution"), [];
    CAUSE = 9, "the cause", Some("row tickets public.resolutions.root_cause"), [];
    REPLY = 10, "the reply", Some("row tickets public.resolutions.reply"), [];
    PRIORITY = 11, "why the priority was overridden", None,
        ["row tickets public.tickets.state", "row tickets public.events(*).payload", "stream GONGDAN_TICKETS *"];
    CANCEL = 12, "why it was cancelled", None,
        ["row tickets public.tickets.state", "row tickets public.events(cancelled).payload",
         "stream GONGDAN_TICKETS gongdan.tickets.v1.cancelled"];
    DISPATCH = 13, "a dispatcher's note", None,
        ["row tickets public.events(dispatched).payload", "stream GONGDAN_TICKETS gongdan.tickets.v1.dispatched"];
    RETURN = 14, "why it was returned", None,
        ["row tickets public.events(returned).payload", "stream GONGDAN_TICKETS gongdan.tickets.v1.returned"];
    TRANSFER = 15, "why it was transferred", None,
        ["row tickets public.events(transferred).payload", "stream GONGDAN_TICKETS gongdan.tickets.v1.transferred"];
    URGE = 16, "an urge", None,
        ["row tickets public.events(urged).payload", "stream GONGDAN_TICKETS gongdan.tickets.v1.urged"];
    REOPEN = 17, "why it was reopened", None,
        ["row tickets public.events(reopened).payload", "stream GONGDAN_TICKETS gongdan.tickets.v1.reopened"];
    CALL = 18, "a callback's note", None, ["row callback public.attempts.note"];
    SKIP = 19, "why a callback was skipped", None,
        ["row callback public.tasks.reason", "row callback public.events(skipped).payload",
         "stream GONGDAN_CALLBACK gongdan.callback.v1.skipped"];
    HOLD = 20, "why a hold was placed", None, ["row tickets public.legal_holds.reason"];
    RELEASE = 21, "why a hold was released", None, ["row tickets public.legal_holds.release_reason"];
    ERASURE = 22, "why it was erased", None, ["row tickets public.erasures.reason"];
    DISCARD = 23, "why a dead letter was discarded", None, ["row sla public.inbox_dead(*).discard_reason"];
    PURPOSE = 24, "what a contact was read for", None, ["row tickets public.contact_reads.purpose"];
}

/// What is erased, as it was written.
pub(super) const ERASED_TEXT: Written = Written { what: "an erased text", number: 25, raw: None, homes: &[] };
/// What is written into requests that are refused.
pub(super) const REFUSED_TEXT: Written =
    Written { what: "a refused text", number: 26, raw: None, homes: &[] };

impl Written {
    fn word(&self) -> String {
        format!("鹡鸰{:02}", self.number)
    }

    fn phone(&self) -> String {
        format!("199731501{:02}", self.number)
    }

    fn identity(&self) -> String {
        format!("4401061985041731{:02}", self.number)
    }

    fn mail(&self) -> String {
        format!("yuan.lu{:02}@jiling.example", self.number)
    }

    fn passport(&self) -> String {
        format!("E731502{:02}", self.number)
    }

    /// A bank card's number with its check digit. Source: ISO/IEC 7812-1.
    fn card(&self) -> String {
        let digits = format!("6222027315090{:02}", self.number);
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, digit)| (u32::from(digit - b'0'), at % 2 == 0))
            .map(|(digit, doubled)| if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit })
            .sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    }

    /// The text as it is typed: one line.
    pub(super) fn text(&self) -> String {
        let (phone, card) = (self.phone(), self.card());
        let spelled = format!("+86 {}-{}-{}", &phone[..3], &phone[3..7], &phone[7..]);
        let dotted = format!("{}.{}.{}", &phone[..3], &phone[3..7], &phone[7..]);
        let wide: String = phone.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
        let grouped = format!("{} {} {} {}", &card[..4], &card[4..8], &card[8..12], &card[12..]);
        let [word, identity, mail, passport] = [self.word(), self.identity(), self.mail(), self.passport()];
        format!("{word}，{spelled}或{wide}，{dotted}，证{identity}，{mail}，护照{passport}，卡{grouped}")
    }

    fn values(&self) -> Vec<Value> {
        let kinds = [
            ("phone", self.phone()),
            ("identity number", self.identity()),
            ("e-mail address", self.mail()),
            ("passport number", self.passport()),
            ("card number", self.card()),
        ];
        let masked = kinds.into_iter().map(|(kind, text)| {
            let value = Value::nowhere(format!("{kind} in {}", self.what), text);
            self.raw.into_iter().fold(value, Value::at)
        });
        let word = Value::nowhere(self.what, self.word()).or(&["answer *"]);
        let homes = self.raw.iter().chain(self.homes).copied();
        masked.chain([homes.fold(word, Value::at)]).collect()
    }
}

/// Everything that is looked for.
pub(super) fn values() -> Vec<Value> {
    let citizens = [
        ("the reporter's", REPORTER),
        ("the confidential reporter's", CONFIDENTIAL),
        ("the erased reporter's", ERASED),
        ("the refused", REFUSED),
    ];
    let contacts = citizens.into_iter().flat_map(|(whose, citizen)| {
        let Citizen { phone, name, identity, address } = citizen;
        [("phone", phone), ("name", name), ("identity number", identity), ("address", address)]
            .map(|(kind, text)| Value::nowhere(format!("{whose} {kind}"), text))
    });
    // The bad messages themselves are ours: they lie in the streams, and where consumers keep what they cannot apply.
    let kept = ["stream *", "row * public.inbox_dead(*).event"];
    let messages = [UNREADABLE, INAPPLICABLE, NO_EVENT].map(|text| {
        Value::nowhere("a number in a bad message", text)
            .at("stream GONGDAN_TICKETS *")
            .at("stream GONGDAN_DEAD *")
            .or(&kept)
    });
    let rest = [
        Value::nowhere("a number that is no phone's", NO_PHONE),
        Value::nowhere("a source's key", SOURCE_KEY),
        Value::nowhere("a number in a row that is refused", IN_A_BAD_ROW),
    ];
    let written = ALL.iter().chain([&REFUSED_TEXT]).flat_map(Written::values);
    // Erased rows lie in the files of the tables until vacuum, and in the write-ahead log: docs/SECURITY.md, "Erasing".
    let dead = ["file *postgres/data/base/*", "file *postgres/data/pg_wal/*"];
    let written = written.chain(ERASED_TEXT.values().into_iter().map(|value| value.or(&dead)));
    contacts.chain(messages).chain(rest).chain(written).collect()
}
