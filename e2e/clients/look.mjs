// Looks at a page in light and dark, wide and narrow: photographs it, and holds it against axe's rules.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const THEMES = ['light', 'dark'];
const SIZES = { wide: 1280, narrow: 390, tiny: 320 };

/** The screenshots, with what a page is too wide by, and what axe finds. */
export async function look(page, directory, name) {
  const screenshots = [];
  const violations = [];
  for (const theme of THEMES) {
    for (const [size, width] of Object.entries(SIZES)) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
      const file = `${directory}/${name}-${theme}-${size}.png`;
      await page.screenshot({ path: file, animations: 'disabled' });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      // Tables that are too wide scroll in regions of their own.
      const regions = await page.evaluate(() => [...document.querySelectorAll('[role=region]')].filter((region) => region.scrollWidth > region.clientWidth).length);
      screenshots.push({ name, theme, size, file, overflow, regions });
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
      for (const { id, impact, nodes } of found.violations) {
        violations.push({ page: name, theme, size, id, impact, target: nodes[0].target.join(' '), count: nodes.length });
      }
    }
  }
  await page.setViewportSize({ width: SIZES.wide, height: 900 });
  return { screenshots, violations };
}

/** Skeletons give way to content: a page is whole when nothing on it says that it is loading. */
export async function whole(page) {
  await page.locator('h1:visible, [role=dialog]:visible, #main p:visible').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-skeleton]'));
}
