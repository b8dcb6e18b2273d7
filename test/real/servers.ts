/**
 * `npm run servers`: a Kafka and a schema registry for a person to try `publish` and `live` on, until Ctrl-C; with `--cdc`
 * a database whose changes are captured, too.
 * What KAFKA_BROKERS or SCHEMA_REGISTRY name is used instead, if it answers.
 */
import { once } from 'node:events';
import { openLog } from '../../src/live/clients.js';
import { settingsFrom } from '../../src/live/settings.js';
import { captureMissing, startCapture } from './cdc-servers.js';
import { KafkaServer, kafkaMissing } from './kafka-server.js';
import { RegistryServer, registryMissing } from './registry-server.js';

const say = (text: string): void => { process.stderr.write(`${text}\n`); };

function refuse(why: string): never {
  say(`No servers: ${why}.`);
  process.exit(2);
}

const { KAFKA_BROKERS: ownBrokers, SCHEMA_REGISTRY: ownRegistry } = process.env;

/** Asks a user's own servers for anything at all. */
async function mustAnswer(): Promise<void> {
  if (ownBrokers !== undefined) {
    const log = openLog(settingsFrom({}, process.env), () => undefined);
    await log.bounds('tapewright').catch((error: Error) => refuse(`KAFKA_BROKERS is set, and ${error.message}`)).finally(() => log.close());
    say(`KAFKA_BROKERS is set: the Kafka at ${ownBrokers} is used.`);
  }
  for (const address of ownRegistry?.split(',') ?? []) {
    const isThere = await fetch(`${address}/subjects`).then(({ status }) => status < 500, () => false);
    if (!isThere) refuse(`SCHEMA_REGISTRY is set, and none answers at ${address}`);
    say(`SCHEMA_REGISTRY is set: the registry at ${address} is used.`);
  }
}

const withCapture = process.argv.includes('--cdc');
const missing = (withCapture ? captureMissing() : null) ?? (ownBrokers === undefined ? kafkaMissing() : null) ?? (ownRegistry === undefined ? registryMissing() : null);
if (missing !== null) refuse(missing);
await mustAnswer();
const nodes = process.argv.includes('--three') ? 3 : 1;
const started = [...(ownBrokers === undefined ? [nodes === 1 ? 'a Kafka node' : 'three Kafka nodes'] : []), ...(ownRegistry === undefined ? ['a schema registry'] : [])];
if (started.length > 0) say(`Starting ${started.join(' and ')} on this machine's loopback …`);
const [kafka, registry] = await Promise.all([ownBrokers === undefined ? KafkaServer.start({ nodes, say }) : null, ownRegistry === undefined ? RegistryServer.start(say) : null]);
const capture = withCapture ? await startCapture(ownBrokers?.split(',') ?? kafka!.brokers, say) : null;
if (capture !== null) started.push('PostgreSQL and Kafka Connect');
process.stdout.write(`
export KAFKA_BROKERS=${ownBrokers ?? kafka!.brokers.join(',')}
export SCHEMA_REGISTRY=${ownRegistry ?? registry!.address}

In another terminal, with these two set:

  node bin/run.js publish us-equities-day --topic market-data-raw --partitions 4 --speed 60
  node bin/run.js live trading-day --sink '*=kafka:' --start earliest
  node bin/run.js live verify trading-day --sink '*=kafka:'
${capture?.text ?? ''}${started.length === 0 ? '' : `
Ctrl-C stops ${started.join(' and ')}, and what is held there is gone.
`}`);
if (started.length > 0) {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  say('Stopping …');
  await capture?.stop();
  await Promise.all([kafka?.stop(), registry?.stop()]);
}
process.exit(0);
