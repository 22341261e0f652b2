// A real browser that does what it is told: one JSON object a line on standard input, {"do": name, "with": [...]}, and one a
// line back, {"value": ...} or {"error": words}. The tests tell it, step by step.
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { look, whole } from './look.mjs';

const [executablePath, directory] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
let page;
/** What the window complained of, and whom it asked, since it was opened. */
let complaints = [];
let asked = [];

const visible = (text) => page.getByText(text).and(page.locator(':visible')).first();

const actions = {
  /** A window that knows nothing of earlier ones. */
  async fresh() {
    await page?.context().close();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', bypassCSP: true });
    context.setDefaultTimeout(20_000);
    complaints = [];
    asked = [];
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('request', (request) => /^(data|blob):/.test(request.url()) || asked.push(request.url()));
  },
  open: (url) => page.goto(url).then(() => undefined),
  reload: () => page.reload().then(() => undefined),
  back: () => page.goBack().then(() => undefined),
  fill: (label, text) => page.getByLabel(label, { exact: true }).fill(text),
  click: (role, name) => page.getByRole(role, { name, exact: true }).click(),
  clickText: (text) => page.getByText(text, { exact: true }).click(),
  clickLink: (address) => page.locator(`a[href=${JSON.stringify(address)}]`).first().click(),
  choose: (label, value) => page.getByLabel(label, { exact: true }).selectOption(value).then(() => undefined),
  press: (key) => page.keyboard.press(key),
  type: (text) => page.keyboard.type(text),
  focusOn: (label) => page.getByLabel(label, { exact: true }).focus(),
  see: (text) => visible(text).waitFor(),
  gone: (text) => page.getByText(text).and(page.locator(':visible')).waitFor({ state: 'detached' }),
  seeIn: (row, text) => page.getByRole('row').filter({ hasText: row }).getByText(text, { exact: true }).waitFor(),
  link: (address) => page.locator(`a[href=${JSON.stringify(address)}]`).first().waitFor(),
  heading: (name) => page.getByRole('heading', { name, exact: true, level: 1 }).waitFor(),
  count: (selector) => page.locator(selector).count(),
  /** What an element shows, and its value where it has one. */
  async marked(id) {
    const element = page.getByTestId(id);
    await element.waitFor();
    return { text: await element.textContent(), value: await element.getAttribute('value') };
  },
  holds: async (text) => (await page.content()).includes(text),
  focus: (label) => page.waitForFunction((wanted) => document.activeElement?.ariaLabel === wanted, label).then(() => undefined),
  address: () => page.url(),
  complaints: () => complaints,
  asked: () => asked,
  async look(name) {
    await whole(page);
    return look(page, directory, name);
  },
  /** What a page costs a browser of the same person that has nothing yet: its scripts with their sizes, gzipped. */
  async scripts(url, drawn) {
    const newcomer = await browser.newContext({ storageState: await page.context().storageState() });
    try {
      const other = await newcomer.newPage();
      const scripts = new Set();
      other.on('response', (response) => /javascript/.test(response.headers()['content-type'] ?? '') && scripts.add(response.url()));
      await other.goto(url);
      await other.locator(drawn).first().waitFor();
      await whole(other);
      await other.evaluate(() => new Promise((idle) => requestIdleCallback(idle, { timeout: 3000 })));
      return {
        drawn: await other.locator(drawn).count(),
        scripts: await Promise.all(
          [...scripts].map(async (script) => ({ url: script, gzipped: gzipSync(Buffer.from(await (await fetch(script)).arrayBuffer())).length })),
        ),
      };
    } finally {
      await newcomer.close();
    }
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
