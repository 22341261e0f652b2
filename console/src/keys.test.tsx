// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { aKey, click, see, TestConsole } from "./testing";

let console: TestConsole;
afterEach(() => console.close());

const named = async (name: string) => fireEvent.change(await screen.findByLabelText("Name"), { target: { value: name } });

describe("a key whose answer is lost on the way", () => {
  const sent: { key: string | null; body: unknown }[] = [];

  const withAnswersLost = () => {
    sent.length = 0;
    return new TestConsole({
      "POST /keys": ({ headers, body }) => {
        sent.push({ key: headers.get("idempotency-key"), body });
        return Promise.reject(new TypeError("Failed to fetch"));
      },
    });
  };

  it("is asked for again as the same one, though time has passed", async () => {
    console = withAnswersLost();
    console.open("/keys?create=yes");
    await named("laptop");
    fireEvent.change(screen.getByLabelText("Expires"), { target: { value: "7" } });
    await click("button", "Make the key");
    await see(/cannot be reached/);

    const made = console.answers["POST /keys"]!;
    console.answers["POST /keys"] = async (request) => {
      await Promise.resolve(made(request)).catch(() => undefined);
      return { key: aKey(), secret: "bell_secret" };
    };
    await click("button", "Make the key");
    await see("bell_secret");

    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it("is another one where something else is asked for", async () => {
    console = withAnswersLost();
    console.open("/keys?create=yes");
    await named("laptop");
    await click("button", "Make the key");
    await see(/cannot be reached/);

    await named("desktop");
    await click("button", "Make the key");

    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]!.key).not.toBe(sent[0]!.key);
  });
});
