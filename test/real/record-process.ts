/** A recording in a process of its own that dies at a moment. First argument, as JSON: what to record, and `killAt` (`sync:N` or `rows:N`). */
import { writeSync } from 'node:fs';
import { record } from '../../src/live/record.js';
import { settingsFrom } from '../../src/live/settings.js';

interface Told {
  readonly topics: readonly string[];
  readonly out: string;
  readonly brokers: string;
  readonly registry: string;
  readonly killAt: string | null;
}

const told = JSON.parse(process.argv[2]!) as Told;
const [moment, count] = told.killAt?.split(':') ?? [null, '0'];
let syncs = 0;

const recorded = await record({
  topics: told.topics, out: told.out, until: 'latest', table: null, settings: settingsFrom({ brokers: told.brokers, registry: told.registry }, {}), syncEvery: 0,
  signal: new AbortController().signal, onRemark: (text) => writeSync(2, `${text}\n`),
  onProgress: (rows) => { if (moment === 'rows' && rows >= Number(count)) process.kill(process.pid, 'SIGKILL'); },
  onSync: () => { if (moment === 'sync' && ++syncs === Number(count)) process.kill(process.pid, 'SIGKILL'); },
});
writeSync(1, JSON.stringify(recorded));
process.exit(0);
