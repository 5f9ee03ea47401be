/** Why an allocator of others can't be measured here, and what to install; null where it can. */
import { environment } from '../../native/binding.ts';

export function noBoostPool(): string | null {
  return environment().peers().boostPool === null
    ? 'Boost.Pool was not installed when the addon was built: apt-get install libboost-dev, then npm rebuild'
    : null;
}

export function noMimalloc(): string | null {
  return environment().peers().mimalloc === null
    ? 'mimalloc is not installed: apt-get install libmimalloc2.0, or brew install mimalloc'
    : null;
}

export function noPmr(): string | null {
  return environment().peers().pmr
    ? null
    : 'the C++ library that the addon was built with has no std::pmr::unsynchronized_pool_resource';
}
