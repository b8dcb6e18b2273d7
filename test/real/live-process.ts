/**
 * A live run in a process of its own that may be told to die. First argument, as JSON: the options and `killAt`
 * (`PHASE:N`, the Nth time that a lane comes to a phase or point; `after:N`, N ms after it took a lane; dies there as by a power cut). Writes its result to the output.
 */
import { writeSync } from 'node:fs';
import { runLive, type LiveOptions } from '../../src/live/live.js';
import type { Client } from '../../src/live/clients.js';
import { PlatformaticLog } from '../../src/live/platformatic-log.js';
import { settingsFrom } from '../../src/live/settings.js';
import { InTurnReader } from './in-turn.js';
import { watchPoints } from './kill-points.js';

interface Told {
  readonly sql: string;
  readonly brokers: string;
  readonly registry: string;
  readonly group: string;
  readonly state: string;
  readonly killAt: string | null;
  readonly client?: Client;
  /** All of them by default. */
  readonly lanes?: LiveOptions['lanes'];
  readonly until?: LiveOptions['until'];
  readonly onGap?: LiveOptions['onGap'];
  /** Folder of the bundle that keeps the input. */
  readonly record?: string;
  readonly warmFrom?: readonly string[];
  /** Where the tables say; else at the beginning. */
  readonly ownStart?: boolean;
  /** Reads its partitions one after another. */
  readonly inTurn?: boolean;
  /** Writes each phase to the errors, as JSON. */
  readonly tells?: boolean;
}

const told = JSON.parse(process.argv[2]!) as Told;
const [phaseWanted, nth] = told.killAt?.split(':') ?? [null, '0'];
let met = 0;

const die = (): void => { process.kill(process.pid, 'SIGKILL'); };

function meet(phase: string): void {
  if (phaseWanted === 'after') {
    if (phase === 'taken' && met === 0) setTimeout(die, Number(nth));
    if (phase === 'taken') met += 1;
  } else if (phase === phaseWanted) {
    met += 1;
    if (met === Number(nth)) die();
  }
}

watchPoints(meet);
if (told.inTurn === true) {
  const { read } = PlatformaticLog.prototype;
  PlatformaticLog.prototype.read = function (positions) {
    return InTurnReader.open((own) => read.call(this, own), positions);
  };
}
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const result = await runLive({
  texts: { name: 'live', scenario: null, sql: [{ path: 'live.sql', text: told.sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
  settings: settingsFrom({ brokers: told.brokers, registry: told.registry, client: told.client }, {}), group: told.group, state: told.state, redirect: new Map(),
  start: told.ownStart === true ? null : { kind: 'earliest' }, until: told.until === undefined ? 'latest' : told.until, checkpointEvery: 300, strict: false, signal: stop.signal,
  lanes: told.lanes ?? 'all', sessionTimeout: 2000, onGap: told.onGap ?? 'refuse', linger: 0, record: told.record ?? null, warmFrom: told.warmFrom ?? [],
  onRemark: (text) => writeSync(2, `${text}\n`),
  events: {
    phase: (lane, phase, seq) => {
      if (told.tells === true) writeSync(2, `${JSON.stringify({ lane, phase, seq })}\n`);
      meet(phase);
    },
    committed: () => undefined,
  },
});
writeSync(1, JSON.stringify(result));
process.exit(0);
