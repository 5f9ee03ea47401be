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

export const noMimalloc = (): string | null => noPeer('mimalloc');

export function noPmr(): string | null {
  return environment().peers().pmr
    ? null
    : 'the C++ library that the addon was built with has no std::pmr::unsynchronized_pool_resource';
}
