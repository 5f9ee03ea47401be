/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * What is read off a page inside the browser. Each function is sent there as text, so that it may use nothing but its
 * arguments and the page.
 */

export interface ShownNumber {
  readonly value: number;
  readonly words: string;
}

export interface ShownRow {
  readonly group: string;
  readonly arm: string;
  readonly numbers: readonly ShownNumber[];
  readonly bounds: readonly (readonly [number, number])[];
}

/** The rows of an experiment's tables. */
export function readRows(section: Element): ShownRow[] {
  return [...section.querySelectorAll<HTMLElement>('tr[data-arm]')].map((row) => ({
    group: row.dataset['group']!,
    arm: row.dataset['arm']!,
    numbers: [...row.querySelectorAll('data')].map((one) => ({
      value: Number(one.value),
      words: one.textContent,
    })),
    bounds: [...row.querySelectorAll<HTMLElement>('.interval')].map((one) => [
      Number(one.dataset['low']),
      Number(one.dataset['high']),
    ]),
  }));
}

/** Elements that nobody who can't see would have a name for: pictures, buttons, regions, tables, links, fields. */
export function findNameless(): string[] {
  const named = (element: Element): boolean => {
    const ids = (element.getAttribute('aria-labelledby') ?? '').split(' ').filter((id) => id !== '');
    const texts = [
      element.getAttribute('aria-label'),
      ...ids.map((id) => document.getElementById(id)?.textContent ?? null),
      element.querySelector(':scope > caption')?.textContent ?? null,
      element.querySelector(':scope > title')?.textContent ?? null,
      (element as HTMLInputElement).labels?.[0]?.textContent ?? null,
      element.matches('a, button, summary') ? element.textContent : null,
    ];
    return texts.some((text) => text !== null && text.trim() !== '');
  };
  const needy =
    '[role=img], svg:not([aria-hidden=true]), [role=region], [role=group], table, button, a, summary, select, nav, section';
  return [...document.querySelectorAll(needy)]
    .filter((element) => !named(element))
    .map((element) => element.outerHTML.slice(0, 160));
}

/** Levels of the headings in the order of the page. */
export function readHeadings(): number[] {
  return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((heading) =>
    Number(heading.tagName.slice(1)),
  );
}

/** Containers that scroll but that the keyboard can't reach. */
export function findUnreachable(): string[] {
  return [...document.querySelectorAll<HTMLElement>('*')]
    .filter((element) => {
      const { overflowX, overflowY } = getComputedStyle(element);
      const scrolls =
        (/auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth + 1) ||
        (/auto|scroll/.test(overflowY) && element.scrollHeight > element.clientHeight + 1);
      return scrolls && element.tabIndex < 0 && element.querySelector('a, button, [tabindex="0"]') === null;
    })
    .map((element) => element.outerHTML.slice(0, 160));
}

/** Text that contrasts with what lies behind it by less than `least` to 1, as it is really drawn. */
export function findFaint(least: number): string[] {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const pixelOf = (colour: string): number[] => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (pixel: readonly number[]): number => {
    const [r, g, b] = pixel.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const behind = (element: Element): number[] => {
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const pixel = pixelOf(getComputedStyle(at).backgroundColor);
      if (pixel[3] === 255) return pixel;
    }
    return [255, 255, 255, 255];
  };
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement!;
    if (node.textContent!.trim() === '' || element.matches('script, style, title, desc, option')) continue;
    if (element.closest('.sr, [hidden]') !== null || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const front = pixelOf(element instanceof SVGElement ? style.fill : style.color);
    const [low, high] = [luminance(front), luminance(behind(element))].toSorted((a, b) => a - b);
    const contrast = (high! + 0.05) / (low! + 0.05);
    if (contrast < least)
      found.push(
        `${contrast.toFixed(2)} ${element.tagName} ${element.className} ${node.textContent!.trim()}`,
      );
  }
  return found;
}

/** Ids of the series that can be seen in a figure. */
export function readSeries(figure: Element): string[] {
  return [...figure.querySelectorAll<SVGElement>('.series')]
    .filter((series) => series.getClientRects().length > 0 && getComputedStyle(series).display !== 'none')
    .map((series) => series.dataset['series']!);
}
