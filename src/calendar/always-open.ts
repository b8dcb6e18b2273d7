/** A venue that never closes, as those of crypto do. Its days are those of UTC. */
import { millisPerDay } from '../core/civil-date.js';
import type { Session, Venue } from './venue.js';
import { utcZone } from './zone.js';

export const alwaysOpen: Venue = {
  name: '24/7', title: 'Always open', also: ['ALWAYS'], zone: utcZone, neverCloses: true,
  // There are no holidays to be pinned: every year of event time.
  years: { from: 1, to: 9999 },
  sessionsOf: (day): readonly Session[] => [{ phase: 'regular', open: day * millisPerDay, close: (day + 1) * millisPerDay }],
};
