/**
 * Measures the market model without writing anything, after `npm run build`: `node dist/test/bench/generate.js [--rows N] [--facts]`.
 * With --facts, what datasets/us-equities-day/README.md says of the day is measured over the rows.
 */
import { parseArgs } from 'node:util';
import { generateDay } from '../../src/datasets/market/generate.js';
import { usEquities } from '../../src/datasets/market/us-equities.js';
import { measureFacts } from '../datasets/market/facts.js';

const { values: flags } = parseArgs({ options: { rows: { type: 'string', default: '2000000' }, facts: { type: 'boolean', default: false } } });
const rows = Number(flags.rows);

const began = performance.now();
let made = 0;
for (const { length } of generateDay(usEquities(1), { seed: 1, rows })) made += length;
const seconds = (performance.now() - began) / 1000;
const { maxRSS } = process.resourceUsage();
console.log(`${made} rows in ${seconds.toFixed(2)} s on one core: ${(made / seconds / 1e6).toFixed(2)} M rows/s, peak RSS ${(maxRSS / 1024).toFixed(0)} MB`);
if (flags.facts) console.log(JSON.stringify(measureFacts(1, rows, 20), (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value), 1));
