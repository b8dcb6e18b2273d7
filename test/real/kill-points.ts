/** Points within a transaction and a checkpoint that live itself does not name: seen from outside, so that nothing is in the product for them. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { connectionsApiChannel } from '@platformatic/kafka';

export type Point = 'enlist' | 'send' | 'offsets' | 'end' | 'unanswered' | 'write' | 'rename' | 'renamed';

/** Of Kafka's requests, by their key. */
const endOfTransaction = 26;
const requests = new Map<number, Point>([[24, 'enlist'], [0, 'send'], [28, 'offsets'], [endOfTransaction, 'end']]);

/** Calls before a request is sent (`unanswered`: after the end of a transaction was), and around the writing and renaming of checkpoints. */
export function watchPoints(meet: (point: Point) => void): void {
  connectionsApiChannel.start.subscribe((message) => {
    const point = requests.get((message as { readonly apiKey: number }).apiKey);
    if (point !== undefined) meet(point);
  });
  connectionsApiChannel.end.subscribe((message) => {
    if ((message as { readonly apiKey: number }).apiKey === endOfTransaction) meet('unanswered');
  });
  const { open, rename } = fs.promises;
  fs.promises.open = (path, ...rest) => {
    if (String(path).includes('checkpoints')) meet('write');
    return open(path, ...rest);
  };
  fs.promises.rename = async (from, to) => {
    const isCheckpoint = String(to).includes('checkpoints');
    if (isCheckpoint) meet('rename');
    await rename(from, to);
    if (isCheckpoint) meet('renamed');
  };
  syncBuiltinESMExports();
}
