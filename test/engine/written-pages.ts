/** What a disk has of checkpoints: a page is written when it is first seen, and never again. */
import type { EngineState } from '../../src/engine/engine-state.js';

/** Pages so small that a few rows fill one, and hardly a key at hand. */
export const tinyPages = { pageBytes: 64, keysAtHand: 2 };

const written = new WeakMap<Uint8Array, Uint8Array>();

export function write({ body, pages }: EngineState): EngineState {
  return {
    body, pages: pages.map((page) => {
      const known = written.get(page);
      if (known !== undefined) return known;
      const copy = page.slice();
      written.set(page, copy);
      return copy;
    }),
  };
}

/** As another process reads it. */
export function read({ body, pages }: EngineState): EngineState {
  return {
    body, pages: pages.map((page) => {
      const copy = page.slice();
      written.set(copy, page);
      return copy;
    }),
  };
}
