import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { test } from 'vitest';
import { renderHtml } from '../../src/report/html/page.ts';
import { largeRun, syntheticRun, syntheticTexts } from '../fixtures/run.ts';
import { withTimelines } from '../fixtures/run-timelines.ts';
import { launch, open } from './chromium.ts';
test('x', async () => {
  let t = performance.now(); const lap = (w: string) => { const n = performance.now(); console.log(w, (n - t).toFixed()); t = n; };
  const html = renderHtml(withTimelines(syntheticRun()), syntheticTexts); lap('render ' + html.length);
  const large = renderHtml(largeRun(300, 12, 20), []); lap('large ' + large.length);
  writeFileSync('/tmp/h/p.html', html); const url = pathToFileURL('/tmp/h/p.html').href;
  const b = await launch(); lap('launch');
  for (let i = 0; i < 3; i++) { const c = await b.newContext(); lap('context'); const p = await c.newPage(); lap('page'); await p.goto(url); lap('goto'); await c.close(); lap('close'); }
  const c = await b.newContext(); const p = await c.newPage(); lap('new'); for (let i = 0; i < 3; i++) { await p.goto(url); lap('again'); }
  await b.close();
}, 60000);
