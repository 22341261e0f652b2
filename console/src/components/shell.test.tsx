// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import type { Window as DomWindow } from "happy-dom";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { click, see, TestConsole } from "../testing";

let console: TestConsole;
beforeEach(async () => {
  console = new TestConsole({});
  console.open("/account");
  await see("Who you are here, and your password.");
});
afterEach(() => console.close());

const main = () => document.getElementById("main")!;

describe("the menu of a phone", () => {
  it("is all that can be reached while it is open", async () => {
    await click("button", "Open the menu");

    expect(main().inert).toBe(true);
    expect(screen.getByText("Skip to the page").inert).toBe(true);
    expect(screen.getByRole("button", { name: "Close the menu" }).closest("[inert]")).toBeNull();
    expect(screen.getByRole("link", { name: "Keys" }).closest("[inert]")).toBeNull();

    fireEvent.keyDown(document.body, { key: "Escape" });
    expect(main().inert).toBe(false);
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Open the menu" }));
  });

  it("stays open when Escape closes the account's menu within it", async () => {
    await click("button", "Open the menu");
    const account = screen.getByRole("button", { name: /Ada/ });
    account.click();
    const menu = await screen.findByRole("menu");

    fireEvent.keyDown(menu, { key: "Escape" });

    await waitFor(() => expect(screen.queryByRole("menu")).toBeNull());
    expect(main().inert).toBe(true);
  });

  it("leads to a page, where the focus is then", async () => {
    await click("button", "Open the menu");

    await click("link", "Keys");

    await see("No keys yet");
    expect(main().inert).toBe(false);
    await waitFor(() => expect(document.activeElement).toBe(main()));
  });

  it("is closed by the browser's way back, where the focus is on the page", async () => {
    await click("link", "Keys");
    await see("No keys yet");
    await click("button", "Open the menu");

    await console.back();

    await see("Who you are here, and your password.");
    expect(main().inert).toBe(false);
    await waitFor(() => expect(document.activeElement).toBe(main()));
  });

  it("is no obstacle once the window has room for it beside the page", async () => {
    await click("button", "Open the menu");

    act(() => (window as unknown as DomWindow).happyDOM.setViewport({ width: 1280 }));

    expect(main().inert).toBe(false);
  });
});
