/** From the command line to how a capture is: asks the database, Connect and Kafka, those that are named. */
import { TapewrightError } from '../core/errors.js';
import { databaseAddress } from '../database/address.js';
import { Database } from '../database/postgres.js';
import { databaseStatus, type DatabaseStatus } from '../database/slot-status.js';
import { settingsFrom } from '../live/settings.js';
import { planTexts } from '../runtime/pipeline.js';
import { loadScenario } from '../scenario/scenario.js';
import { captureStatus, type CaptureStatus, type ConnectorStatus, type Limits } from './capture-status.js';
import { capturedTables, tableNames } from './captured-tables.js';
import { heartbeatAge, heartbeatTopic } from './heartbeat.js';
import { ConnectRest } from './rest.js';

export interface StatusFlags {
  readonly database?: string | undefined;
  readonly connect?: string | undefined;
  readonly brokers?: string | undefined;
  readonly table?: readonly string[] | undefined;
  readonly name: string;
  readonly prefix: string;
  readonly slot: string;
  readonly publication: string;
  readonly 'wal-max': string;
  readonly 'heartbeat-max': string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws USAGE, DATABASE_UNREACHABLE, DATABASE_REFUSED, CONNECT_UNREACHABLE, CONNECT_REFUSED, KAFKA_UNREACHABLE. */
export async function askStatus(scenario: string | null, flags: StatusFlags, environment: Environment): Promise<CaptureStatus> {
  if (flags.database === undefined && flags.connect === undefined) throw new TapewrightError('USAGE', 'name what is to be asked: --database, --connect, or both');
  const tables = scenario === null ? [] : capturedTables(planTexts((await loadScenario(scenario)).texts), tableNames(flags.table ?? [])).tables.map(({ table }) => table);
  const limits: Limits = { slot: flags.slot, publication: flags.publication, tables, retainedMax: numberOf('wal-max', flags['wal-max']) * 2 ** 20, heartbeatMax: numberOf('heartbeat-max', flags['heartbeat-max']) * 1000 };
  const brokers = flags.brokers ?? environment['KAFKA_BROKERS'];
  const [database, connector, heartbeatMillis] = await Promise.all([
    flags.database === undefined ? null : askDatabase(flags.database, limits, environment),
    flags.connect === undefined ? null : askConnect(new ConnectRest(flags.connect), flags.name),
    brokers === undefined ? null : heartbeatAge(settingsFrom({ brokers }, environment), heartbeatTopic(flags.prefix), limits.heartbeatMax * 10),
  ]);
  return captureStatus({ database, connector, heartbeatMillis }, limits);
}

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TapewrightError('USAGE', `--${flag} is a number above 0, not '${text}'`, { flag });
  return value;
}

async function askDatabase(address: string, { slot, publication }: Limits, environment: Environment): Promise<DatabaseStatus> {
  const database = await Database.open(databaseAddress(address), environment);
  try {
    return await databaseStatus(database, slot, publication);
  } finally {
    await database.close();
  }
}

async function askConnect(connect: ConnectRest, name: string): Promise<ConnectorStatus> {
  const [state, configuration, offset] = await Promise.all([connect.state(name), connect.configuration(name), connect.offset(name)]);
  // Its properties hold references to secrets, and whatever somebody else has put there.
  const kept = ['connector.class', 'topic.prefix', 'slot.name', 'publication.name', 'snapshot.mode', 'offset.mismatch.strategy', 'provide.transaction.metadata', 'errors.tolerance', 'heartbeat.interval.ms', 'table.include.list'];
  return { name, state, offset, configuration: configuration === null ? null : Object.fromEntries(kept.flatMap((property) => (configuration[property] === undefined ? [] : [[property, configuration[property]]]))) };
}
