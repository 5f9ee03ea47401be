/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heaps } from '../../src/allocators/heaps.ts';
import { needsOf, placeTrace } from '../../src/allocators/placements.ts';
import { Prng } from '../../src/base/prng.ts';
import { filmOf } from '../../src/collectors/film.ts';
import { collectorChoice } from '../../src/collectors/plans.ts';
import { stepPrograms } from '../../src/collectors/step-programs.ts';
import { stepsOf } from '../../src/collectors/steps.ts';
import { type CollectorMap, renderCollectorMap } from '../../src/report/heap-map/collector-map.ts';
import type { Blocks } from '../../src/report/heap-map/block-history.ts';
import type { HeapMap } from '../../src/report/heap-map/heap-map.ts';
import { renderHeapMap } from '../../src/report/heap-map/page.ts';
import { heapChurn } from '../../src/trace/heap-churn.ts';
import { mutatorTrace } from '../../src/trace/mutator.ts';
import { rewiring } from '../../src/trace/mutators/rewiring.ts';
import { rowWords } from '../../src/trace/rows.ts';
import { hasChromium, launch, open } from './chromium.ts';
import { findFaint, findNameless, findUnreachable, readHeadings } from './reading.ts';

const many = 1_000_000;
const heapBytes = 4 * 2 ** 20;
const sizes = {
  ids: 20_000,
  mostBytes: 8192,
  reallocEvery: 50,
  checkpointEvery: 0,
  alignedEvery: 0,
  sizedEvery: 0,
};

function mapOf(rows: number, ids: readonly string[]): HeapMap {
  const trace = heapChurn(new Prng(1), { rows, order: 'any', ...sizes });
  const needs = needsOf(trace);
  expect(trace.rows.length).toBe(rows * rowWords);
  const allocators = ids.map((id) => {
    const { title, make } = heaps.find((kind) => kind.id === id)!;
    const placed = placeTrace(make, 0, heapBytes, trace, { moments: 512, rows: [needs.peakRow] });
    return { id, title, placed, keeps: false, fittingBytes: null };
  });
  return { title: '<churn>', about: 'a & b', rows, needs, at: needs.peakRow, allocators };
}

/** Two collectors of one program; the first has generations, the second moves everything from half to half. */
function collected(): CollectorMap {
  const trace = mutatorTrace(rewiring, { nodes: 60, steps: 900, mostBytes: 64 }, new Prng(1));
  const films = ['generational', 'semi-space'].map((id) => {
    const choice = collectorChoice(id);
    const steps = stepsOf(choice, stepPrograms[0]!);
    return { id, title: choice.title, film: filmOf(choice, 8192, trace), liveBytes: 9999, steps };
  });
  return { title: '<rewired>', about: 'a & b', liveBytes: 9999, stepTitle: stepPrograms[0]!.title, films };
}

function liveAt({ starts, ends, bytes }: Blocks, row: number): number[] {
  return [...bytes].filter((_, i) => starts[i]! <= row && row < ends[i]!);
}

/** Waits until all pictures show what is asked of them; the row of the cursor, and the view as the fields tell. */
async function drawn(page: Page, row?: number, view?: string): Promise<void> {
  await page.waitForFunction(
    ([wantedRow, wantedView]) => {
      const all = [...document.querySelectorAll<HTMLElement>('.map')];
      return all.every((map) => {
        const field = map.querySelector<HTMLElement>('.map-field')!.dataset['drawn'];
        const strip = map.querySelector<HTMLElement>('.strip-field')!.dataset['row'];
        const isView = wantedView === null ? field !== undefined : field === wantedView;
        return isView && (wantedRow === null ? strip !== undefined : strip === String(wantedRow));
      });
    },
    [row ?? null, view ?? null] as const,
  );
}

/** How many colours a canvas has, and the share of its pixels that are of the most common one. */
function readPicture(
  canvas: Locator,
): Promise<{ colours: number; common: number; width: number; height: number }> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    copy.drawImage(element as HTMLCanvasElement, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const pixels = new Map<number, number>();
    for (const pixel of new Uint32Array(data.buffer)) pixels.set(pixel, (pixels.get(pixel) ?? 0) + 1);
    return { colours: pixels.size, common: Math.max(...pixels.values()) / (width * height), width, height };
  });
}

const figure = (page: Page, name: string, allocator = 0): Promise<string> =>
  page.locator(`[data-figure="${name}"] td`).nth(allocator).innerText();

// hasChromium says why, on stderr.
describe.skipIf(!hasChromium())('the heap map in a browser', () => {
  let browser: Browser;
  let folder: string;
  let large: HeapMap;
  let small: HeapMap;
  let objects: CollectorMap;
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'linefill-map-'));
    large = mapOf(many, ['free-list', 'tlsf']);
    small = mapOf(5000, ['tlsf']);
    for (const [name, map] of Object.entries({ large, small })) {
      writeFileSync(join(folder, `${name}.html`), renderHeapMap(map, { by: 'size' }));
      urls[name] = pathToFileURL(join(folder, `${name}.html`)).href;
    }
    objects = collected();
    writeFileSync(join(folder, 'objects.html'), renderCollectorMap(objects));
    urls['objects'] = pathToFileURL(join(folder, 'objects.html')).href;
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function onPage(
    name: string,
    use: (page: Page) => Promise<void>,
    options: Parameters<typeof open>[2] = {},
  ): Promise<void> {
    const { page, requests, complaints } = await open(browser, urls[name]!, options);
    try {
      await use(page);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => url !== urls[name] && !/^(data|blob):/.test(url))).toEqual([]);
    } finally {
      await page.context().close();
    }
  }

  /** Tasks of the page that took more than 50 ms while a million rows were unpacked, drawn, and gone through. */
  async function stallsOf(page: Page): Promise<number[]> {
    await drawn(page, large.at);
    for (const key of ['Home', 'End', 'ArrowLeft']) {
      await page.locator('.map-field').first().press(key);
      await page.waitForTimeout(30);
    }
    await page.locator('#map-by').selectOption('age');
    await drawn(page, undefined, `0 ${many} age`);
    return page.evaluate(() => {
      const { domContentLoadedEventStart } = performance.getEntriesByType(
        'navigation',
      )[0] as PerformanceNavigationTiming;
      const tasks = (globalThis as unknown as { stalls: PerformanceEntry[] }).stalls;
      return tasks
        .filter(({ startTime }) => startTime >= domContentLoadedEventStart)
        .map(({ duration }) => duration);
    });
  }

  test('draws a million rows of two allocators side by side without stalling the page', async () => {
    // Whoever else has the processor makes tasks longer: a page that stalls does so every time.
    const seen: number[][] = [];
    while (seen.length < 3 && seen.every((stalls) => stalls.length > 0)) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(() => {
        const stalls: PerformanceEntry[] = [];
        Object.assign(globalThis, { stalls });
        new PerformanceObserver((list) => stalls.push(...list.getEntries())).observe({
          type: 'longtask',
          buffered: true,
        });
      });
      await page.goto(urls['large']!);
      seen.push(await stallsOf(page));
      for (const canvas of await page.locator('.map-field canvas').all()) {
        const picture = await readPicture(canvas);
        expect(picture.colours).toBeGreaterThan(100);
        expect(picture.common).toBeLessThan(0.9);
      }
      const tops = await page
        .locator('.map')
        .evaluateAll((all) => all.map((map) => map.getBoundingClientRect().top));
      expect(tops[0]).toBe(tops[1]);
      await context.close();
    }
    expect(
      seen.some((stalls) => stalls.length === 0),
      JSON.stringify(seen),
    ).toBe(true);
  });

  test('shows the heap at the cursor, as the scrubber moves it', () =>
    onPage('small', async (page) => {
      await drawn(page, small.at);
      const { placements } = small.allocators[0]!.placed;
      const check = async (row: number): Promise<void> => {
        await drawn(page, row);
        const live = liveAt(placements, row);
        expect(await figure(page, 'blocks')).toBe(live.length.toLocaleString('en-US'));
        expect(await page.locator('.scrub output').innerText()).toBe(
          `row ${row.toLocaleString('en-US')} of 5,000`,
        );
      };
      await check(small.at);
      const scrub = page.locator('#scrub');
      await scrub.focus();
      await page.keyboard.press('Home');
      await check(0);
      await page.keyboard.press('End');
      await drawn(page, Number(await scrub.inputValue()));
      expect(Number(await scrub.inputValue())).toBeGreaterThan(4980);
      await page.locator('.map-field').focus();
      await page.keyboard.press('End');
      await check(4999);
      const last = small.allocators[0]!.placed.moments.at(-1)!.books;
      expect(await figure(page, 'pieces')).toBe(last.freeBlocks.toLocaleString('en-US'));
      expect(await figure(page, 'counted')).toBe('row 4,999');
      const box = (await page.locator('.map-field').boundingBox())!;
      await page.mouse.click(box.x + box.width / 2 + 1, box.y + box.height / 2);
      const middle = Number(
        await scrub
          .getAttribute('aria-valuetext')
          .then((text) => text!.replace(/\D*([\d,]+).*/, '$1').replace(',', '')),
      );
      expect(Math.abs(middle - 2500)).toBeLessThan(20);
      await check(middle);
    }));

  test('zooms by a drag, by keys and buttons, and shows all again', () =>
    onPage('small', async (page) => {
      await drawn(page);
      const field = page.locator('.map-field');
      const box = (await field.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 42, { steps: 3 });
      expect(await page.locator('.map-drag').isVisible()).toBe(true);
      await page.mouse.up();
      await page.waitForFunction(
        () => document.querySelector<HTMLElement>('.map-field')!.dataset['drawn'] !== '0 5000 size',
      );
      const [from, to] = (await field.getAttribute('data-drawn'))!.split(' ').map(Number);
      expect(Math.abs(from! - 1250)).toBeLessThan(25);
      expect(Math.abs(to! - 2500)).toBeLessThan(25);
      // A drag along time keeps all addresses.
      expect(await page.locator('.map-y span').last().innerText()).toBe('0 B');
      await field.press('+');
      await page.waitForFunction(
        ([a, b]) => {
          const [x, y] = document
            .querySelector<HTMLElement>('.map-field')!
            .dataset['drawn']!.split(' ')
            .map(Number);
          return Math.abs(y! - x! - (b! - a!) / 2) <= 1;
        },
        [from, to] as const,
      );
      await page.getByRole('button', { name: 'All', exact: true }).click();
      await drawn(page, undefined, '0 5000 size');
      expect(await page.getByRole('button', { name: 'Zoom out of time' }).isDisabled()).toBe(true);
      await page.mouse.move(box.x + 100, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + 200, box.y + box.height - 30, { steps: 3 });
      await page.mouse.up();
      await page.waitForFunction(
        () => document.querySelector('.map-y span:last-child')!.textContent !== '0 B',
      );
    }));

  test('names the block under the pointer, and goes through them by the arrow keys', () =>
    onPage('small', async (page) => {
      await drawn(page, small.at);
      const said = page.locator('.strip-said');
      expect(await said.innerText()).toMatch(/^Point at a block/);
      const { starts, ends, offsets, bytes } = small.allocators[0]!.placed.placements;
      const [first, second] = [...starts.keys()]
        .filter((i) => starts[i]! <= small.at && small.at < ends[i]!)
        .toSorted((a, b) => offsets[a]! - offsets[b]!);
      const words = (i: number): RegExp =>
        new RegExp(
          `byte ${(4 * offsets[i]!).toLocaleString('en-US')}\\): ${bytes[i]!.toLocaleString('en-US')} B, placed by row ` +
            `${starts[i]!.toLocaleString('en-US')}, ${(small.at - starts[i]!).toLocaleString('en-US')} rows old`,
        );
      await page.locator('.strip-field').focus();
      await page.keyboard.press('ArrowRight');
      expect(await said.innerText()).toMatch(words(first!));
      await page.keyboard.press('ArrowRight');
      expect(await said.innerText()).toMatch(words(second!));
      await page.keyboard.press('Escape');
      expect(await said.innerText()).toMatch(/^Point at a block/);
      await page.locator('.strip-field').hover({ position: { x: 3, y: 3 } });
      expect(await said.innerText()).toMatch(/^Block at /);
      expect(await page.locator('.strip-mark').isVisible()).toBe(true);
    }));

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)('can be read in the %s scheme at a width of %i', (colorScheme, width) =>
    onPage(
      'small',
      async (page) => {
        await drawn(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(await page.evaluate(findFaint, 4.5)).toEqual([]);
        expect(await page.evaluate(findNameless)).toEqual([]);
        expect(await page.evaluate(findUnreachable)).toEqual([]);
        expect(await page.evaluate(readHeadings)).toEqual([1, 2, 2, 2]);
        expect(await page.locator('h1').innerText()).toBe('Heap map of <churn>');
        const before = await readPicture(page.locator('.map-field canvas'));
        await page.locator('#map-by').selectOption('free');
        await drawn(page, undefined, '0 5000 free');
        expect((await readPicture(page.locator('.map-field canvas'))).width).toBe(before.width);
        expect(await page.locator('.map-key:visible').getAttribute('data-by')).toBe('free');
      },
      { colorScheme, viewport: { width, height: 800 } },
    ),
  );

  test("draws two collectors' objects by space, and steps through a collection", () =>
    onPage(
      'objects',
      async (page) => {
        const { rectangles } = objects.films[0]!.film;
        const last = rectangles.rows - 1;
        await drawn(page, last, `0 ${rectangles.rows} space`);
        expect(await figure(page, 'blocks')).toBe(liveAt(rectangles, last).length.toLocaleString('en-US'));
        expect((await readPicture(page.locator('.map-field canvas').first())).colours).toBeGreaterThan(2);
        await page.locator('.strip-field').first().press('ArrowRight');
        expect(await page.locator('.strip-said').first().innerText()).toMatch(
          /^Object at .* in (nursery|old generation): [\d,]+ B, made by row [\d,]+, [\d,]+ rows old\.$/,
        );
        const stepping = page.locator('.stepping').nth(1);
        const shown = stepping.locator('.step:visible');
        for (const name of ['Next', 'Next', 'Next', 'Back', 'Next']) {
          await stepping.getByRole('button', { name, exact: true }).click();
        }
        expect(await shown.count()).toBe(1);
        expect(await shown.locator('.step-text').innerText()).toContain('A is copied from word 16 to 136');
        expect(await shown.locator('.pointer').allInnerTexts()).toEqual(['▲ scan', '▲ free']);
        await stepping.getByRole('button', { name: 'Play' }).click();
        expect(await stepping.getByRole('button', { name: 'Pause' }).count()).toBe(1);
        await stepping.locator('input').press('End');
        expect(await shown.locator('.cell--freed').allInnerTexts()).toEqual(['B', 'E']);
        expect(await stepping.getByRole('button', { name: 'Play' }).count()).toBe(1);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
        expect(await page.evaluate(findFaint, 4.5)).toEqual([]);
        expect(await page.evaluate(findNameless)).toEqual([]);
        expect(await page.evaluate(findUnreachable)).toEqual([]);
        expect(await page.evaluate(readHeadings)).toEqual([1, 2, 2, 2, 3, 3]);
        await page.emulateMedia({ media: 'print' });
        expect(await page.locator('.step-tools:visible').count()).toBe(0);
      },
      { colorScheme: 'dark', viewport: { width: 400, height: 800 } },
    ));

  test('tells the figures without its script', () =>
    onPage(
      'small',
      async (page) => {
        expect(await page.locator('.map-tools').isVisible()).toBe(false);
        expect(await page.getByText('The picture needs a script').first().isVisible()).toBe(true);
        const { books } = small.allocators[0]!.placed.moments.find(({ row }) => row === small.at)!;
        expect(await figure(page, 'blocks')).toBe(books.liveBlocks.toLocaleString('en-US'));
        expect(await page.locator('#moments tbody tr').count()).toBe(6);
        expect(await page.locator('#fragmentation tbody tr').count()).toBe(9);
      },
      { javaScriptEnabled: false },
    ));
});
