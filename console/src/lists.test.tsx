// @vitest-environment happy-dom
import { screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { aCall, aCallDetail, aSession, aSessionDetail, click, page, see, TestConsole } from "./testing";

let console: TestConsole;
afterEach(() => console.close());

const withBoth = () =>
  new TestConsole({
    "GET /calls": () => page([aCall()]),
    "GET /calls/c": () => aCallDetail(),
    "GET /sessions": () => page([aSession]),
    "GET /sessions/tree": () => aSessionDetail,
  });

const lists = [
  { list: "/calls?model=claude-opus-5-5&outcome=failed%2Ccut", open: /21 Nov/, one: /Who and where/, back: "Calls" },
  { list: "/sessions?range=custom&from=2026-11-01&to=2026-11-20", open: "sitting", one: /Where the cost went/, back: "Sessions" },
];

const backLink = async (name: string) => (await screen.findAllByRole("link", { name })).at(-1)!;

describe("the way back from one to its list", () => {
  it.each(lists)("leads to the list as it was: $list", async ({ list, open, one, back }) => {
    console = withBoth();
    console.open(list);
    await click("link", open);
    await see(one);
    expect(await backLink(back)).toHaveProperty("href", expect.stringContaining(list));

    (await backLink(back)).click();

    await waitFor(() => expect(console.address).toBe(list));
    expect(console.history).toBe(0);
  });

  it.each([
    { address: "/calls/c", list: "/calls", back: "Calls" },
    { address: "/sessions/tree?sessionId=sitting", list: "/sessions", back: "Sessions" },
  ])("leads to the whole list for who came by a link: $address", async ({ address, list, back }) => {
    console = withBoth();
    console.open(address);

    (await backLink(back)).click();

    await waitFor(() => expect(console.address).toBe(list));
  });
});
