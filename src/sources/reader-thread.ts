/** Worker thread: runs a reader a few batches ahead of the main thread, and hashes the files when asked. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../core/errors.js';
import { failureOf, type Failure } from '../core/failure.js';
import { fingerprintOf } from './files.js';
import { openReader } from './readers.js';
import { batchesAhead, buffersOf, creditBatches, withPeaks, type RawBatch, type Reader, type ReaderRequest } from './reader.js';

export type FromThread =
  | { readonly kind: 'opened'; readonly rowsTotal: number | null; readonly remarks: readonly string[] }
  | { readonly kind: 'batch'; readonly batch: RawBatch; readonly remarks: readonly string[] }
  | { readonly kind: 'end'; readonly remarks: readonly string[] }
  | { readonly kind: 'fingerprint'; readonly hash: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly of: 'reading' | 'fingerprint' };

/** Of credit: `creditBatches` more may be sent, in the memory given back or in new memory. */
export type ToThread = { readonly kind: 'credit'; readonly buffers: readonly ArrayBuffer[] } | { readonly kind: 'fingerprint' | 'close' };

async function run(): Promise<void> {
  assert(parentPort !== null, 'the reader thread has a parent');
  const port = parentPort;
  const send = (message: FromThread, buffers: ArrayBuffer[] = []): void => port.postMessage(message, buffers);
  const { files, columns } = workerData as ReaderRequest;
  let credits = batchesAhead;
  let closed = false;
  let wake: () => void = () => undefined;
  let reader: Reader | null = null;
  port.on('message', (message: ToThread) => {
    if (message.kind === 'credit') {
      credits += creditBatches;
      reader?.takeBack?.(message.buffers);
    } else if (message.kind === 'close') closed = true;
    else {
      fingerprintOf(files).then(
        (hash) => send({ kind: 'fingerprint', hash }),
        (cause: unknown) => send({ kind: 'failed', failure: failureOf(cause), of: 'fingerprint' }),
      );
    }
    wake();
    if (closed) reader?.interrupt();
  });
  try {
    reader = await openReader(workerData as ReaderRequest);
    send({ kind: 'opened', rowsTotal: reader.rowsTotal, remarks: reader.remarks });
    while (!closed) {
      const batch = await reader.next();
      while (credits === 0 && !closed) await new Promise<void>((resolve) => { wake = resolve; });
      credits -= 1;
      if (batch === null) {
        send({ kind: 'end', remarks: reader.remarks });
        break;
      }
      send({ kind: 'batch', batch: withPeaks(batch, columns), remarks: reader.remarks }, buffersOf(batch));
    }
  } catch (cause) {
    if (!closed) send({ kind: 'failed', failure: failureOf(cause), of: 'reading' });
  }
  // The files may still be hashed after the last row, so the thread lives until it is told to close.
  while (!closed) await new Promise<void>((resolve) => { wake = resolve; });
  await reader?.close();
  // Ends this thread only; a hash still under way is not waited for.
  process.exit(0);
}

if (parentPort !== null) await run();
