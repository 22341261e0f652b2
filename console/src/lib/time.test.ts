import { describe, expect, it } from "vitest";
import { addDays, bucketLabel, dateTime, duration, isoDate, relative, shortDateTime, startOfDate } from "./time";

describe("time", () => {
  it("begins a day where the zone says", () => {
    expect(startOfDate("2026-11-21", "Europe/Vienna").toISOString()).toBe("2026-11-20T23:00:00.000Z");
    expect(startOfDate("2026-07-01", "America/New_York").toISOString()).toBe("2026-07-01T04:00:00.000Z");
    expect(startOfDate("2026-11-21", "Asia/Kathmandu").toISOString()).toBe("2026-11-20T18:15:00.000Z");
  });

  it("knows days of 23 and 25 hours", () => {
    const hours = (day: string) =>
      (startOfDate(addDays(day, 1), "Europe/Vienna").getTime() - startOfDate(day, "Europe/Vienna").getTime()) / 3_600_000;
    expect(hours("2026-03-29")).toBe(23);
    expect(hours("2026-10-25")).toBe(25);
  });

  it("begins a day without a midnight at its first moment", () => {
    const start = startOfDate("2026-03-29", "Asia/Beirut");
    expect(isoDate(start, "Asia/Beirut")).toBe("2026-03-29");
    expect(isoDate(start.getTime() - 1, "Asia/Beirut")).toBe("2026-03-28");
  });

  it("counts days over the ends of months and years", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
  });

  it("names the year only where it is another", () => {
    const now = Date.parse("2026-11-21T06:00:00Z");
    expect(dateTime("2026-11-21T05:00:00Z", "UTC", now)).toBe("21 Nov, 05:00:00");
    expect(dateTime("2025-11-21T05:00:00Z", "UTC", now)).toBe("21 Nov 2025, 05:00:00");
    expect(shortDateTime("2026-01-01T05:00:00Z", "UTC", now)).toBe("1 Jan, 05:00");
    expect(shortDateTime("2025-12-31T05:00:00Z", "UTC", now)).toBe("31 Dec 2025, 05:00");
    expect(shortDateTime("2025-12-31T23:30:00Z", "Europe/Vienna", now)).toBe("1 Jan, 00:30");
  });

  it.each([
    ["hour", "Sun, 21 Dec 2025, 05:00", "Mon 21 Dec, 05:00"],
    ["day", "Sun, 21 Dec 2025", "Mon 21 Dec"],
    ["week", "Week of 21 Dec 2025", "Week of 21 Dec"],
    ["month", "December 2025", "December 2026"],
  ])("names the year of a bar where it is another: %s", (bucket, other, current) => {
    const now = Date.parse("2026-12-31T06:00:00Z");
    expect(bucketLabel("2025-12-21T05:00:00Z", "UTC", bucket, true, now)).toBe(other);
    expect(bucketLabel("2026-12-21T05:00:00Z", "UTC", bucket, true, now)).toBe(current);
  });

  it("says durations in the unit a person would", () => {
    expect(duration(null)).toBe("–");
    expect(duration(840)).toBe("840 ms");
    expect(duration(3210)).toBe("3.21 s");
    expect(duration(12_340)).toBe("12.3 s");
    expect(duration(59_980)).toBe("1 m 00 s");
    expect(duration(3_780_000)).toBe("1 h 03 m");
  });

  it("says how long ago", () => {
    const now = Date.parse("2026-11-21T06:00:00Z");
    expect(relative("2026-11-21T05:59:57Z", now)).toBe("just now");
    expect(relative("2026-11-21T05:55:00Z", now)).toBe("5 min ago");
    expect(relative("2026-11-22T06:00:00Z", now)).toBe("in 1 day");
  });
});
