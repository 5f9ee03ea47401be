/** Debian's Chromium for tests of pages: where it is, and pages whose every request and complaint is kept. */
import { accessSync, constants } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const wanted = process.env['CHROMIUM'] || '/usr/bin/chromium';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Whether there is a Chromium to run; says once why the tests are skipped where there is none. */
export function hasChromium(): boolean {
  try {
    accessSync(wanted, constants.X_OK);
    return true;
  } catch {
    process.stderr.write(
      `skipped: the tests of pages need Chromium, and ${wanted} can't be run; install it by scripts/setup-chromium.sh, ` +
        'or set CHROMIUM to its path\n',
    );
    return false;
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: wanted, args: flags });
}

/** A page that is open, with what it asked for and what it complained of. */
export interface Opened {
  readonly page: Page;
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

/** Opens a file in a context of its own. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, requests, complaints };
}
