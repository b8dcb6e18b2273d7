import { Args, Flags } from '@oclif/core';
import type { ListedDate } from '../src/calendar/listing.js';
import { BaseCommand } from './base.js';

interface ListedCalendar {
  readonly name: string;
  readonly title: string;
  readonly zone: string;
  readonly also: readonly string[];
  readonly years: { readonly from: number; readonly to: number };
}

const dayMillis = 86_400_000;
const daysShown = 7;

export default class Calendars extends BaseCommand {
  static override summary = 'List the venue calendars, or the sessions of one.';

  static override description = `Calendars are pinned in the package: hours, holidays, half days and daylight saving do not depend on the machine. A date outside their years is refused.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> XNYS --from 2026-11-23 --to 2026-11-30',
    '<%= config.bin %> <%= command.id %> XTKS --from 2026-05-01 --json',
  ];

  static override args = {
    venue: Args.string({ description: 'XNYS, XLON, XTKS, FX, 24/7, or a venue of the same hours such as XNAS' }),
  };

  static override flags = {
    from: Flags.string({ description: 'first date (default: today, UTC)', helpValue: 'DATE' }),
    to: Flags.string({ description: `last date (default: ${daysShown} dates in all)`, helpValue: 'DATE' }),
  };

  async run(): Promise<{ calendars: ListedCalendar[] } | { venue: string; dates: ListedDate[] }> {
    const { args, flags } = await this.parse(Calendars);
    const { calendar, venues } = await import('../src/calendar/calendar.js');
    if (args.venue === undefined) {
      const calendars = venues.map(({ name, title, zone, also, years }) => ({ name, title, zone: zone.name, also, years }));
      for (const { name, title, zone, also, years } of calendars) {
        this.log(`${name.padEnd(5)} ${title}, ${zone}, ${years.from} to ${years.to}${also.length > 0 ? ` (also ${also.join(', ')})` : ''}`);
      }
      return { calendars };
    }
    const found = calendar(args.venue);
    const { listSessions, sessionLines } = await import('../src/calendar/listing.js');
    const from = flags.from ?? dateOf(Date.now());
    const firstMillis = Date.parse(`${from}T00:00:00Z`);
    const dates = listSessions(found, from, flags.to ?? (Number.isNaN(firstMillis) ? from : dateOf(firstMillis + (daysShown - 1) * dayMillis)));
    for (const line of sessionLines(dates)) this.log(line);
    return { venue: found.venue.name, dates };
  }
}

const dateOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10);
