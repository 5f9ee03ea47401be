/**
 * Names for the numbers in ARM's main identification register (MIDR_EL1): who designed a core and which one it
 * is. Only the cores that a Node.js program is likely to meet: servers, phones, Apple under Linux.
 * Source: Linux arch/arm64/include/asm/cputype.h; the naming follows lscpu (util-linux).
 */
const designers = new Map<number, string>([
  [0x41, 'ARM'],
  [0x42, 'Broadcom'],
  [0x43, 'Cavium'],
  [0x46, 'Fujitsu'],
  [0x48, 'HiSilicon'],
  [0x4e, 'NVIDIA'],
  [0x50, 'APM'],
  [0x51, 'Qualcomm'],
  [0x53, 'Samsung'],
  [0x61, 'Apple'],
  [0x70, 'Phytium'],
  [0xc0, 'Ampere'],
]);

/** Keyed by designer and part: the designer in bits 12 and up, the part in the 12 bits below. */
const cores = new Map<number, string>([
  [0x41d03, 'Cortex-A53'],
  [0x41d04, 'Cortex-A35'],
  [0x41d05, 'Cortex-A55'],
  [0x41d07, 'Cortex-A57'],
  [0x41d08, 'Cortex-A72'],
  [0x41d09, 'Cortex-A73'],
  [0x41d0a, 'Cortex-A75'],
  [0x41d0b, 'Cortex-A76'],
  [0x41d0c, 'Neoverse-N1'],
  [0x41d0d, 'Cortex-A77'],
  [0x41d40, 'Neoverse-V1'],
  [0x41d41, 'Cortex-A78'],
  [0x41d44, 'Cortex-X1'],
  [0x41d46, 'Cortex-A510'],
  [0x41d47, 'Cortex-A710'],
  [0x41d48, 'Cortex-X2'],
  [0x41d49, 'Neoverse-N2'],
  [0x41d4a, 'Neoverse-E1'],
  [0x41d4d, 'Cortex-A715'],
  [0x41d4e, 'Cortex-X3'],
  [0x41d4f, 'Neoverse-V2'],
  [0x41d80, 'Cortex-A520'],
  [0x41d81, 'Cortex-A720'],
  [0x41d82, 'Cortex-X4'],
  [0x41d84, 'Neoverse-V3'],
  [0x41d85, 'Cortex-X925'],
  [0x41d87, 'Cortex-A725'],
  [0x41d8e, 'Neoverse-N3'],
  [0x42516, 'ThunderX2'],
  [0x430a1, 'ThunderX'],
  [0x430af, 'ThunderX2'],
  [0x46001, 'A64FX'],
  [0x48d01, 'Kunpeng-920'],
  [0x4e004, 'Carmel'],
  [0x50000, 'X-Gene'],
  [0x51001, 'Oryon'],
  [0x51c00, 'Falkor'],
  [0x61022, 'M1 Icestorm'],
  [0x61023, 'M1 Firestorm'],
  [0x61024, 'M1 Pro Icestorm'],
  [0x61025, 'M1 Pro Firestorm'],
  [0x61028, 'M1 Max Icestorm'],
  [0x61029, 'M1 Max Firestorm'],
  [0x61032, 'M2 Blizzard'],
  [0x61033, 'M2 Avalanche'],
  [0xc0ac3, 'Ampere-1'],
  [0xc0ac4, 'Ampere-1a'],
]);

/** 'ARM Neoverse-N1'; numbers in hexadecimal stand where a name is not known. */
export function armCoreName(implementer: number, part: number): string {
  const designer = designers.get(implementer) ?? `implementer 0x${implementer.toString(16)}`;
  const core = cores.get(implementer * 0x1000 + part) ?? `part 0x${part.toString(16)}`;
  return `${designer} ${core}`;
}
