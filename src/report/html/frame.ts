/**
 * What every page of ours has around it: one file that asks nobody for anything, a content policy that forbids it to,
 * the style sheet, the brand.
 */
import { createHash } from 'node:crypto';
import { html, Markup } from './markup.ts';
import { styleSheet } from './style.ts';

export interface Frame {
  /** Of the window. */
  readonly title: string;
  /** Of the body. */
  readonly body: Markup;
  readonly script: string;
  /** Rules beside the common ones. */
  readonly style?: string;
  /** Whether the script starts workers, which it makes itself. */
  readonly hasWorkers?: boolean;
}

function policy({ script, hasWorkers = false }: Frame): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const workers = hasWorkers ? ' worker-src blob:;' : '';
  return `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}';${workers} img-src data:; base-uri 'none'; form-action 'none'`;
}

/** A line of eight words that is being filled. */
export function brandMark(): Markup {
  const cells = Array.from(
    { length: 8 },
    (_, i) =>
      html`<rect class="${i < 5 ? 'cell-on' : 'cell-off'}" x="${i * 9}" width="7" height="14" rx="1"/>`,
  );
  return html`<svg viewBox="0 0 70 14" width="70" height="14" aria-hidden="true" focusable="false">${cells}</svg>`;
}

/** The page as text. */
export function drawDocument(frame: Frame): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(frame)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${frame.title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(styleSheet() + (frame.style ?? ''))}</style>
</head>
<body>
${frame.body}
<script>${new Markup(frame.script)}</script>
</body>
</html>
`;
  return page.text;
}
