/**
 * A live run in a process of its own that may be told to die. First argument, as JSON: the options and `killAt`
 * (`PHASE:N`, the Nth time that a lane comes to a phase; dies there as by a power cut). Writes its result to the output.
 */
import { writeSync } from 'node:fs';
import { runLive } from '../../src/live/live.js';
import { settingsFrom } from '../../src/live/settings.js';

interface Told {
  readonly sql: string;
  readonly brokers: string;
  readonly registry: string;
  readonly group: string;
  readonly state: string;
  readonly killAt: string | null;
}

const told = JSON.parse(process.argv[2]!) as Told;
const [phaseWanted, nth] = told.killAt?.split(':') ?? [null, '0'];
let met = 0;

const result = await runLive({
  texts: { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: told.sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
  settings: settingsFrom({ brokers: told.brokers, registry: told.registry }, {}), group: told.group, state: told.state, redirect: new Map(),
  start: { kind: 'earliest' }, until: 'latest', checkpointEvery: 300, strict: false, signal: new AbortController().signal,
  onRemark: (text) => writeSync(2, `${text}\n`),
  events: {
    phase: (_lane, phase) => {
      if (phase !== phaseWanted) return;
      met += 1;
      if (met === Number(nth)) process.kill(process.pid, 'SIGKILL');
    },
    committed: () => undefined,
  },
});
writeSync(1, JSON.stringify(result));
process.exit(0);
