/** Kafka's own console tools: producers and consumers that share no code with ours. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kafkaJava } from './kafka-server.js';

const run = promisify(execFile);
const java = async (): Promise<string[]> => ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=off', ...await kafkaJava()];

/** Sends lines as messages without keys. */
export async function consoleProduce(brokers: readonly string[], topic: string, lines: readonly string[], compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'): Promise<void> {
  const sent = run('java', [...await java(), 'org.apache.kafka.tools.ConsoleProducer', '--bootstrap-server', brokers.join(','), '--topic', topic, '--compression-codec', compression], { timeout: 60_000 });
  sent.child.stdin!.end(lines.map((line) => `${line}\n`).join(''));
  await sent;
}

/** All committed messages of a topic, `partition offset key value` a line, in any order. */
export async function consoleConsume(brokers: readonly string[], topic: string, count: number): Promise<string[]> {
  const { stdout } = await run('java', [
    ...await java(), 'org.apache.kafka.tools.consumer.ConsoleConsumer', '--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed',
    // Ends after so many, or when nothing more comes for a while: fewer, or a later one, show as what they are.
    '--max-messages', String(count + 1), '--timeout-ms', '5000',
    ...['partition', 'offset', 'key'].flatMap((part) => ['--formatter-property', `print.${part}=true`]), '--formatter-property', 'key.separator= ',
  ], { timeout: 120_000, maxBuffer: 1 << 28, encoding: 'latin1' });
  return stdout.split('\n').filter((line) => line.startsWith('Partition:'));
}
