//! An organisation that is imported, changes at a date and leaves the past where it was. Source: R1, DESIGN rule 8.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{eventually::eventually, suite::Suite};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::fmt::Write as _;

/// People of the county beside those who matter: more than a part of an import holds.
const STAFF: usize = 2_050;

const UNITS: &str = "id,name,kind,parent_id,region
gd,广东省热线中心,centre,,44
gz,广州市办公室,desk,gd,4401
fs,佛山市办公室,desk,gd,4406
county,县政务中心,unit,gz,440106
";
const AREAS: &str = "region,unit_id\n440106,county\n440604,county\n";

async fn write(suite: &Suite, name: &str, text: &str) -> String {
    let file = suite.data_dir().join(name);
    tokio::fs::write(&file, text).await.expect("the file is written");
    file.display().to_string()
}

async fn organisation(suite: &Suite) {
    let mut people = "id,name,roles,unit_ids,regions\n\
        li.wei,李伟,handler,county,440106;440604\n\
        gz.head,广州督办,supervisor,gz,4401\n\
        fs.head,佛山督办,supervisor,fs,4406\n"
        .to_owned();
    for n in 0..STAFF {
        writeln!(people, "staff.{n},人员{n},handler,county,").expect("a string takes it");
    }
    let files = [
        write(suite, "units.csv", UNITS).await,
        write(suite, "people.csv", &people).await,
        write(suite, "areas.csv", AREAS).await,
    ];
    let import = [&["org", "import"][..], &files.each_ref().map(String::as_str), &["-o", "json"]].concat();
    let made = suite.cli_json(&import).await;
    assert_eq!((&made["units_created"], &made["areas_begun"]), (&4.into(), &2.into()), "{made}");
    assert_eq!(made["principals_created"], STAFF + 3);
    for who in ["li.wei", "gz.head", "fs.head"] {
        gongdan_e2e::organisation::known(suite, who).await;
    }
}

/// A ticket about a region that the county's people have taken on.
async fn taken_on(suite: &Suite, region: &str) -> String {
    let words = [
        "ticket",
        "create",
        "--type",
        "complaint",
        "--subject",
        "工地噪音",
        "--body",
        "夜间施工，无法休息。",
    ];
    let words = [&words[..], &["--region", region, "--phone", "+86 138 0013 8000", "-o", "json"]].concat();
    let ticket = suite.cli_json(&words).await["number"].as_str().expect("a number").to_owned();
    eventually("the county's handler takes it on", || async {
        suite.cli(&["ticket", "accept", &ticket, "--as", "li.wei"]).await.status.success().then_some(())
    })
    .await;
    ticket
}

async fn get(suite: &Suite, ticket: &str) -> Value {
    suite.cli_json(&["ticket", "get", ticket, "-o", "json"]).await
}

/// Whether somebody sees a ticket with its timeline.
async fn sees(suite: &Suite, who: &str, ticket: &str) -> bool {
    let seen = suite.cli(&["ticket", "get", ticket, "--as", who]).await.status.success();
    let timeline = suite.cli(&["ticket", "timeline", ticket, "--as", who]).await.status.success();
    assert_eq!(seen, timeline, "{who}, {ticket}");
    seen
}

/// Tickets received by key, as somebody sees them.
async fn received(suite: &Suite, who: &str, by: &[&str]) -> Vec<(String, i64)> {
    let rows = suite.cli_json(&[&["report", "--as", who, "-o", "json", "--by"], by].concat()).await;
    let mut rows: Vec<_> = rows
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| Some((row[by[0]].as_str()?.to_owned(), row["received"].as_i64()?)))
        .collect();
    rows.sort_unstable();
    rows
}

/// Who is of a unit, then or now.
async fn people(suite: &Suite, unit: &str, at: Option<&str>) -> Vec<String> {
    let mut words = vec!["org", "list", "people", "--unit", unit, "-o", "json"];
    words.extend(at.into_iter().flat_map(|at| ["--at", at]));
    let people = suite.cli_json(&words).await;
    let people = people["people"].as_array().expect("people");
    people.iter().map(|person| person["id"].as_str().expect("an id").to_owned()).collect()
}

/// Units below one, then or now.
async fn below(suite: &Suite, parent: &str, at: Option<&str>) -> Vec<String> {
    let mut words = vec!["org", "list", "units", "--parent", parent, "-o", "json"];
    words.extend(at.into_iter().flat_map(|at| ["--at", at]));
    let units = suite.cli_json(&words).await;
    let units = units["units"].as_array().expect("units");
    units.iter().map(|unit| unit["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn r1_a_county_moves_under_another_city_at_its_date_and_the_past_stays_where_it_was() {
    let suite = Suite::start().await;
    let suite = &suite;
    organisation(suite).await;
    let before = taken_on(suite, "440106").await;
    let past = get(suite, &before).await;
    let cities = ["region", "--level", "city"];
    let one = |city: &str| vec![(city.to_owned(), 1)];
    eventually("the ticket is counted for its city", || async {
        (received(suite, "gz.head", &cities).await == one("440100000000")).then_some(())
    })
    .await;

    // What would make a circle is refused, with the file, the row and when.
    let far = write(
        suite,
        "far.csv",
        "id,name,kind,parent_id,region,changes_from\ngd,广东省热线中心,centre,county,44,2097-01-01\n",
    );
    let refused = suite.cli(&["org", "import", &far.await]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        said.contains("far.csv row 2 parent_id") && said.contains("a circle: gd → county → gz → gd"),
        "{said}"
    );

    // The reform: from some seconds on the county is 佛山's, with another code.
    let now: Timestamp = SystemClock.now();
    let from = now + SignedDuration::from_secs(15);
    let reform =
        format!("id,name,kind,parent_id,region,changes_from\ncounty,县政务中心,unit,fs,440604,{from}\n");
    let reform = write(suite, "reform.csv", &reform).await;
    // With it somebody moves to the city's office, and somebody new comes there.
    let staff = format!(
        "id,name,roles,unit_ids,changes_from\nstaff.0,人员0,handler,gz,{from}\nxin.ren,新人,agent,gz,{from}\n"
    );
    let staff = write(suite, "staff.csv", &staff).await;
    let planned = suite.cli_json(&["org", "import", &reform, &staff, "-o", "json"]).await;
    assert_eq!(
        (&planned["units_planned"], &planned["principals_planned"]),
        (&1.into(), &2.into()),
        "{planned}"
    );
    let (now, then) = (now.to_string(), from.to_string());
    assert_eq!(below(suite, "gz", Some(&now)).await, ["county"]);
    assert_eq!(below(suite, "fs", Some(&then)).await, ["county"]);
    assert_eq!(people(suite, "gz", Some(&now)).await, ["gz.head"]);
    assert_eq!(people(suite, "gz", Some(&then)).await, ["gz.head", "staff.0", "xin.ren"]);
    eventually("the county has moved by itself", || async {
        (below(suite, "fs", None).await == ["county"]).then_some(())
    })
    .await;
    assert!(below(suite, "gz", None).await.is_empty());
    assert_eq!(below(suite, "gz", Some(&now)).await, ["county"], "what was can be asked for");
    gongdan_e2e::organisation::known(suite, "xin.ren").await;
    assert_eq!(people(suite, "gz", None).await, ["gz.head", "staff.0", "xin.ren"]);
    assert_eq!(people(suite, "gz", Some(&now)).await, ["gz.head"]);
    let after = taken_on(suite, "440604").await;

    // Each city sees and counts what is its own; the county has both.
    for (who, city, own, other) in
        [("gz.head", "440100000000", &before, &after), ("fs.head", "440600000000", &after, &before)]
    {
        eventually(format!("{who} counts one"), || async {
            (received(suite, who, &cities).await == one(city)).then_some(())
        })
        .await;
        assert!(sees(suite, who, own).await, "{who} sees {own}");
        assert!(!sees(suite, who, other).await, "{who} does not see {other}");
    }
    assert!(sees(suite, "li.wei", &before).await && sees(suite, "li.wei", &after).await);
    assert_eq!(received(suite, "admin", &["unit"]).await, [("county".to_owned(), 2)]);
    let still = get(suite, &before).await;
    let place = |ticket: &Value| ["region", "lead_unit_id", "version"].map(|field| ticket[field].clone());
    assert_eq!(place(&still), place(&past), "nothing of it moved");

    // The county is to end while it holds both: told at once, and whenever it is asked.
    let end = "id,name,kind,parent_id,region,valid_to\ncounty,县政务中心,unit,fs,440604,2097-01-01\n";
    let end = write(suite, "end.csv", end).await;
    let ended = suite.cli(&["org", "import", &end]).await;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{said}");
    assert!(
        said.contains("end.csv row 2 valid_to: unit `county` ends 2096-12-31T16:00:00Z and holds 2 tickets"),
        "{said}"
    );
    let found = suite.cli_json(&["org", "check", "--unit", "county", "-o", "json"]).await;
    let told = |kind: &str| {
        let kind = format!("ORGANISATION_FINDING_KIND_{kind}");
        found["findings"].as_array().expect("findings").iter().find(|one| one["kind"] == *kind)
    };
    assert!(told("UNIT_ENDS_WITH_AREAS").is_some(), "{found}");
    let tickets = told("UNIT_ENDS_WITH_TICKETS").map(|one| one["tickets"].to_string());
    assert_eq!(tickets.as_deref().map(|count| count.trim_matches('"')), Some("2"), "{found}");
}
