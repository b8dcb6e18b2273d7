/** What kafkajs gets wrong must not pass for done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kafka } from 'kafkajs';
import { KafkaProducer } from '../../src/live/kafka-producer.js';
import type { LogMessage } from '../../src/live/log.js';

interface Sent {
  readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly { readonly partition: number }[] }[];
}

/** A client whose `sendBatch` answers for all partitions but one, and resolves: as kafkajs does when a leader dies meanwhile. */
function clientThatLoses(lost: string | null, told: string[]): Kafka {
  const transaction = {
    sendBatch: ({ topicMessages }: Sent) => {
      const partitions = topicMessages.flatMap(({ topic, messages }) => [...new Set(messages.map(({ partition }) => partition))].map((partition) => ({ topicName: topic, partition, errorCode: 0, baseOffset: '7' })));
      return Promise.resolve(partitions.filter(({ topicName, partition }) => `${topicName}/${partition}` !== lost));
    },
    sendOffsets: () => { told.push('offsets'); return Promise.resolve(); },
    commit: () => { told.push('commit'); return Promise.resolve(); },
    abort: () => { told.push('abort'); return Promise.resolve(); },
  };
  return { producer: () => ({ connect: () => Promise.resolve(), disconnect: () => Promise.resolve(), transaction: () => Promise.resolve(transaction) }) } as unknown as Kafka;
}

const messages: LogMessage[] = ['a', 'b'].flatMap((topic) => [0, 1].map((partition) => ({ topic, partition, key: null, value: Buffer.from('x') })));

test('a partition that kafkajs forgot, resolving all the same, ends in an abort and an error, never in a commit', async () => {
  for (const lost of ['a/0', 'a/1', 'b/0', 'b/1']) {
    const told: string[] = [];
    const producer = await KafkaProducer.open(clientThatLoses(lost, told), ['127.0.0.1:9092'], 'lane');
    await assert.rejects(producer.commit(messages, { group: 'g', positions: [], metadata: '' }), /not acknowledged/);
    assert.deepEqual(told, ['abort']);
  }
  const told: string[] = [];
  const producer = await KafkaProducer.open(clientThatLoses(null, told), ['127.0.0.1:9092'], 'lane');
  assert.deepEqual((await producer.commit(messages, { group: 'g', positions: [], metadata: '' })).map(({ offset }) => offset), [7, 7, 7, 7]);
  assert.deepEqual(told, ['offsets', 'commit']);
});
