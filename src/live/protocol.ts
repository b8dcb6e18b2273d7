/**
 * Kafka's protocol, as @platformatic/kafka writes and reads it. Its modules are loaded by their files: the package's one
 * entrance brings its own clients and their schemas with it, which takes three times as long, and a lane that is taken
 * over waits for that.
 */
import type * as Package from '@platformatic/kafka';

export type { Broker, Connection, Reader } from '@platformatic/kafka';
export type ConnectionPool = Package.ConnectionPool;
export type Writer = Package.Writer;
export type ProduceResponse = Package.produceV9.ProduceResponse;

const entrance = import.meta.resolve('@platformatic/kafka');

const fileOf = async <Name extends keyof typeof Package>(path: string): Promise<Pick<typeof Package, Name>> => await import(new URL(path, entrance).href) as Pick<typeof Package, Name>;

export const { ConnectionPool } = await fileOf<'ConnectionPool'>('./network/connection-pool.js');
export const { addOffsetsToTxnV3, addPartitionsToTxnV3, endTxnV3, fetchV12, findCoordinatorV4, initProducerIdV4, metadataV12, produceV9, txnOffsetCommitV3 } =
  await fileOf<'addOffsetsToTxnV3' | 'addPartitionsToTxnV3' | 'endTxnV3' | 'fetchV12' | 'findCoordinatorV4' | 'initProducerIdV4' | 'metadataV12' | 'produceV9' | 'txnOffsetCommitV3'>('./apis/index.js');
export const { Writer } = await fileOf<'Writer'>('./protocol/writer.js');
export const { ProtocolError } = await fileOf<'ProtocolError'>('./errors.js');
