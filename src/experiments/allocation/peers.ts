/** Why an allocator of others can't be measured here, and what to install; null where it can. */
import { environment } from '../../native/binding.ts';

export function noBoostPool(): string | null {
  return environment().peers().boostPool === null
    ? 'Boost.Pool was not installed when the addon was built: apt-get install libboost-dev, then npm rebuild'
    : null;
}

/** In the order in which the addon numbers them. */
export const generalPeers = ['malloc', 'jemalloc', 'tcmalloc', 'mimalloc'] as const;
export type GeneralPeerId = (typeof generalPeers)[number];

/** What a program has from a library as an object of its own; numbered after the others. */
export const libraryPeers = ['pmr-pool', 'pmr-monotonic', 'boost-pool'] as const;
export type LibraryPeerId = (typeof libraryPeers)[number];

/** Whoever replays a trace, and is not ours. */
export type PeerId = GeneralPeerId | LibraryPeerId;
export const replayPeers: readonly PeerId[] = [...generalPeers, ...libraryPeers];

export const isLibraryPeer = (id: PeerId): id is LibraryPeerId => libraryPeers.some((each) => each === id);

/** What is preloaded into a process so that its malloc is this one; null: it is already. */
export const preloadedAs: Readonly<Record<GeneralPeerId, string | null>> = {
  malloc: null,
  jemalloc: 'libjemalloc.so.2',
  tcmalloc: 'libtcmalloc_minimal.so.4',
  mimalloc: 'libmimalloc.so.2',
};

/** A measuring process is started with the room that a peer may need: where only that is missing, it can be measured. */
export function noPeer(id: GeneralPeerId): string | null {
  const peer = environment()
    .peers()
    .general.find((each) => each.id === id);
  if (peer === undefined) return `the addon knows no ${id}; rebuild it: npm run build`;
  return peer.needsRoom ? null : peer.missing;
}

/** Why it can't serve requests for an alignment; null: it can, or can't be asked in this process. */
export function misaligns(id: GeneralPeerId, alignmentBytes: number): string | null {
  const peer = environment()
    .peers()
    .general.find((each) => each.id === id);
  const kept = peer?.keptAlignmentBytes ?? 0;
  if (kept === 0 || alignmentBytes <= kept) return null;
  return `not applicable: ${alignmentBytes} B of alignment are asked for, and ${id} ${peer?.version ?? ''} gives some such blocks out of line`;
}

/** noPeer() of all that replay a trace. */
export function noReplayPeer(id: PeerId): string | null {
  if (!isLibraryPeer(id)) return noPeer(id);
  return id === 'boost-pool' ? noBoostPool() : noPmr();
}

export const noMimalloc = (): string | null => noPeer('mimalloc');

export function noPmr(): string | null {
  return environment().peers().pmr === null
    ? 'the C++ library that the addon was built with has no std::pmr::unsynchronized_pool_resource'
    : null;
}
