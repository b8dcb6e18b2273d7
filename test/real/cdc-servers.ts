/** For `npm run servers -- --cdc`: a PostgreSQL on which something goes on, and a Kafka Connect with Debezium. */
import { setTimeout as pause } from 'node:timers/promises';
import { CdcWorkload } from './cdc-workload.js';
import { ConnectServer, connectMissing } from './connect-server.js';
import { PostgresServer, postgresMissing } from './postgres-server.js';

/** Between two actions of the workload. */
const actionMillis = 250;

export const captureMissing = (): string | null => postgresMissing() ?? connectMissing();

export interface CaptureServers {
  /** What to do with them, for people. */
  readonly text: string;
  stop(): Promise<void>;
}

export async function startCapture(brokers: readonly string[], say: (text: string) => void): Promise<CaptureServers> {
  say('Starting PostgreSQL and Kafka Connect with Debezium …');
  const postgres = await PostgresServer.start();
  const connect = await ConnectServer.start({ brokers, env: { PGPASSWORD: postgres.password }, say });
  const workload = await CdcWorkload.start(postgres, 1);
  let isOn = true;
  const work = (async () => {
    for (; isOn; await pause(actionMillis)) await workload.run(1);
  })();
  const database = `--database ${postgres.url()}`;
  return {
    text: `
export PGPASSWORD=${postgres.password}

  node bin/run.js cdc connector ledger ${database} --apply ${connect.address}
  node bin/run.js cdc status ledger ${database} --connect ${connect.address}
  node bin/run.js publish us-equities-day --topic market-data-raw --speed 60 &
  node bin/run.js live ledger --sink '*=kafka:' --allow-unbounded-state
  node bin/run.js replay ledger --from-journal tapewright-ledger --sink '*=kafka:' --out runs/ledger-live
`,
    stop: async () => {
      isOn = false;
      await work;
      await workload.end();
      await connect.stop();
      await postgres.stop();
    },
  };
}
