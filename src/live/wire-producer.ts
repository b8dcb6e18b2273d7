/** Transactions of one id: each step of the protocol tried again as long as that cannot repeat anything. */
import { TapewrightError } from '../core/errors.js';
import { encodeBatch, sizeOf } from './batch-writer.js';
import type { LogMessage, LogOffsets, LogPosition, LogProducer } from './log.js';
import {
  addOffsetsToTxnV3, addPartitionsToTxnV3, endTxnV3, initProducerIdV4, produceV9, ProtocolError, txnOffsetCommitV3, Writer, type Connection, type ProduceResponse,
} from './protocol.js';
import { idsOf, partitionKey, passes, type Wire } from './wire.js';

/** Milliseconds after which the coordinator aborts what is open. */
const transactionTimeout = 30_000;
/** After which another attempt would meet an aborted transaction. */
const patience = 28_000;

/** Of messages, before compression: brokers take 1 MiB a batch unless told otherwise. */
const batchBytesMax = 900_000;

/** Of a request: socket.request.max.bytes of brokers. */
const requestBytesMax = 100_000_000;

/** Kafka's error code for a batch that it has already. */
const duplicate = 46;

/** Milliseconds that a leader may wait for its replicas. */
const replicasTimeout = 10_000;

/** Messages to one partition, and of its batches those that are not acknowledged. */
interface Lot {
  readonly topic: string;
  readonly partition: number;
  readonly batches: LogMessage[][];
  /** Of the first message; -1: not sent yet. */
  offset: number;
}

interface Encoded {
  readonly lot: Lot;
  readonly bytes: Buffer;
}

export class WireProducer implements LogProducer {
  /** By partition: of the next message. */
  readonly #sequences = new Map<string, number>();

  private constructor(private readonly wire: Wire, private readonly id: string, private readonly producer: bigint, private readonly epoch: number) {}

  /** Fences whoever has the id, and waits until what it had open is aborted. Throws KAFKA_REFUSED, KAFKA_UNREACHABLE. */
  static async open(wire: Wire, id: string): Promise<WireProducer> {
    const { producerId, producerEpoch } = await wire.retrying(`producer ${id} cannot be opened`, [], performance.now() + transactionTimeout, () =>
      wire.askCoordinator('transaction', id, (connection) => initProducerIdV4.api.async(connection, id, transactionTimeout, -1n, -1)));
    return new WireProducer(wire, id, producerId, producerEpoch);
  }

  async commit(messages: readonly LogMessage[], offsets: LogOffsets | null): Promise<LogPosition[]> {
    const until = performance.now() + patience;
    const lots = lotsOf(messages);
    const parts = await Promise.allSettled([
      this.#enlist(lots, until).then(() => this.#send(lots, until)),
      ...(offsets === null ? [] : [this.#enlistOffsets(offsets, until).then(() => this.#sendOffsets(offsets, until))]),
    ]);
    const failed = parts.find((part) => part.status === 'rejected');
    if (failed !== undefined) {
      // The next owner would end it all the same, but readers of committed records would wait till then.
      await this.#end(false, performance.now() + 1000).catch(() => undefined);
      throw failed.reason;
    }
    await this.#end(true, until);
    return lots.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  async close(): Promise<void> {
    await this.wire.close();
  }

  /** Tells the coordinator which partitions the transaction is about. */
  async #enlist(lots: readonly Lot[], until: number): Promise<void> {
    const topics = topicsOf(lots).map((name) => ({ name, partitions: lots.filter(({ topic }) => topic === name).map(({ partition }) => partition) }));
    await this.#tell(`a transaction to ${topics.map(({ name }) => name).join(', ')} cannot begin`, until, (connection) =>
      addPartitionsToTxnV3.api.async(connection, [{ transactionalId: this.id, producerId: this.producer, producerEpoch: this.epoch, verifyOnly: false, topics }]));
  }

  async #enlistOffsets({ group }: LogOffsets, until: number): Promise<void> {
    await this.#tell('a transaction cannot take offsets', until, (connection) => addOffsetsToTxnV3.api.async(connection, this.id, this.producer, this.epoch, group));
  }

  async #end(commit: boolean, until: number): Promise<void> {
    // Said twice it is done once: the coordinator knows that it has committed, or that it is aborted meanwhile.
    await this.#tell('a transaction cannot end', until, (connection) => endTxnV3.api.async(connection, this.id, this.producer, this.epoch, commit));
  }

  async #tell(what: string, until: number, question: (connection: Connection) => Promise<unknown>): Promise<void> {
    await this.wire.retrying(what, [], until, () => this.wire.askCoordinator('transaction', this.id, question));
  }

  async #sendOffsets({ group, positions, metadata }: LogOffsets, until: number): Promise<void> {
    const topics = topicsOf(positions).map((name) => ({
      name, partitions: positions.filter(({ topic }) => topic === name).map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: metadata })),
    }));
    await this.wire.retrying('offsets cannot be sent', [], until, () => this.wire.askCoordinator('group', group, (connection) =>
      txnOffsetCommitV3.api.async(connection, this.id, group, this.producer, this.epoch, -1, '', null, topics)));
  }

  /** Batches of a partition go one after the other, partitions side by side. */
  async #send(lots: readonly Lot[], until: number): Promise<void> {
    const timestamp = Date.now();
    for (let open = lots; open.length > 0; open = open.filter(({ batches }) => batches.length > 0)) {
      let left = open.map((lot) => this.#encode(lot, timestamp));
      await this.wire.retrying(`messages to ${topicsOf(lots).join(', ')} cannot be sent`, topicsOf(lots), until, async () => {
        const failures: unknown[] = [];
        for (const [batch, answer] of await this.#produce(left)) {
          // What was acknowledged is not sent again; what may have been, the broker knows by its sequence.
          if (typeof answer === 'number') this.#acknowledge(batch.lot, answer);
          else if (!halve(batch.lot, answer)) {
            failures.push(answer);
            continue;
          }
          left = left.filter((each) => each !== batch);
        }
        if (failures.length > 0) throw failures.find((failure) => !passes(failure)) ?? failures[0];
      });
    }
  }

  #encode(lot: Lot, timestamp: number): Encoded {
    const sequence = this.#sequences.get(partitionKey(lot.topic, lot.partition)) ?? 0;
    return { lot, bytes: encodeBatch(lot.batches[0]!, { producer: this.producer, epoch: this.epoch, sequence, timestamp }) };
  }

  #acknowledge(lot: Lot, offset: number): void {
    const key = partitionKey(lot.topic, lot.partition);
    if (lot.offset < 0) lot.offset = offset;
    this.#sequences.set(key, ((this.#sequences.get(key) ?? 0) + lot.batches.shift()!.length) % 0x8000_0000);
  }

  /** For each batch its offset, or why it has none. */
  async #produce(batches: readonly Encoded[]): Promise<[Encoded, unknown][]> {
    const byLeader = new Map<number, Encoded[]>();
    for (const batch of batches) {
      const leader = await this.wire.leader(batch.lot.topic, batch.lot.partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
    }
    const answers = await Promise.all([...byLeader].map(async ([leader, list]): Promise<[Encoded, unknown][]> => {
      try {
        const found = await this.wire.ask(leader, (connection) => this.#produceTo(connection, list));
        return list.map((batch) => [batch, found.get(partitionKey(batch.lot.topic, batch.lot.partition)) ?? new Error('a partition was not acknowledged')]);
      } catch (cause) {
        return list.map((batch) => [batch, cause]);
      }
    }));
    return answers.flat();
  }

  /** By partition: the offset, or the error. */
  async #produceTo(connection: Connection, batches: readonly Encoded[]): Promise<Map<string, unknown>> {
    const answer = await new Promise<ProduceResponse>((resolve, reject) => {
      connection.send<ProduceResponse>(0, 9, () => this.#request(batches), produceV9.parseResponse, true, true, (error, response) => {
        // Where some partitions failed, the others' answers are within the error.
        const all = error === null ? response : (error as { readonly response?: ProduceResponse }).response;
        if (all === undefined) reject(error!);
        else resolve(all);
      });
    });
    return new Map(answer.responses.flatMap(({ name, partitionResponses }) => partitionResponses.map(({ index, errorCode, baseOffset, errorMessage }): [string, unknown] =>
      [partitionKey(name, index), errorCode === 0 || errorCode === duplicate ? Number(baseOffset) : new ProtocolError(errorCode, errorMessage)])));
  }

  #request(batches: readonly Encoded[]): Writer {
    return Writer.create().appendString(this.id).appendInt16(-1).appendInt32(replicasTimeout).appendArray(topicsOf(batches.map(({ lot }) => lot)), (topics, topic) => {
      topics.appendString(topic).appendArray(batches.filter(({ lot }) => lot.topic === topic), (partitions, { lot, bytes }) => {
        partitions.appendInt32(lot.partition).appendUnsignedVarInt(bytes.length + 1).append(bytes);
      });
    }).appendTaggedFields();
  }
}

const topicsOf = (list: readonly { readonly topic: string }[]): string[] => [...new Set(list.map(({ topic }) => topic))];

/** A topic may take less than a broker's usual: the first batch becomes two. Whether that may help. */
function halve({ batches }: Lot, cause: unknown): boolean {
  const first = batches[0]!;
  if (first.length === 1 || !idsOf(cause).some((id) => id === 'MESSAGE_TOO_LARGE' || id === 'RECORD_LIST_TOO_LARGE')) return false;
  const middle = first.length >>> 1;
  batches.splice(0, 1, first.slice(0, middle), first.slice(middle));
  return true;
}

/** Messages by partition, in order, in batches that brokers take. Throws KAFKA_REFUSED. */
function lotsOf(messages: readonly LogMessage[]): Lot[] {
  const lots = new Map<string, Lot>();
  const room = new Map<Lot, number>();
  for (const message of messages) {
    const { topic, partition } = message;
    const key = partitionKey(topic, partition);
    let lot = lots.get(key);
    if (lot === undefined) lots.set(key, lot = { topic, partition, batches: [], offset: -1 });
    const size = sizeOf(message);
    if (size > requestBytesMax) throw new TapewrightError('KAFKA_REFUSED', `a message of ${size} bytes to ${topic} is more than any broker takes`, { topic });
    const left = (room.get(lot) ?? 0) - size;
    if (left < 0) lot.batches.push([message]);
    else lot.batches[lot.batches.length - 1]!.push(message);
    room.set(lot, left < 0 ? batchBytesMax - size : left);
  }
  return [...lots.values()];
}
