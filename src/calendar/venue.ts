/** What is known of a venue: plain data and rules over days, from which `calendar.ts` makes openings and closings. */
import type { Zone } from './zone.js';

/** `regular` is continuous trading, when the venue counts as open; a lunch break makes two of a day. */
export type Phase = 'pre-market' | 'regular' | 'after-hours';

/** Epoch ms, [open, close). */
export interface Session {
  readonly phase: Phase;
  readonly open: number;
  readonly close: number;
}

export interface Venue {
  /** Its market identifier code, or a word where it has none. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Other names for the same hours: venues that keep them. */
  readonly also: readonly string[];
  readonly zone: Zone;
  /** The years whose holidays are pinned, both included. */
  readonly years: { readonly from: number; readonly to: number };
  /** Its sessions follow each other without a gap. */
  readonly neverCloses: boolean;
  /** Sessions that open on a day there, by time. */
  sessionsOf(day: number): readonly Session[];
}

export const pinnedYears = { from: 2000, to: 2030 } as const;
