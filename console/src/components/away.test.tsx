// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { click, refusal, see, TestConsole } from "../testing";

const away = vi.hoisted(() => () => {
  throw new TypeError("Failed to fetch dynamically imported module");
});
vi.mock("./account-menu", away);
vi.mock("../features/teams/KeysPage", away);

let console: TestConsole;
afterEach(() => console.close());

describe("what is not fetched yet when the server goes away", () => {
  it("leaves the console as it is: a page", async () => {
    console = new TestConsole({});
    console.open("/account");
    await see("Who you are here, and your password.");
    console.answers["GET /session"] = () => refusal(503, "The server stops.");

    await click("link", "Keys");

    await see("The server stops.");
    expect(screen.getByRole("link", { name: "Overview" })).not.toBeNull();
    await click("link", "Connect");
    await see("Clients work as before; they get another address and a key.");
  });

  it("leaves the console as it is: the menu", async () => {
    console = new TestConsole({});
    console.open("/account");
    await see("Who you are here, and your password.");

    await click("button", /Ada/);

    await see("The menu could not be fetched. Is the server running?");
    await see("Who you are here, and your password.");
  });
});
