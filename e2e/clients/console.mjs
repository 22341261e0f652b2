// What an administrator does on the first day, in a real browser: opens the one-time link, chooses a password, makes a key,
// watches a call arrive, opens it and reads its cost; then every page in dark and light, wide and narrow, is photographed and
// held against axe's rules. Takes its task as one JSON object on standard input, and reports as one on standard output; the
// test judges.
import { mkdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { text } from 'node:stream/consumers';
import { chromium } from 'playwright-core';
import { look, whole } from './look.mjs';

const { link, browser: executablePath, screenshots, model, session } = JSON.parse(await text(process.stdin));
const base = new URL(link).origin;
const report = { complaints: [], axe: [], screenshots: [], strangers: [] };
mkdirSync(screenshots, { recursive: true });

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', bypassCSP: true });
context.setDefaultTimeout(15_000);
const page = await context.newPage();
page.on('pageerror', (error) => report.complaints.push(String(error)));
page.on('console', (message) => message.type() === 'error' && report.complaints.push(message.text()));
page.on('request', (request) => request.url().startsWith(base) || /^(data|blob):/.test(request.url()) || report.strangers.push(request.url()));

// --- sign in by the link, choose a password
await page.goto(link);
await page.getByLabel('Your name').fill('Maria Glocke');
await page.getByLabel('E-mail address').fill('maria@bell.example');
await page.getByLabel('Password', { exact: true }).fill('four unrelated words ring');
await page.getByLabel('Password again').fill('four unrelated words ring');
report.addressAfterLink = page.url();
await page.getByRole('button', { name: 'Save and open the console' }).click();
await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();

// --- before there is anything to show
async function lookAt(name, on = page) {
  await whole(on);
  const seen = await look(on, screenshots, name);
  report.screenshots.push(...seen.screenshots);
  report.axe.push(...seen.violations);
}
for (const name of ['overview', 'calls', 'sessions', 'keys', 'providers', 'connect', 'nothing-here']) {
  await page.goto(`${base}/${name === 'overview' ? '' : name}`);
  await lookAt(`empty-${name}`);
}

// --- make a key
await page.goto(base);
await page.getByRole('link', { name: 'Keys', exact: true }).click();
await page.getByRole('button', { name: 'New key' }).click();
await page.getByLabel('Name', { exact: true }).fill('Maria’s laptop');
await page.getByRole('button', { name: 'Make the key' }).click();
report.secret = await page.getByTestId('secret').textContent();
await page.getByRole('button', { name: 'I have it' }).click();
await page.getByRole('link', { name: 'Maria’s laptop' }).waitFor();
report.secretStays = (await page.content()).includes(report.secret);

// --- see a call arrive, without touching the page
await page.getByRole('link', { name: 'Calls', exact: true }).click();
await page.getByText('No calls yet').waitFor();
const called = Date.now();
const answer = await fetch(`${base}/v1/messages`, {
  method: 'POST',
  headers: {
    'x-api-key': report.secret,
    'anthropic-version': '2026-10-21',
    'content-type': 'application/json',
    'x-claude-code-session-id': session,
  },
  body: JSON.stringify({ model, max_tokens: 200, messages: [{ role: 'user', content: 'Ring.' }] }),
});
report.status = answer.status;
report.callId = answer.headers.get('x-bellfounder-call-id');
await answer.text();
const row = page.locator(`a[href$="/calls/${report.callId}"]`);
await row.waitFor();
report.arrivedAfterMillis = Date.now() - called;

// --- open it and read its cost
await row.click();
const total = page.getByTestId('total-cost');
await total.waitFor();
report.cost = await total.getAttribute('value');
report.costShown = await total.textContent();

// --- a refresh keeps the place
await page.reload();
await total.waitFor();
report.costAfterReload = await total.getAttribute('value');

// --- every page, dark and light, wide and narrow
const pages = {
  overview: '/',
  calls: '/calls',
  call: `/calls/${report.callId}`,
  sessions: '/sessions',
  session: `/sessions/tree?sessionId=${session}`,
  keys: '/keys',
  'new-key': '/keys?create=yes',
  providers: '/providers',
  connect: '/connect',
};

for (const [name, path] of Object.entries(pages)) {
  await page.goto(base + path);
  await lookAt(name);
}

// --- what the overview with its charts costs a browser that has nothing yet
const newcomer = await browser.newContext({ storageState: await context.storageState() });
const overview = await newcomer.newPage();
const scripts = new Set();
overview.on('response', (response) => /javascript/.test(response.headers()['content-type'] ?? '') && scripts.add(response.url()));
await overview.goto(base);
await overview.locator('svg.recharts-surface').first().waitFor();
await whole(overview);
await overview.evaluate(() => new Promise((idle) => requestIdleCallback(idle, { timeout: 3000 })));
report.charts = await overview.locator('svg.recharts-surface').count();
report.firstPageScripts = await Promise.all(
  [...scripts].map(async (url) => ({ path: new URL(url).pathname, gzipped: gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length })),
);
await newcomer.close();

report.complaintsInside = report.complaints.splice(0);

// --- the sign-in page, from outside; a link works once
const stranger = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true });
stranger.setDefaultTimeout(15_000);
const outside = await stranger.newPage();
await outside.goto(link);
await outside.getByText('This link has been used already').waitFor();
await outside.goto(`${base}/keys`);
await outside.getByRole('button', { name: 'Sign in' }).waitFor();
await lookAt('sign-in', outside);
await outside.getByLabel('E-mail address').fill('maria@bell.example');
await outside.getByLabel('Password', { exact: true }).fill('four unrelated words ring');
await outside.getByRole('button', { name: 'Sign in' }).click();
await outside.getByRole('heading', { name: 'Keys', level: 1 }).waitFor();
report.afterSignIn = new URL(outside.url()).pathname;

await browser.close();
process.stdout.write(JSON.stringify(report) + '\n');
