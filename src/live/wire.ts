/** Requests to a cluster's brokers over connections of its own: who leads what, and what is worth another attempt. */
import { isIP } from 'node:net';
import { TapewrightError } from '../core/errors.js';
import { ConnectionPool, findCoordinatorV4, metadataV12, type Broker, type Connection } from './protocol.js';
import type { LiveSettings } from './settings.js';

/** Brokers' errors that pass: leaders move, coordinators load, markers are written. */
const passing = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_OR_FOLLOWER', 'REQUEST_TIMED_OUT', 'REPLICA_NOT_AVAILABLE', 'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS', 'COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'CONCURRENT_TRANSACTIONS', 'OPERATION_NOT_ATTEMPTED', 'KAFKA_STORAGE_ERROR', 'FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH', 'OFFSET_NOT_AVAILABLE',
  'THROTTLING_QUOTA_EXCEEDED',
]);

/** The producer's id is another's now. */
const fencing = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);

/** Milliseconds. A broker that is silent so long is given up: what it answers later could be taken for something else. */
const requestTimeout = 20_000;

/** Milliseconds in which no broker of the cluster answered, after which others should know. */
export const unreachableMax = 4000;

/** Milliseconds that a topic may take to become known to all brokers. */
const unknownMax = 3000;

const waitMin = 3;
const waitMax = 300;

export const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`;

export type Coordinator = 'group' | 'transaction';

export class Wire {
  readonly #pool: ConnectionPool;
  readonly #bootstrap: readonly Broker[];
  #nodes = new Map<number, Broker>();
  readonly #leaders = new Map<string, number>();
  readonly #coordinators = new Map<string, number>();

  constructor(private readonly settings: LiveSettings) {
    const { brokers, ssl, sasl } = settings;
    this.#bootstrap = brokers.map(addressOf);
    this.#pool = new ConnectionPool('tapewright', {
      connectTimeout: 5000, requestTimeout, maxInflights: 5,
      ...(ssl === undefined || ssl === false ? {} : { tls: ssl === true ? {} : ssl, tlsServerName: this.#bootstrap.every(({ host }) => isIP(host) === 0) }),
      ...(sasl === undefined ? {} : { sasl: { ...(sasl as { readonly username: string; readonly password: string }), mechanism: sasl.mechanism.toUpperCase() as 'PLAIN' } }),
    });
    // A failure is told to whoever asked; a connection without listeners would end the process.
    this.#pool.on('connecting', ({ connection }) => connection.on('error', () => undefined));
  }

  /** The node that leads a partition, as far as is known. */
  async leader(topic: string, partition: number): Promise<number> {
    const key = partitionKey(topic, partition);
    if (!this.#leaders.has(key)) await this.refresh([topic]);
    const leader = this.#leaders.get(key);
    if (leader === undefined) throw new TapewrightError('KAFKA_REFUSED', `topic ${topic} has no partition ${partition}`, { topic, partition });
    return leader;
  }

  /** Asks any broker who leads. */
  async refresh(topics: readonly string[]): Promise<void> {
    const { brokers, topics: found } = await this.#askAny((connection) => metadataV12.api.async(connection, [...topics], false, false));
    this.#nodes = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { name, partitions } of found) for (const { partitionIndex, leaderId } of partitions) this.#leaders.set(partitionKey(name!, partitionIndex), leaderId);
  }

  /** Asks the node. */
  async ask<T>(node: number, question: (connection: Connection) => Promise<T>): Promise<T> {
    const broker = this.#nodes.get(node);
    if (broker === undefined) throw Object.assign(new Error(`no broker has id ${node} now`), { passes: true });
    const connection = await this.#pool.get(broker);
    return this.#heard(connection, question(connection));
  }

  /** Asks the broker that keeps a group's offsets, or an id's transactions. */
  async askCoordinator<T>(kind: Coordinator, name: string, question: (connection: Connection) => Promise<T>): Promise<T> {
    const key = `${kind} ${name}`;
    let node = this.#coordinators.get(key);
    if (node === undefined) {
      if (this.#nodes.size === 0) await this.refresh([]);
      const { coordinators } = await this.#askAny((connection) => findCoordinatorV4.api.async(connection, kind === 'group' ? 0 : 1, [name]));
      const { nodeId, host, port } = coordinators[0]!;
      this.#nodes.set(nodeId, { host, port });
      this.#coordinators.set(key, node = nodeId);
    }
    try {
      return await this.ask(node, question);
    } catch (cause) {
      // It may have moved; a transaction's markers that are still being written say nothing of the kind.
      if (!idsOf(cause).includes('CONCURRENT_TRANSACTIONS')) this.#coordinators.delete(key);
      throw cause;
    }
  }

  /** Attempts until `until` (by performance.now()) while what fails may pass; asks for leaders anew in between. */
  async retrying<T>(what: string, topics: readonly string[], until: number, attempt: () => Promise<T>): Promise<T> {
    let unreachableSince: number | null = null, unknownSince: number | null = null;
    for (let wait = waitMin; ; wait = Math.min(wait * 1.5, waitMax)) {
      try {
        return await attempt();
      } catch (cause) {
        const unreachable = cause instanceof TapewrightError && cause.code === 'KAFKA_UNREACHABLE';
        const now = performance.now();
        unreachableSince = unreachable ? unreachableSince ?? now : null;
        unknownSince = idsOf(cause).includes('UNKNOWN_TOPIC_OR_PARTITION') ? unknownSince ?? now : null;
        const isLasting = unreachable ? now - unreachableSince! > unreachableMax : !passes(cause) || (unknownSince !== null && now - unknownSince > unknownMax);
        if (isLasting || now + wait > until) throw this.failure(what, cause);
        await pause(wait);
        // Markers being written need no other leader.
        if (!unreachable && !idsOf(cause).includes('CONCURRENT_TRANSACTIONS')) await this.refresh(topics).catch(() => undefined);
      }
    }
  }

  /** What a user can use of it. */
  failure(what: string, cause: unknown): TapewrightError {
    if (cause instanceof TapewrightError) return cause;
    const ids = idsOf(cause);
    const [type] = ids;
    if (ids.some((id) => fencing.has(id))) return new TapewrightError('PRODUCER_FENCED', `${what}: another process has taken the producer (${type})`, { type }, { cause });
    if (type === undefined) return new TapewrightError('KAFKA_UNREACHABLE', `${what}: ${reasonOf(cause)} (brokers ${this.settings.brokers.join(', ')})`, { brokers: this.settings.brokers }, { cause });
    const large = type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE';
    return new TapewrightError('KAFKA_REFUSED', `${what}: ${reasonOf(cause)} (${type})${large ? '; raise max.message.bytes of the topic' : ''}`, { type }, { cause });
  }

  async close(): Promise<void> {
    await this.#pool.close().catch(() => undefined);
  }

  /** Asks one broker after the other until one answers: to take a connection is no answer. */
  async #askAny<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    let silence: unknown;
    for (const broker of [...this.#bootstrap, ...this.#nodes.values()]) {
      try {
        const connection = await this.#pool.get(broker);
        return await this.#heard(connection, question(connection));
      } catch (cause) {
        if (isRefusal(cause)) throw new TapewrightError('KAFKA_REFUSED', `the brokers at ${this.settings.brokers.join(', ')} do not let us in (${reasonOf(cause)}); check KAFKA_SASL_MECHANISM, its user and password`, {}, { cause });
        if (idsOf(cause).length > 0) throw cause;
        silence = cause;
      }
    }
    throw new TapewrightError('KAFKA_UNREACHABLE', `no broker answers at ${this.settings.brokers.join(', ')} (${reasonOf(silence)}); start it, or name another with --brokers`, { brokers: this.settings.brokers }, { cause: silence });
  }

  async #heard<T>(connection: Connection, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      // Not the broker's word: after a time-out the next answer would be the one that came too late.
      if (idsOf(cause).length === 0) await connection.close().catch(() => undefined);
      throw cause;
    }
  }
}

function addressOf(text: string): Broker {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

/** Kafka's names of the errors that a broker answered; none: it did not answer. */
export function idsOf(cause: unknown): string[] {
  const { apiId, errors } = (cause ?? {}) as { readonly apiId?: unknown; readonly errors?: unknown };
  if (typeof apiId === 'string') return [apiId];
  return Array.isArray(errors) ? errors.flatMap(idsOf) : [];
}

/** Of several errors all must pass. */
export function passes(cause: unknown): boolean {
  const ids = idsOf(cause);
  if (ids.length > 0) return ids.every((id) => passing.has(id));
  const { code, passes: said } = cause as { readonly code?: unknown; readonly passes?: boolean };
  return said === true || code === 'PLT_KFK_NETWORK' || code === 'PLT_KFK_TIMEOUT' || code === 'PLT_KFK_MULTIPLE';
}

/** Whether a broker answered, and did not like who asks. */
function isRefusal(cause: unknown): boolean {
  const { code, cause: inner, errors } = (cause ?? {}) as { readonly code?: unknown; readonly cause?: unknown; readonly errors?: readonly unknown[] };
  return code === 'PLT_KFK_AUTHENTICATION' || (inner !== undefined && isRefusal(inner)) || errors?.some(isRefusal) === true;
}

/** The innermost reason, which names no setting. */
function reasonOf(cause: unknown): string {
  let error = cause as { readonly message?: string; readonly cause?: unknown; readonly errors?: readonly unknown[]; readonly code?: string };
  for (let inner = error.errors?.[0] ?? error.cause; inner instanceof Error; inner = error.errors?.[0] ?? error.cause) error = inner;
  return error.message ?? String(cause);
}
