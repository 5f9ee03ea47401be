/** Bytes for people: KiB is 1024 B. Four significant figures, no trailing zeros. */
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** '64 B', '32 KiB', '1.5 MiB'; the largest unit that leaves a figure of 1 or more. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))} ${units[unit]}`;
}
