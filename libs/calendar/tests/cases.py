#!/usr/bin/env python3
"""Due times of the table cases.csv, counted without the library that the table tests.

    python3 libs/calendar/tests/cases.py            writes libs/calendar/tests/cases.csv anew
    python3 libs/calendar/tests/cases.py --check    says whether the file is what would be written

Nothing but Python 3.9 or later with its zoneinfo. The holidays are those that ship with the product
(libs/calendar/data/cn.json); the other calendars stand in libs/calendar/tests/calendars. The script knows no sums and no
tables: for working time it walks second by second or minute by minute and asks of each whether it is worked, for working days it
walks day by day and asks of each whether its last window's close passes while the clock runs.

The rules, from REQUIREMENTS S1, S2 and the head of libs/calendar/src/lib.rs:
- N working days count from the day after the date of receipt and end at the close of the N-th; `wdt` at the same time of day.
- A shift over midnight belongs to the day it begins.
- A time of day is the first instant at which the wall shows it or a later one.
- A pause over k closes moves due by k days, a shorter one by nothing; other amounts rest as long as the pause lasts.
"""

import csv
import io
import json
import sys
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
UTC = timezone.utc
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MINUTE = timedelta(minutes=1)

# General Office of the State Council (国务院办公厅) on the holidays of a year; what changed them stands beside it.
NOTICES = {
    2008: "国办发明电〔2007〕52号",
    2009: "国办发明电〔2008〕42号",
    2010: "国办发明电〔2009〕27号",
    2011: "国办发明电〔2010〕40号",
    2012: "国办发明电〔2011〕45号",
    2013: "国办发明电〔2012〕33号",
    2014: "国办发明电〔2013〕28号",
    2015: "国办发明电〔2014〕28号, 国发明电〔2015〕1号",
    2016: "国办发明电〔2015〕18号",
    2017: "国办发明电〔2016〕17号",
    2018: "国办发明电〔2017〕12号",
    2019: "国办发明电〔2018〕15号, 国办发明电〔2019〕3号",
    2020: "国办发明电〔2019〕16号, 国办发明电〔2020〕1号",
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}
# Before 2008 three long holidays by the regulation of 1999; their weekends as data/cn.json has them, without a number to cite.
OLD = "全国年节及纪念日放假办法（国务院令第270号）, {year}"
OTHERS = {
    "new-york": "5 U.S.C. 6103; clock changes 15 U.S.C. 260a",
    "lord-howe": "Standard Time Act 1987 (NSW); tzdata Australia/Lord_Howe, half an hour",
    "night": "clock changes 2000/84/EC; shifts of tests/calendars/night.json",
    "tibet": "国办发明电〔2025〕7号; regions of tests/calendars/tibet.json",
    "apia": "International Date Line Act 2011 (Samoa): no 2011-12-30",
    "kathmandu": "tzdata Asia/Kathmandu, +05:45",
}


class Calendar:
    """Reads a document by itself."""

    def __init__(self, name, region=""):
        file = HERE.parent / "data/cn.json" if name == "cn" else HERE / f"calendars/{name}.json"
        document = json.loads(file.read_text(encoding="utf-8"))
        around = [r for r in document.get("regions", []) if region.startswith(r["region"].rstrip("0"))]
        around.sort(key=lambda r: len(r["region"].rstrip("0")))
        self.zone = ZoneInfo(document["time_zone"])
        self.week, self.make_up, self.days = {}, None, {}
        for layer in [document, *around]:
            self.week = layer.get("week", self.week)
            self.make_up = layer.get("make_up_windows", self.make_up)
            for year in (layer.get("years") or {}).values():
                for off in year.get("days_off", []):
                    self.days[off["date"]] = []
                for half in year.get("half_days", []):
                    self.days[half["date"]] = half["windows"]
                for worked in year.get("make_up_workdays", []):
                    self.days[worked["date"]] = None
        if self.make_up is None:
            self.make_up = next(self.week[day] for day in WEEKDAYS if self.week.get(day))

    def windows(self, day):
        special = self.days.get(day.isoformat(), self.week.get(WEEKDAYS[day.weekday()], []))
        return self.make_up if special is None else special

    @lru_cache(maxsize=None)
    def shifts(self, day):
        """From when to when each window of a day is worked; those that clock changes leave out are not there."""
        found = []
        for text in self.windows(day):
            begin, end = text.split("-")
            over = end <= begin
            opens, closes = self.first(day, begin), self.first(day + timedelta(days=1) if over else day, end)
            if opens < closes:
                found.append((opens, closes))
        return found

    def first(self, day, text):
        """The first instant of a time of day."""
        hour, minute, *rest = (int(part) for part in text.split(":"))
        days, hour = divmod(hour, 24)
        wall = datetime(day.year, day.month, day.day, hour, minute, *rest) + timedelta(days=days)
        instant = wall.replace(tzinfo=self.zone).astimezone(UTC)
        if self.wall(instant) != wall:
            # skipped: back to the minute in which the wall jumps over it
            instant = instant.replace(second=0)
            while self.wall(instant - MINUTE) >= wall:
                instant -= MINUTE
        return instant

    def wall(self, instant):
        return instant.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def works(self, instant):
        day = self.wall(instant).date()
        shifts = self.shifts(day) + self.shifts(day - timedelta(days=1))
        return any(opens <= instant < closes for opens, closes in shifts)


def due(calendar, start, amount, pauses):
    number = int("".join(c for c in amount if c.isdigit()))
    unit = "".join(c for c in amount if c.isalpha())
    if unit in ("wd", "wdt"):
        day, time = calendar.wall(start).date(), calendar.wall(start).time().isoformat()
        while number:
            day += timedelta(days=1)
            shifts = calendar.shifts(day)
            if shifts:
                end = shifts[-1][1] if unit == "wd" else calendar.first(day, time)
                number -= not any(pause < end < resume for pause, resume in pauses)
        return end
    seconds = number * {"h": 3600, "m": 60, "s": 1}[unit[-1]]
    step = 60 if seconds % 60 == 0 and start.second == 0 else 1
    at = start
    while seconds:
        rests = any(pause <= at < resume for pause, resume in pauses)
        if not rests and (unit[0] != "w" or calendar.works(at)):
            seconds -= step
        at += timedelta(seconds=step)
    return at


def cases():
    """Calendar, region, start on the wall (`*`: the second of two), amount, pauses on the wall, what is special."""
    cn = json.loads((HERE.parent / "data/cn.json").read_text(encoding="utf-8"))["years"]
    for year, days in cn.items():
        offs = [day["date"] for day in days["days_off"]]
        spring = next(day["date"] for day in days["days_off"] if day["holiday"] == "春节")
        before = (date.fromisoformat(spring) - timedelta(days=2)).isoformat()
        yield "cn", "", f"{before}T16:30", "3wd", "", "before the Spring Festival"
        yield "cn", "", f"{spring}T08:15", "1wd", "", "received on a holiday"
        yield "cn", "", f"{year}-04-25T09:32:09", "15wd", "", "over Labour Day"
        yield "cn", "", f"{year}-09-28T17:30", "8wh", "", "working hours over National Day"
        yield "cn", "", f"{year}-09-25T10:00", "7wdt", "", "the same time of day, over National Day"
        if days["make_up_workdays"]:
            worked = days["make_up_workdays"][len(days["make_up_workdays"]) // 2]["date"]
            eve = (date.fromisoformat(worked) - timedelta(days=1)).isoformat()
            yield "cn", "", f"{eve}T17:45", "30wm", "", "into a make-up workday"
        if int(year) < 2026:
            yield "cn", "", f"{year}-12-30T10:00", "5wd", "", "over the year's end"
        yield "cn", "", f"{offs[-1]}T23:00", "24h", "", "clock hours know no holiday"
    yield from [
        ("cn", "", "2026-02-13T16:30", "1wd", "", "a make-up Saturday is the first working day"),
        ("cn", "", "2026-02-14T17:59:59", "2ws", "", "a second before the close of a make-up workday"),
        ("cn", "", "2026-03-02T00:00", "1wd", "", "the day of receipt does not count, whatever the hour"),
        ("cn", "", "2026-03-02T23:59:59", "1wd", "", "the day of receipt does not count, whatever the hour"),
        ("cn", "", "2026-03-02T11:30", "1wh", "", "over noon"),
        ("cn", "", "2026-03-02T12:30", "1wh", "", "begins at noon"),
        ("cn", "", "2026-03-02T03:00", "3wh", "", "begins at night, ends at noon exactly"),
        ("cn", "", "2020-01-22T23:59:59", "2wd", "", "the Spring Festival that was prolonged"),
        ("cn", "", "2015-09-02T12:00", "1wd", "", "the Sunday worked for the parade"),
        ("cn", "", "2026-09-28T10:00", "5wd", "2026-09-29T10:00/2026-09-30T17:59", "a pause over one close"),
        ("cn", "", "2026-09-28T10:00", "5wd", "2026-09-29T10:00/2026-09-29T17:59:59", "a pause over none"),
        ("cn", "", "2026-09-28T10:00", "5wd", "2026-09-29T18:00/2026-09-30T18:00", "from close to close: neither"),
        ("cn", "", "2026-09-28T10:00", "5wd", "2026-09-28T11:00/2026-09-28T20:00", "the close of the day of receipt"),
        ("cn", "", "2026-09-28T10:00", "5wd", "2026-09-29T17:00/2026-10-12T09:00", "over National Day"),
        ("cn", "", "2026-09-28T10:00", "9wd", "2026-09-29T17:00/2026-09-30T09:00 2026-10-09T17:00/2026-10-12T19:00", "two pauses"),
        ("cn", "", "2026-09-28T10:00", "4wdt", "2026-09-29T09:00/2026-09-29T11:00", "a pause over the time of day"),
        ("cn", "", "2026-09-28T10:00", "4wdt", "2026-09-29T10:30/2026-09-30T09:30", "a pause between two times of day"),
        ("cn", "", "2026-09-28T10:00", "20wh", "2026-09-29T11:00/2026-10-08T14:00", "working hours rest"),
        ("cn", "", "2026-09-28T10:00", "48h", "2026-09-29T11:00/2026-10-08T14:00", "clock hours rest"),
        ("cn", "", "2026-09-28T10:00", "1wh", "2026-09-28T11:00/2026-10-08T14:00", "a pause after due"),
    ]
    for amount in ["1wd", "2wd", "3wdt", "5wh", "20wh"]:
        for region in ["", "540000", "540100"]:
            yield "tibet", region, "2026-02-13T16:30", amount, "", "regions over the Spring Festival"
            yield "tibet", region, "2026-03-05T17:00", amount, "", "a half day, and the region's own hours"
    yield "tibet", "540102", "2026-08-11T16:00", "1wd", "", "a county takes the hours of its city"
    yield "tibet", "540200", "2026-08-11T16:00", "1wd", "", "a city takes the days of its province"
    for start, amount, note in [
        ("2026-03-06T15:00", "3wd", "the Sunday on which clocks go forward"),
        ("2026-03-07T13:00", "2wh", "into the night on which clocks go forward"),
        ("2026-03-07T13:00", "4wh", "that night has an hour less"),
        ("2026-03-08T01:45", "1wh", "across the skipped hour"),
        ("2026-03-07T02:30", "1wdt", "the same time of day is skipped"),
        ("2026-03-01T02:30", "7wdt", "the same time of day, days after"),
        ("2026-10-31T13:30", "5wh", "the night on which clocks go back has an hour more"),
        ("2026-11-01T01:15", "30wm", "the first of two"),
        ("2026-11-01T01:15*", "30wm", "the second of two"),
        ("2026-11-01T00:45", "90wm", "across the doubled hour"),
        ("2026-10-31T01:30", "1wdt", "the same time of day comes twice"),
        ("2026-10-31T12:00", "24h", "clock hours over the change"),
        ("2026-03-07T12:00", "24h", "clock hours over the change"),
        ("2026-10-30T15:30", "2wd", "a close at midnight"),
        ("2026-11-25T17:00", "1wd", "Thanksgiving, then half a day"),
        ("2026-11-25T17:00", "4wh", "Thanksgiving, then half a day"),
        ("2026-12-23T12:30", "6wh", "a half day with a break, Christmas"),
        ("2025-12-31T16:00", "3wd", "New Year's Day"),
        ("2026-01-16T15:59:59", "2ws", "a second before a long weekend"),
        ("2026-07-02T17:00", "2wd", "Independence Day, observed"),
        ("2026-09-04T12:30", "12wh", "Labor Day"),
    ]:
        yield "new-york", "", start, amount, "", note
    yield "new-york", "", "2026-03-06T15:00", "3wd", "2026-03-07T13:00/2026-03-08T12:00", "a pause over Saturday's close"
    yield "new-york", "", "2026-03-06T15:00", "3wh", "2026-03-06T15:30/2026-03-08T03:30", "a pause into the short night"
    for start, amount, note in [
        ("2026-04-04T23:00", "2wh", "clocks go back half an hour at 02:00"),
        ("2026-04-05T00:30", "3wh", "the Sunday window has half an hour more"),
        ("2026-04-05T01:45", "10wm", "the first of two"),
        ("2026-04-05T01:45*", "10wm", "the second of two"),
        ("2026-04-05T01:45*", "30wm", "the second of two"),
        ("2026-04-04T12:00", "24h", "clock hours over half an hour"),
        ("2026-10-03T12:00", "24h", "clock hours over half an hour"),
        ("2026-10-04T00:50", "2wh", "clocks go forward half an hour at 02:00"),
        ("2026-10-03T02:15", "1wdt", "the same time of day is skipped"),
        ("2026-10-02T22:00", "30wh", "a weekend with the change in it"),
        ("2026-10-01T10:00", "3wd", "closes at midnight"),
        ("2026-04-02T10:00", "2wd", "Good Friday"),
        ("2026-04-02T23:30", "48wh", "Easter"),
        ("2026-12-31T12:00", "18wh", "over the year's end"),
    ]:
        yield "lord-howe", "", start, amount, "", note
    yield "lord-howe", "", "2026-04-01T12:00", "4wd", "2026-04-03T00:00/2026-04-05T12:00", "from a close, over Saturday's"
    yield "lord-howe", "", "2026-04-04T10:00", "5wh", "2026-04-05T01:30/2026-04-05T02:30", "a pause over the doubled half hour"
    for start, amount, note in [
        ("2026-06-01T21:00", "1wd", "received before the shift of the day"),
        ("2026-06-02T02:00", "1wd", "received during the shift of the day before"),
        ("2026-06-02T02:00", "3wd", "received during the shift of the day before"),
        ("2026-06-02T05:00", "2wh", "an hour of this night, an hour of the next"),
        ("2026-06-02T12:00", "8wh", "the whole night, to its close"),
        ("2026-06-02T12:00", "9wh", "a night and an hour"),
        ("2026-06-05T17:30", "1wh", "over the break on Friday"),
        ("2026-06-05T23:30", "4wh", "Friday's shift ends on Saturday"),
        ("2026-06-06T01:00", "1wd", "received on Saturday, during Friday's shift: the first working day is Monday"),
        ("2026-06-06T22:00", "12wh", "Saturday's shift ends on Sunday"),
        ("2026-06-05T01:00", "2wdt", "the same time of day, which lies in another day's shift"),
        ("2026-03-28T19:00", "10wh", "Saturday's night has an hour less"),
        ("2026-03-28T19:00", "11wh", "Saturday's night has an hour less"),
        ("2026-10-24T19:00", "12wh", "Saturday's night has an hour more"),
        ("2026-10-25T02:30", "30wm", "the first of two"),
        ("2026-10-25T02:30*", "30wm", "the second of two"),
        ("2026-10-23T03:00", "2wd", "the close after the change"),
        ("2026-03-27T03:00", "2wdt", "the same time of day, on the eve of the change"),
        ("2026-04-30T23:00", "8wh", "the night into a day off is worked"),
        ("2026-05-01T03:00", "1wd", "a day off; Saturday's shift is next"),
        ("2026-05-02T19:00", "14wh", "a make-up workday at night"),
        ("2026-05-01T12:00", "2wd", "a make-up workday at night"),
        ("2026-12-23T23:00", "10wh", "half a day after a night"),
        ("2026-12-23T23:00", "1wd", "half a day after a night"),
        ("2026-12-24T12:00", "3wd", "Christmas"),
        ("2026-12-30T23:30", "2wd", "over the year's end"),
    ]:
        yield "night", "", start, amount, "", note
    yield from [
        ("night", "", "2026-06-01T12:00", "3wd", "2026-06-02T23:00/2026-06-03T05:59", "a pause within a night"),
        ("night", "", "2026-06-01T12:00", "3wd", "2026-06-02T23:00/2026-06-03T06:01", "a pause over a close on the next date"),
        ("night", "", "2026-06-01T12:00", "3wd", "2026-06-03T06:00/2026-06-04T06:00", "from close to close: neither"),
        ("night", "", "2026-06-01T12:00", "3wd", "2026-06-02T05:00/2026-06-02T07:00", "the close of the day of receipt"),
        ("night", "", "2026-06-01T12:00", "3wd", "2026-06-03T01:00/2026-06-07T08:00", "a pause over four closes"),
        ("night", "", "2026-06-01T12:00", "10wh", "2026-06-02T01:00/2026-06-02T23:00", "night hours rest"),
    ]
    for start, amount in [("2011-12-29T10:00", "1wd"), ("2011-12-29T10:00", "2wd"), ("2011-12-29T16:00", "2wh"),
                          ("2011-12-29T10:00", "2wdt"), ("2011-12-28T12:00", "20wh"), ("2011-12-29T12:00", "48h")]:
        yield "apia", "", start, amount, "", "a Friday that never was, then a holiday"
    for start, amount in [("2026-06-05T14:30", "1wh"), ("2026-06-05T14:30", "5wh"), ("2026-06-05T16:00", "1wd"),
                          ("2026-06-04T16:00", "1wd"), ("2026-06-04T16:00", "1wdt"), ("2026-06-07T12:30", "1wh")]:
        yield "kathmandu", "", start, amount, "", "a close at midnight, windows that touch"


def source(name, start, end):
    if name != "cn":
        return OTHERS[name]
    return "; ".join(NOTICES.get(year, OLD.format(year=year)) for year in range(start.year, end.year + 1))


def instant(calendar, text):
    wall = datetime.fromisoformat(text.rstrip("*")).replace(fold=int(text.endswith("*")))
    return wall.replace(tzinfo=calendar.zone).astimezone(UTC)


def table():
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["calendar", "region", "start", "amount", "pauses", "due", "what", "source"])
    known = {}
    for name, region, start, amount, pauses, what in cases():
        calendar = known.setdefault((name, region), Calendar(name, region))
        shown = lambda at: at.astimezone(calendar.zone).isoformat()
        begin = instant(calendar, start)
        rests = [tuple(instant(calendar, end) for end in pause.split("/")) for pause in pauses.split()]
        end = due(calendar, begin, amount, rests)
        told = " ".join("/".join(map(shown, pause)) for pause in rests)
        cited = source(name, calendar.wall(begin), calendar.wall(end))
        rows.writerow([name, region, shown(begin), amount, told, shown(end), what, cited])
    return out.getvalue()


if __name__ == "__main__":
    file, text = HERE / "cases.csv", table()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if file.read_text(encoding="utf-8") == text else "cases.csv is not what this script writes")
    file.write_text(text, encoding="utf-8")
