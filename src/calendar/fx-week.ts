/** Foreign exchange: from Sunday to Friday, 17:00 in New York. It is traded between banks and keeps no holidays. */
import { SUNDAY, weekdayOf } from './days.js';
import { pinnedYears, type Session, type Venue } from './venue.js';
import { at, newYorkZone } from './zone.js';

export const fxWeek: Venue = {
  name: 'FX', title: 'Foreign exchange, the week', also: [], zone: newYorkZone, years: pinnedYears, neverCloses: false,
  sessionsOf(day): readonly Session[] {
    if (weekdayOf(day) !== SUNDAY) return [];
    return [{ phase: 'regular', open: newYorkZone.toUtc(day, at('17:00')), close: newYorkZone.toUtc(day + 5, at('17:00')) }];
  },
};
