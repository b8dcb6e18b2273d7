/** Windows on the epoch: which pane a time falls into, and which windows a pane belongs to. Times in ms. */
import { faults } from '../core/faults.js';
import type { AlignedWindow } from '../plan/plan.js';

export interface Windows {
  /** Panes are back-to-back intervals of this length; a window is a run of whole panes. */
  readonly pane: number;
  readonly offset: number;
  /** End of the first and last window that hold the pane which ends at `paneEnd`, and the distance of their ends. */
  firstEnd(paneEnd: number): number;
  lastEnd(paneEnd: number): number;
  readonly stride: number;
  /** Start of the window that ends at `end`. */
  startOf(end: number): number;
}

/** Whether a window that ends there has fired, the watermark being `before`. */
export function isLate(end: number, before: number): boolean {
  // Planted bug: rows at the bound counted as late.
  return faults.lateAtBound ? end <= before + 2 : end - 1 <= before;
}

/** Greatest multiple of `size`, shifted by `offset`, at or below `time`. */
export function floorTo(time: number, size: number, offset: number): number {
  const shifted = time - offset;
  const remainder = shifted % size;
  return time - (remainder < 0 ? remainder + size : remainder);
}

export function windowsOf(spec: AlignedWindow): Windows {
  const { size, offset } = spec;
  if (spec.kind === 'tumble') {
    return { pane: size, offset, stride: size, firstEnd: (end) => end, lastEnd: (end) => end, startOf: (end) => end - size };
  }
  if (spec.kind === 'cumulate') {
    const step = spec.step;
    return {
      pane: step, offset, stride: step,
      firstEnd: (end) => end,
      lastEnd: (end) => floorTo(end - 1, size, offset) + size,
      startOf: (end) => floorTo(end - 1, size, offset),
    };
  }
  const slide = spec.slide;
  const pane = greatestCommonDivisor(size, slide);
  // Window starts lie on offset + k·slide, so ends lie on offset + size + k·slide.
  const firstEnd = (end: number): number => {
    const last = floorTo(end - pane, slide, offset) + size;
    return last - Math.floor((last - end) / slide) * slide;
  };
  const lastEnd = (end: number): number => floorTo(end - pane, slide, offset) + size;
  return { pane, offset, stride: slide, firstEnd, lastEnd, startOf: (end) => end - size };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
