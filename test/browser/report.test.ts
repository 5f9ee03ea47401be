/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/experiment/run.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { darkTokens, lightTokens } from '../../src/report/html/tokens.ts';
import { emptyRun, largeRun, syntheticRun, syntheticTexts } from '../fixtures/run.ts';
import { withTimelines } from '../fixtures/run-timelines.ts';
import { hasChromium, launch, open } from './chromium.ts';
import { findFaint, findNameless, findUnreachable, readHeadings, readRows, readSeries } from './reading.ts';

const run = withTimelines(syntheticRun());
const chart = '#experiment-access-order .figure';

function measurement(arm: string, group: string): Measurement {
  return run.measurements.find((one) => one.arm === arm && one.group === group && one.metric === 'time')!;
}

/** '#0e1218' as the browser writes it. */
function rgb(colour: string): string {
  return `rgb(${[1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(', ')})`;
}

/** The number at the head of '1.50 us' or '[', in units of the run: ns, ratios, shares, counts. */
function parsed(words: string): number {
  const [, digits, unit] = /^[±]?([\d.,e+-]+)\s*(.*)$/.exec(words)!;
  const per: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, '%': 0.01, x: 1, '': 1 };
  return Number(digits!.replaceAll(',', '')) * per[unit!]!;
}

// hasChromium says why, on stderr.
describe.skipIf(!hasChromium())('the report in a browser', () => {
  let browser: Browser;
  let folder: string;
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'linefill-page-'));
    const pages = {
      page: renderHtml(run, syntheticTexts),
      empty: renderHtml(emptyRun(), syntheticTexts),
      large: renderHtml(largeRun(300, 12, 20), []),
    };
    for (const [name, html] of Object.entries(pages)) {
      writeFileSync(join(folder, `${name}.html`), html);
      urls[name] = pathToFileURL(join(folder, `${name}.html`)).href;
    }
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage<T>(
    use: (page: Page) => Promise<T>,
    options: Parameters<typeof open>[2] = {},
  ): Promise<T> {
    const opened = await open(browser, urls['page']!, options);
    try {
      const result = await use(opened.page);
      expect(opened.complaints).toEqual([]);
      expect(opened.requests.filter((url) => url !== urls['page'] && !url.startsWith('data:'))).toEqual([]);
      return result;
    } finally {
      await opened.page.context().close();
    }
  }

  it.each(['page', 'empty', 'large'])(
    'opens the %s run without a complaint, and asks for nothing but itself',
    async (name) => {
      const { page, requests, complaints } = await open(browser, urls[name]!);
      await page.mouse.wheel(0, 4000);
      for (const summary of await page.locator('main details > summary:visible').all()) await summary.click();
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([urls[name]]);
      await page.context().close();
    },
  );

  it('shows the numbers of the run file', () =>
    onPage(async (page) => {
      for (const { id } of syntheticTexts) {
        const shown = await page.locator(`#experiment-${id}`).evaluate(readRows);
        const rows = run.measurements.filter((one) => one.experiment === id && one.metric === 'time');
        expect(shown.filter((row) => row.numbers.length > 0).length).toBeGreaterThanOrEqual(rows.length);
        for (const one of rows) {
          const row = shown.find(({ arm, group }) => arm === one.arm && group === one.group)!;
          const { median, low, high, error } = one.summary;
          expect(row.numbers.map(({ value }) => value)).toEqual(expect.arrayContaining([median, error]));
          if (low !== null && high !== null) expect(row.bounds).toContainEqual([low, high]);
          const ratios = run.comparisons.filter(({ group, arm }) => group === one.group && arm === one.arm);
          expect(row.numbers.map(({ value }) => value)).toEqual(
            expect.arrayContaining(ratios.map(({ ratio }) => ratio)),
          );
        }
      }
    }));

  it('writes each number so that it reads as what it is', () =>
    onPage(async (page) => {
      const numbers = await page
        .locator('main')
        .evaluate((main) =>
          [...main.querySelectorAll('.results data')].map(
            (one) => [(one as HTMLDataElement).value, one.textContent] as const,
          ),
        );
      expect(numbers.length).toBeGreaterThan(400);
      for (const [value, words] of numbers) {
        // Three digits, or one decimal of a percent.
        const slack = Math.max(Math.abs(Number(value)) * 0.005, words.endsWith('%') ? 0.0005 : 0);
        expect(Math.abs(parsed(words) - Number(value)), `${words} for ${value}`).toBeLessThanOrEqual(
          slack + 1e-12,
        );
      }
    }));

  it('shows the exact value and interval of the mark under the pointer', () =>
    onPage(async (page) => {
      const one = measurement('random', 'workingSetBytes=67108864');
      const mark = page.locator(
        `${chart} .chart--wide .series[data-series="2"] .mark[data-x="67108864"] .shape`,
      );
      await mark.scrollIntoViewIfNeeded();
      const tip = page.locator(`${chart} .tip`);
      expect(await tip.isVisible()).toBe(false);
      const box = (await mark.boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const { median, low, high } = one.summary;
      const [shown, from, to] = [median, low!, high!].map((value) => Number(value.toPrecision(5)).toFixed(3));
      expect(await tip.innerText()).toContain(`${shown} ns [${from}, ${to}]`);
      expect(await tip.innerText()).toMatch(/^shuffled\n/);
      expect(await tip.innerText()).toContain('working set 64 MiB');
      const frame = (await tip.boundingBox())!;
      expect(frame.x).toBeGreaterThanOrEqual(0);
      expect(frame.x + frame.width).toBeLessThanOrEqual(page.viewportSize()!.width);
      await page.mouse.move(2, 2);
      expect(await tip.isVisible()).toBe(false);
    }));

  it('goes through the values by the arrow keys, and hides the tooltip by Escape', () =>
    onPage(async (page) => {
      const plot = page.locator(`${chart} .plot`);
      const tip = page.locator(`${chart} .tip`);
      await page.locator(`${chart} .legend button`).last().focus();
      await page.keyboard.press('Tab');
      expect(await plot.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await tip.innerText()).toMatch(/^in order\nworking set 16 KiB/);
      await page.keyboard.press('ArrowRight');
      expect(await tip.innerText()).toMatch(/^in order\nworking set 64 KiB/);
      await page.keyboard.press('ArrowUp');
      expect(await tip.innerText()).toMatch(/^every 16th, then the next\nworking set 64 KiB/);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      expect(await tip.innerText()).toMatch(/^in order\nworking set 16 KiB/);
      await page.keyboard.press('End');
      expect(await tip.innerText()).toMatch(/^shuffled, TypeScript\nworking set 64 MiB/);
      await page.keyboard.press('Escape');
      expect(await tip.isVisible()).toBe(false);
      await page.keyboard.press('Home');
      await page.keyboard.press('Tab');
      expect(await tip.isVisible()).toBe(false);
    }));

  it('goes through bars and cells of a matrix by the arrow keys', () =>
    onPage(async (page) => {
      const bars = page.locator('#experiment-pool-allocation .figure').first();
      await bars.locator('.plot').nth(1).focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      expect(await bars.locator('.tip').innerText()).toMatch(
        /^pool, scanned flags|^pool, intrusive free list/,
      );
      const matrix = page.locator('#experiment-core-to-core .figure');
      await matrix.locator('.scroll').focus();
      await page.keyboard.press('Home');
      expect(await matrix.locator('.tip').innerText()).toContain('from 1, to 0');
      await page.keyboard.press('ArrowRight');
      expect(await matrix.locator('.tip').innerText()).toContain('from 2, to 0');
      await page.keyboard.press('ArrowDown');
      expect(await matrix.locator('.tip').innerText()).toContain('from 2, to 1');
      await page.keyboard.press('Tab');
      expect(await matrix.locator('.tip').isVisible()).toBe(false);
    }));

  it('switches series off and on by the keyboard', () =>
    onPage(async (page) => {
      const figure = page.locator(chart);
      const all = await figure.evaluate(readSeries);
      expect(new Set(all)).toEqual(new Set(['0', '1', '2', '3', '4', '5']));
      const button = figure.getByRole('button', { name: 'shuffled', exact: true });
      await button.focus();
      await page.keyboard.press('Space');
      expect(await button.getAttribute('aria-pressed')).toBe('false');
      expect(await figure.evaluate(readSeries)).toEqual(all.filter((series) => series !== '2'));
      expect(await figure.locator('.direct[data-series="2"]').isVisible()).toBe(false);
      await page.keyboard.press('Enter');
      expect(await button.getAttribute('aria-pressed')).toBe('true');
      expect(await figure.evaluate(readSeries)).toEqual(all);
    }));

  it('switches all series off and on at once', () =>
    onPage(async (page) => {
      const figure = page.locator(chart);
      const all = await figure.evaluate(readSeries);
      await figure.getByRole('button', { name: 'None', exact: true }).click();
      expect(await figure.evaluate(readSeries)).toEqual([]);
      expect(await figure.locator('.legend button[aria-pressed=true]').count()).toBe(0);
      await figure.getByRole('button', { name: 'shuffled', exact: true }).click();
      expect(new Set(await figure.evaluate(readSeries))).toEqual(new Set(['2']));
      await figure.getByRole('button', { name: 'All', exact: true }).click();
      expect(await figure.evaluate(readSeries)).toEqual(all);
    }));

  it('draws the raw samples when asked, and lists them', () =>
    onPage(async (page) => {
      const raw = page.locator('#experiment-access-order details.raw').first();
      expect(await raw.locator('.strip').count()).toBe(0);
      await raw.locator('summary').first().focus();
      await page.keyboard.press('Enter');
      await raw.getByLabel('Samples of').selectOption('working set 4 MiB');
      expect(await raw.locator('.strip').count()).toBe(7);
      await raw.locator('.strip summary').first().click();
      const table = await raw
        .locator('.strip table')
        .first()
        .evaluate((element) => ({
          caption: (element as HTMLTableElement).caption!.textContent,
          values: [...element.querySelectorAll('data')].map((one) => Number(one.value)),
          regimes: element.textContent.split('(regime 2)').length - 1,
        }));
      const one = measurement('sequential', 'workingSetBytes=4194304');
      expect(table.caption).toBe('in order, ns');
      const byRound = one.processes[0]!.raw.flatMap((_, round) =>
        one.processes.map((process) => process.raw[round]!),
      );
      expect(table.values).toEqual(byRound);
      expect(table.regimes).toBe(
        one.processes.flatMap(({ regimes }) => regimes).filter((regime) => regime === 1).length,
      );
    }));

  it.each([360, 720, 1280])('is never wider than a window of %i', (width) =>
    onPage(
      async (page) => {
        for (const summary of await page.locator('details.raw > summary').all()) await summary.click();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        const size = width < 704 ? 'narrow' : 'wide';
        const shown = await page
          .locator(`${chart} .chart:visible`)
          .evaluateAll((all) => all.map((one) => one.getAttribute('class')));
        expect(shown).toEqual([`chart chart--${size}`]);
      },
      { viewport: { width, height: 800 } },
    ),
  );

  it.each([
    ['light', lightTokens],
    ['dark', darkTokens],
  ] as const)('has readable text in the %s scheme', (colorScheme, tokens) =>
    onPage(
      async (page) => {
        const colours = await page.evaluate(() => {
          const { backgroundColor, color } = getComputedStyle(document.body);
          return { backgroundColor, color };
        });
        expect(colours).toEqual({ backgroundColor: rgb(tokens.paper), color: rgb(tokens.ink) });
        for (const summary of await page.locator('main > section details > summary').all())
          await summary.click();
        await page.locator(`${chart} .plot`).focus();
        await page.keyboard.press('End');
        expect(await page.evaluate(findFaint, 4.5)).toEqual([]);
      },
      { colorScheme },
    ),
  );

  it('has a name for everything that needs one, headings in order, and scrolls by the keyboard', () =>
    onPage(
      async (page) => {
        expect(await page.evaluate(findNameless)).toEqual([]);
        expect(await page.evaluate(findUnreachable)).toEqual([]);
        const headings = await page.evaluate(readHeadings);
        expect(headings[0]).toBe(1);
        expect(headings.filter((level) => level === 1)).toHaveLength(1);
        for (let i = 1; i < headings.length; i++)
          expect(headings[i]! - headings[i - 1]!).toBeLessThanOrEqual(1);
        expect(await page.locator('html').getAttribute('lang')).toBe('en');
        expect(await page.locator('main').count()).toBe(1);
        const chartName = await page.locator(`${chart} svg[role=img]`).first().getAttribute('aria-label');
        expect(chartName).toBe('Time of a load over the working set');
      },
      { viewport: { width: 360, height: 800 } },
    ));

  it('can be read without its script', () =>
    onPage(
      async (page) => {
        expect(await page.locator(`${chart} .chart--wide`).isVisible()).toBe(true);
        expect(await page.locator(`${chart} .legend li[data-series]`).count()).toBe(6);
        expect(await page.locator('button').count()).toBe(0);
        expect(await page.locator('.strips-of-time svg').count()).toBe(5);
        expect(await page.locator('.strip-table tbody tr').count()).toBe(5);
        expect(
          await page
            .getByRole('img', { name: /^Minimum mutator utilisation/ })
            .first()
            .isVisible(),
        ).toBe(true);
        expect(await page.locator('#experiment-access-order tr[data-arm]').count()).toBe(56);
        expect(
          await page.getByRole('img', { name: 'Time of a load over the working set' }).first().isVisible(),
        ).toBe(true);
      },
      { javaScriptEnabled: false },
    ));

  it('is printed on white, whole, without what only a screen needs', () =>
    onPage(
      async (page) => {
        await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
        expect(await page.locator('.contents').isVisible()).toBe(false);
        expect(await page.locator('details.raw').first().isVisible()).toBe(false);
        const seen = await page
          .locator('.scroll--tall')
          .first()
          .evaluate((element) => ({
            ink: getComputedStyle(element).color,
            cut: element.scrollHeight - element.clientHeight,
          }));
        expect(seen).toEqual({ ink: rgb(lightTokens.ink), cut: 0 });
      },
      { colorScheme: 'dark' },
    ));
});
