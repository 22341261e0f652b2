// A real browser that does what it is told: one JSON object a line on standard input, {"do": name, "with": [...]}, and one a
// line back, {"value": ...} or {"error": words}. The tests tell it, step by step.
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { look, whole } from './look.mjs';

const [executablePath, directory] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
let page;

const actions = {
  /** A window that knows nothing of earlier ones. */
  async fresh() {
    await page?.context().close();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true });
    context.setDefaultTimeout(20_000);
    page = await context.newPage();
  },
  open: (url) => page.goto(url).then(() => undefined),
  reload: () => page.reload().then(() => undefined),
  back: () => page.goBack().then(() => undefined),
  fill: (label, text) => page.getByLabel(label, { exact: true }).fill(text),
  click: (role, name) => page.getByRole(role, { name, exact: true }).click(),
  clickText: (text) => page.getByText(text, { exact: true }).click(),
  press: (key) => page.keyboard.press(key),
  type: (text) => page.keyboard.type(text),
  focusOn: (label) => page.getByLabel(label, { exact: true }).focus(),
  see: (text) => page.getByText(text).and(page.locator(':visible')).first().waitFor(),
  seeIn: (row, text) => page.getByRole('row').filter({ hasText: row }).getByText(text, { exact: true }).waitFor(),
  link: (address) => page.locator(`a[href=${JSON.stringify(address)}]`).waitFor(),
  heading: (name) => page.getByRole('heading', { name, exact: true, level: 1 }).waitFor(),
  count: (selector) => page.locator(selector).count(),
  focus: (label) => page.waitForFunction((wanted) => document.activeElement?.ariaLabel === wanted, label).then(() => undefined),
  address: () => page.url(),
  async look(name) {
    await whole(page);
    return look(page, directory, name);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, with: words } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await actions[action](...words)) ?? null };
  } catch (error) {
    answer = { error: `${action} ${words.join(', ')} at ${page?.url()}: ${error.message}` };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
await browser.close();
