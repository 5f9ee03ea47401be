/**
 * The page's worker: it unpacks a trace's blocks and answers what the page asks, so that the page itself never
 * waits. It goes into the page as text and uses nothing but its arguments and what every worker has.
 */
import { BlockHistory, type View } from './block-history.ts';
import { unpackBlocks } from './packed.ts';
import { paintGrid } from './paint.ts';

/** What the page says: parts of the packed text, then that they are all. `palette`: of each class and of what is free, 0xAABBGGRR. */
export type Question =
  | { readonly kind: 'part'; readonly text: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'grid'; readonly view: View; readonly palette: Uint32Array }
  | {
      readonly kind: 'snapshot';
      readonly row: number;
      readonly view: View;
      readonly palette: Uint32Array;
    };

interface Scope {
  addEventListener(type: 'message', listener: (event: { readonly data: Question }) => void): void;
  postMessage(answer: object, transfer?: readonly ArrayBufferLike[]): void;
}

/** Answers questions from now on. */
export function serveHistory(
  Blocks: typeof BlockHistory,
  unpack: typeof unpackBlocks,
  paint: typeof paintGrid,
  scope: Scope,
): void {
  let history: BlockHistory | null = null;
  const parts: string[] = [];

  const unpacked = async (text: string): Promise<BlockHistory> => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Blocks(unpack(new Uint8Array(await new Response(stream).arrayBuffer())));
  };

  const answer = async (data: Question): Promise<void> => {
    if (data.kind === 'part') {
      parts.push(data.text);
      return;
    }
    if (data.kind === 'open') {
      history = await unpacked(parts.splice(0).join(''));
      scope.postMessage({ kind: 'open' });
      return;
    }
    const { kind, view, palette } = data;
    if (kind === 'grid') {
      const grid = history!.grid(view);
      const pixels = paint(grid, palette);
      scope.postMessage({ kind, view, columns: grid.columns, lines: grid.lines, pixels }, [pixels.buffer]);
      return;
    }
    const snapshot = history!.snapshot(data.row);
    const grid = history!.column(snapshot, data.row, view);
    const pixels = paint(grid, palette).reverse();
    const { offsets, bytes, births, spaces } = snapshot;
    const buffers = [offsets.buffer, bytes.buffer, births.buffer, spaces.buffer, pixels.buffer];
    const { lines: cells, wordsPerLine: wordsPerCell } = grid;
    scope.postMessage({ kind, row: data.row, ...snapshot, view, cells, wordsPerCell, pixels }, buffers);
  };
  scope.addEventListener('message', ({ data }) => {
    answer(data).catch((error: unknown) => scope.postMessage({ kind: 'failed', text: String(error) }));
  });
}

/** The worker's script. */
export function workerScript(): string {
  const parts = [BlockHistory, unpackBlocks, paintGrid].map(String);
  return `(${serveHistory.toString()})(${parts.join(', ')}, self);`;
}
