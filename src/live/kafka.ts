/** The Kafka client, as all of live uses it. */
import { lz4Compress, lz4Decompress } from '@platformatic/wasm-utils';
import kafkajs, { type Kafka, type KafkaJSError } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import type { LiveSettings } from './settings.js';

const { CompressionCodecs, CompressionTypes, logLevel } = kafkajs;

// kafkajs has gzip only.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder: { readonly buffer: Buffer }) => Promise.resolve(lz4Compress(encoder.buffer)),
  decompress: (buffer: Buffer) => Promise.resolve(lz4Decompress(buffer)),
});

export type Compression = 'none' | 'gzip' | 'lz4';

export const compressionOf = (name: Compression): number => ({ none: CompressionTypes.None, gzip: CompressionTypes.GZIP, lz4: CompressionTypes.LZ4 })[name];

/** Warnings of the client about choices that are made here on purpose: partitions are chosen by us, and a delivery's retries are ours. */
const known = /switched default partitioner|Limiting retries for the idempotent producer/;

/** What the client says, and nothing else tells, when it leaves a position that is out of range for another. */
const reset = 'Offset out of range, resetting to default offset';

/** `remark` is told what the client would log as a warning; `onReset` of a position that a consumer could not keep. */
export function kafkaClient(
  { brokers, ssl, sasl }: Pick<LiveSettings, 'brokers' | 'ssl' | 'sasl'>, remark: (text: string) => void = () => undefined, onReset: (topic: string, partition: number) => void = () => undefined,
): Kafka {
  return new kafkajs.Kafka({
    clientId: 'tapewright', brokers: [...brokers], ...(ssl === undefined || ssl === false ? {} : { ssl }), ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 5000, requestTimeout: 30_000, retry: { initialRetryTime: 100, retries: 3, maxRetryTime: 2000 },
    logLevel: logLevel.WARN,
    logCreator: () => ({ level, log: { message, topic, partition } }) => {
      if (message === reset) onReset(topic as string, partition as number);
      if (level === logLevel.WARN && !known.test(message)) remark(message);
    },
  });
}

/** What a call to Kafka failed with, as a user can use it. */
export function kafkaFailure(what: string, brokers: readonly string[], cause: unknown): TapewrightError {
  // An error of several topics holds the reasons within.
  const [inner] = (cause as { readonly errors?: readonly Error[] }).errors ?? [];
  const { name, message, type } = (inner ?? cause) as KafkaJSError & { readonly type?: string };
  const unreachable = /KafkaJS(Connection|NumberOfRetriesExceeded|Broker|RequestTimeout)/.test(name ?? '') && (type === undefined || type === '');
  return unreachable
    ? new TapewrightError('KAFKA_UNREACHABLE', `${what}: no broker answers at ${brokers.join(', ')} (${message}); start it, or name another with --brokers`, { brokers }, { cause })
    : new TapewrightError('KAFKA_REFUSED', `${what}: ${message}${type === undefined || type === '' ? '' : ` (${type})`}`, { type }, { cause });
}
