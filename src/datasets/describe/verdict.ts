/** What an engineer must know of the rows before trusting a backtest on them, in sentences. */
import type { Profile } from './profile.js';
import type { Subject } from './subject.js';
import { count, counted, duration, moment, share } from './words.js';

export type Weight = 'good' | 'note' | 'care' | 'mend';

export interface Finding {
  readonly weight: Weight;
  readonly text: string;
}

export interface Verdict {
  readonly weight: Exclude<Weight, 'note'>;
  readonly summary: string;
  readonly findings: readonly Finding[];
  /** The clause to write into CREATE TABLE. */
  readonly watermark: string | null;
}

/** A bound longer than this (ms) keeps too much waiting to be recommended for the sake of a few rows. */
const boundMax = 60_000;
/** Late rows that are few: one in so many. */
const fewOf = 10_000;
const summaries = { good: 'Fit to be replayed as it is.', care: 'Usable with care.', mend: 'Not to be trusted before it is mended.' } as const;

export function verdictOf(profile: Profile, subject: Subject): Verdict {
  if (profile.rows === 0 || profile.span === null) {
    const text = profile.rejected.rows > 0 ? `None of its ${counted(profile.rejected.rows, 'row')} can be read.` : 'It has no rows with an event time.';
    return { weight: 'mend', summary: summaries.mend, findings: [{ weight: 'mend', text }], watermark: null };
  }
  const bound = recommendedBound(profile);
  const name = timeName(profile.columns[subject.roles.time]!.name, subject);
  const watermark = bound === null ? null : `WATERMARK FOR ${name} AS ${name} - INTERVAL '${bound / 1_000}' SECOND`;
  const findings = byWeight([
    ...rejects(profile), ...strayRows(profile), ...disorder(profile, watermark, bound), ...ties(profile), ...quotes(profile), ...prints(profile), ...silences(profile), ...odd(profile), ...mapping(subject),
  ]);
  const weight = findings.some((finding) => finding.weight === 'mend') ? 'mend' : findings.some((finding) => finding.weight === 'care') ? 'care' : 'good';
  return { weight, summary: summaries[weight], findings, watermark };
}

const weights: readonly Weight[] = ['mend', 'care', 'note', 'good'];

/** The weightiest first. */
const byWeight = (findings: readonly Finding[]): Finding[] => weights.flatMap((weight) => findings.filter((finding) => finding.weight === weight));

/** A table's `event_time` stands for a number in the file's; a name that is a word of SQL needs quotes. */
function timeName(column: string, { found, expressions }: Subject): string {
  const isTimestamp = /\(TIMESTAMP/.test(found['time'] ?? '') && expressions[column] === undefined;
  if (!isTimestamp && /\((U?(BIG|HUGE)INT|U?INTEGER|DOUBLE|DECIMAL)/.test(found['time'] ?? '')) return 'event_time';
  return /^[A-Za-z_]\w*$/.test(column) && !/^(timestamp|time|date|datetime|day|hour|minute|second)$/i.test(column) ? column : `\`${column}\``;
}

/** So that no row is late, in whole seconds (ms); where that asks for very much, so that few are; null: an hour is not enough. */
function recommendedBound({ disorder: whole, strays, rows }: Profile): number | null {
  const disorder = strays?.disorder ?? whole;
  const needed = Math.max(1_000, Math.ceil(disorder.boundNoneLate / 1_000) * 1_000);
  if (needed <= boundMax) return needed;
  return disorder.lateAt.find(({ rows: late }) => late * fewOf <= rows)?.bound ?? null;
}

function rejects({ rejected, timeless, rows }: Profile): Finding[] {
  const [first] = rejected.examples;
  const all = rows + rejected.rows;
  return [
    ...(rejected.rows === 0 ? [] : [{ weight: rejected.rows * 100 > all ? 'mend' : 'care', text: `${counted(rejected.rows, 'row')} (${share(rejected.rows, all)}) cannot be read and would be kept as dead letters; the first is row ${count(first!.position)}: ${first!.column === null ? '' : `${first!.column} is `}${first!.error}.` } as const]),
    ...(timeless === 0 ? [] : [{ weight: 'care', text: `${counted(timeless, 'row')} without an event time would be rejected.` } as const]),
  ];
}

/** A single far-ahead time makes all that follows late. */
function strayRows({ disorder: { jumps }, strays, rows }: Profile): Finding[] {
  const [worst] = [...jumps].sort((a, b) => b.rowsBehind - a.rowsBehind);
  if (strays === null || worst === undefined) return [];
  const others = strays.rows === 1 ? '' : `, and so do ${counted(strays.rows - 1, 'other')}`;
  return [{ weight: worst.rowsBehind * 100 > rows ? 'mend' : 'care', text: `Row ${count(worst.position)} alone jumps from ${moment(worst.from)} to ${moment(worst.time)}${others}: ${counted(worst.rowsBehind, 'row')} after it would be behind it. Replay with --max-ahead 1h, which rejects such rows; what follows is said without them.` }];
}

function disorder(profile: Profile, watermark: string | null, bound: number | null): Finding[] {
  const { rows } = profile;
  const found = profile.strays?.disorder ?? profile.disorder;
  if (found.behind === 0) return [{ weight: 'good', text: `Rows lie in the order of event time. ${watermark} is more than enough.` }];
  const how = `${counted(found.behind, 'row')} (${share(found.behind, rows)}) come after a later one: half of them by ${duration(found.behindBy.p50)} or less, 99 % by ${duration(found.behindBy.p99)}, the worst by ${duration(found.behindBy.max)}`;
  if (bound === null || watermark === null) {
    return [{ weight: 'mend', text: `${how}. No watermark of an hour or less leaves few rows late: these are rather feeds put one after the other. Put them in order: tapewright datasets import does, and so does order: COLUMN in a dataset.yaml.` }];
  }
  if (bound > found.behindBy.max) return [{ weight: found.behind * 2 > rows ? 'care' : 'note', text: `${how}. With ${watermark} none is late; windows close so much later.` }];
  const left = counted(found.lateAt.find((each) => each.bound === bound)!.rows, 'row');
  return [{ weight: 'care', text: `${how}. With ${watermark} ${left} would still be late, and be kept in late.parquet; that none is takes ${duration(found.boundNoneLate)}.` }];
}

function ties({ ties: { rows: tied, largest }, repeated, rows }: Profile): Finding[] {
  return [
    ...(repeated === 0 ? [] : [{ weight: repeated * 20 > rows ? 'care' : 'note', text: `${counted(repeated, 'row')} (${share(repeated, rows)}) repeat another of the same symbol and instant in every column: fills of one order look so where rows have no number of their own, and so do rows recorded twice.` } as const]),
    ...(tied === 0 || largest === null ? [] : [{ weight: 'note', text: `${counted(tied, 'row')} (${share(tied, rows)}) share their millisecond with another of their symbol, up to ${count(largest.rows)} at once (${symbolAnd(largest.symbol)}${moment(largest.time)}): within it the order of the file decides FIRST_VALUE, LAST_VALUE and ROWS frames, and RANGE frames take all.` } as const]),
  ];
}

const symbolAnd = (symbol: string | null): string => (symbol === null ? '' : `${symbol}, `);

function quotes({ quotes: found }: Profile): Finding[] {
  if (found === null || found.quotes + found.oneSided === 0) return [];
  const { quotes: whole, crossed, locked, zero, negative, widest: [widest] } = found;
  const bad = crossed + zero + negative;
  const parts = [[crossed, 'crossed'], [zero, 'with a zero'], [negative, 'with a negative side']].filter(([times]) => (times as number) > 0).map(([times, what]) => `${count(times as number)} ${what}`);
  return [
    bad === 0 ? { weight: 'good', text: `No quote of ${count(whole)} is crossed, zero or negative.` } : { weight: bad * 20 > whole ? 'mend' : 'care', text: `Of ${counted(whole, 'quote')} there are ${parts.join(', ')} (${share(bad, whole)}): filter with bid > 0 AND ask >= bid, or mean prices and spreads are wrong.` },
    ...(locked === 0 ? [] : [{ weight: 'note', text: `${counted(locked, 'quote')} (${share(locked, whole)}) ${locked === 1 ? 'is' : 'are'} locked (bid = ask): dividing by the spread gives no number.` } as const]),
    ...(widest === undefined || widest.spread < 5 * widest.mean ? [] : [{ weight: 'note', text: `The widest spread against its mean is ${symbolAnd(widest.symbol)}${Number(widest.spread.toPrecision(6))} at ${moment(widest.time)}, ${Math.round((10 * widest.spread) / widest.mean) / 10} × the mean of ${Number(widest.mean.toPrecision(4))}.` } as const]),
  ];
}

function prints({ prints: found, eventTypes, columns }: Profile): Finding[] {
  if (found === null || found.prints === 0) return [];
  const { prints: whole, suspicious, examples: [worst], standing } = found;
  const prices = found.priceZero + found.priceNegative;
  const volumes = found.volumeZero + found.volumeNegative;
  const always = standing.filter((each) => each.always && each.prints >= 100);
  const noun = Object.keys(eventTypes).length === 0 && columns.length > 0 ? 'price' : 'print';
  return [
    ...(prices === 0 ? [] : [{ weight: 'care', text: `${counted(prices, `${noun}`)} of ${count(whole)} ${prices === 1 ? 'is' : 'are'} zero or negative.` } as const]),
    ...(suspicious === 0 ? [{ weight: 'good', text: `No ${noun} of ${count(whole)} is far from its neighbours.` } as const]
      : [{ weight: 'care', text: `${counted(suspicious, noun)} (${share(suspicious, whole)}) lie far from their neighbours' median or outside the quote; the worst is ${symbolAnd(worst!.symbol)}${worst!.price} at ${moment(worst!.time)} (row ${count(worst!.position)}), where ${Number(worst!.expected.toPrecision(8))} was expected: candles, deviations and stops follow them unless they are filtered.` } as const]),
    ...(volumes === 0 ? [] : [volumes === whole ? { weight: 'care', text: `No ${noun} has a volume: a VWAP divides 0 by 0.` } as const
      : { weight: found.volumeNegative > 0 ? 'care' : 'note', text: `${count(found.volumeZero)} volumes are zero${found.volumeNegative > 0 ? ` and ${count(found.volumeNegative)} negative` : ''}: a VWAP over such rows alone divides by zero.` } as const]),
    ...(always.length === 0 ? [] : [{ weight: 'note', text: `${always.length === 1 ? 'The price of one symbol' : `The prices of ${always.length} symbols`} never changed (${always.slice(0, 5).map((each) => each.symbol ?? 'all rows').join(', ')}): a deviation of 0 makes a z-score of NaN.` } as const]),
  ];
}

function silences({ silences: [longest], sessions, span, timeline }: Profile): Finding[] {
  if (longest === undefined || longest.to - longest.from < 60_000 || timeline.rows.length === 0) return [];
  const many = sessions.length > 1 ? ` The rows lie in ${sessions.length} sessions with silences of half an hour or more between them.` : '';
  return [{ weight: longest.to - longest.from > (span!.to - span!.from) / 10 ? 'care' : 'note', text: `The longest silence lasts ${duration(longest.to - longest.from)}, from ${moment(longest.from)}: no window closes meanwhile.${many}` }];
}

function odd({ columns, rows }: Profile): Finding[] {
  const nan = columns.filter((column) => column.nan + column.infinite > 0);
  const empty = columns.filter((column) => column.nulls === rows).map(({ name }) => name);
  return [
    ...(nan.length === 0 ? [] : [{ weight: 'care', text: `NaN or infinite: ${nan.map(({ name, nan: times, infinite }) => `${name} in ${counted(times + infinite, 'row')}`).join(', ')}; one makes a whole window NaN.` } as const]),
    ...(empty.length === 0 ? [] : [{ weight: 'note', text: `NULL in every row: ${empty.join(', ')}.` } as const]),
  ];
}

function mapping({ expressions, unread }: Subject): Finding[] {
  const given = Object.entries(expressions);
  return [
    ...(given.length === 0 ? [] : [{ weight: 'note', text: `To replay it, say ${given.map(([column, expression]) => `--map 'TABLE.${column}=${expression}'`).join(' ')}.` } as const]),
    ...(unread.length === 0 ? [] : [{ weight: 'note', text: `Not read, for their types: ${unread.join(', ')}.` } as const]),
  ];
}
