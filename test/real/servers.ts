/** `npm run servers`: a Kafka and a schema registry for a person to try `publish` and `live` on, until Ctrl-C. */
import { once } from 'node:events';
import { KafkaServer, kafkaMissing } from './kafka-server.js';
import { RegistryServer, registryMissing } from './registry-server.js';

const say = (text: string): void => { process.stderr.write(`${text}\n`); };
const missing = kafkaMissing() ?? registryMissing();
if (missing !== null) {
  say(`No servers: ${missing}.`);
  process.exit(2);
}
const nodes = process.argv.includes('--three') ? 3 : 1;
say(`Starting ${nodes === 1 ? 'a Kafka node' : 'three Kafka nodes'} and a schema registry on this machine's loopback …`);
const [kafka, registry] = await Promise.all([KafkaServer.start({ nodes, say }), RegistryServer.start(say)]);
process.stdout.write(`
export KAFKA_BROKERS=${kafka.brokers.join(',')}
export SCHEMA_REGISTRY=${registry.address}

In another terminal, with these two set:

  node bin/run.js publish us-equities-day --topic market-data-raw --partitions 4 --speed 60
  node bin/run.js live trading-day --sink '*=kafka:' --start earliest
  node bin/run.js live verify trading-day --sink '*=kafka:'

Ctrl-C stops the servers, and what they hold is gone.
`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
say('Stopping …');
await Promise.all([kafka.stop(), registry.stop()]);
process.exit(0);
