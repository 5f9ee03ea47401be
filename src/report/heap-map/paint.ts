/** From a grid's cells to pixels. The function goes into the page as text: it uses nothing but its arguments. */
import type { Grid } from './block-history.ts';

/**
 * Pixels from the top down, the highest addresses first, each 0xAABBGGRR. `palette`: the colour of each class, and last
 * that of what is free. A cell is between the two by how full it is; what is a little full is already seen.
 */
export function paintGrid({ columns, lines, classes, levels }: Grid, palette: Uint32Array): Uint32Array {
  const none = palette.at(-1)!;
  const mixed = new Uint32Array((palette.length - 1) * 256);
  for (let i = 0; i < mixed.length; i++) {
    const [full, level] = [palette[i >> 8]!, i & 255];
    const share = level === 0 ? 0 : 0.3 + (0.7 * level) / 255;
    let colour = 0xff000000;
    for (const shift of [0, 8, 16]) {
      const [from, to] = [(none >> shift) & 255, (full >> shift) & 255];
      colour |= Math.round(from + (to - from) * share) << shift;
    }
    mixed[i] = colour >>> 0;
  }
  const pixels = new Uint32Array(columns * lines);
  for (let line = 0; line < lines; line++) {
    const from = line * columns;
    const to = (lines - 1 - line) * columns;
    for (let i = 0; i < columns; i++) {
      pixels[to + i] = mixed[classes[from + i]! * 256 + levels[from + i]!]!;
    }
  }
  return pixels;
}
