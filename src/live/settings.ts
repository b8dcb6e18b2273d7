/** How to reach Kafka and the registry: flags, then the environment. Secrets come from the environment or files only, and are never printed. */
import { readFileSync } from 'node:fs';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { TapewrightError } from '../core/errors.js';
import type { Client } from './clients.js';

export interface LiveSettings {
  readonly client: Client;
  readonly brokers: readonly string[];
  readonly ssl: KafkaConfig['ssl'];
  readonly sasl: SASLOptions | undefined;
  readonly registries: readonly string[];
  /** The registry's Authorization header. */
  readonly registryAuthorization: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface Addresses {
  readonly brokers?: string | undefined;
  readonly registry?: string | undefined;
  readonly client?: Client | undefined;
}

/** `HOST:PORT,…` of each: flags, then KAFKA_BROKERS and SCHEMA_REGISTRY, then what the tables say. */
export function settingsFrom(flags: Addresses, environment: Environment, tables: Addresses = {}): LiveSettings {
  const brokers = listOf(flags.brokers ?? environment['KAFKA_BROKERS'] ?? tables.brokers ?? '');
  if (brokers.length === 0) throw new TapewrightError('USAGE', 'no Kafka brokers are named: give --brokers HOST:PORT,… or set KAFKA_BROKERS');
  for (const broker of brokers) if (!/^[^:\s]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/.test(broker)) throw new TapewrightError('USAGE', `'${broker}' is no broker address: write HOST:PORT`, { broker });
  const user = environment['SCHEMA_REGISTRY_USERNAME'];
  const password = secret('SCHEMA_REGISTRY_PASSWORD', environment);
  return {
    client: flags.client ?? 'platformatic', brokers, ssl: sslFrom(environment), sasl: saslFrom(environment), registries: listOf(flags.registry ?? environment['SCHEMA_REGISTRY'] ?? tables.registry ?? ''),
    registryAuthorization: user === undefined ? null : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`,
  };
}

const listOf = (text: string): string[] => text.split(',').map((part) => part.trim()).filter((part) => part !== '');

/** NAME, or the content of the file that NAME_FILE names. */
export function secret(name: string, environment: Environment): string | undefined {
  const file = environment[`${name}_FILE`];
  if (file === undefined) return environment[name];
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new TapewrightError('USAGE', `${name}_FILE: the file cannot be read (${(cause as NodeJS.ErrnoException).code})`, { name }, { cause });
  }
}

function sslFrom(environment: Environment): KafkaConfig['ssl'] {
  const ca = secret('KAFKA_SSL_CA', environment), key = secret('KAFKA_SSL_KEY', environment), cert = secret('KAFKA_SSL_CERT', environment);
  if (ca === undefined && key === undefined && cert === undefined) return environment['KAFKA_SSL'] === 'true';
  return { ...(ca === undefined ? {} : { ca: [ca] }), ...(key === undefined ? {} : { key }), ...(cert === undefined ? {} : { cert }) };
}

function saslFrom(environment: Environment): SASLOptions | undefined {
  const mechanism = environment['KAFKA_SASL_MECHANISM']?.toLowerCase();
  if (mechanism === undefined) return undefined;
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    throw new TapewrightError('USAGE', 'KAFKA_SASL_MECHANISM is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512', {});
  }
  const username = environment['KAFKA_SASL_USERNAME'], password = secret('KAFKA_SASL_PASSWORD', environment);
  if (username === undefined || password === undefined) throw new TapewrightError('USAGE', 'KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE)');
  return { mechanism, username, password } as SASLOptions;
}
