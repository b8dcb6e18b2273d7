/** Worker thread: decodes recorded topics a few batches ahead of the main thread, and hashes the files. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../core/errors.js';
import { failureOf, type Failure } from '../core/failure.js';
import { captureBuffers, creditPieces, piecesAhead, type CaptureBatch } from './capture-batch.js';
import { CaptureDecoding, type CaptureRequest } from './capture-decoding.js';

export type FromCaptureThread =
  | { readonly kind: 'batch'; readonly batch: CaptureBatch }
  | { readonly kind: 'end' }
  | { readonly kind: 'fingerprint'; readonly hash: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly of: 'reading' | 'fingerprint' };

/** `credit`: `creditPieces` more may be sent. */
export type ToCaptureThread = 'credit' | 'fingerprint' | 'close';

async function run(): Promise<void> {
  assert(parentPort !== null, 'the capture thread has a parent');
  const port = parentPort;
  const send = (message: FromCaptureThread, buffers: ArrayBuffer[] = []): void => port.postMessage(message, buffers);
  const decoding = new CaptureDecoding(workerData as CaptureRequest);
  let credits = piecesAhead;
  let closed = false;
  let wake: () => void = () => undefined;
  port.on('message', (message: ToCaptureThread) => {
    if (message === 'credit') credits += creditPieces;
    else if (message === 'close') closed = true;
    else {
      decoding.fingerprint().then(
        (hash) => send({ kind: 'fingerprint', hash }),
        (cause: unknown) => send({ kind: 'failed', failure: failureOf(cause), of: 'fingerprint' }),
      );
    }
    wake();
  });
  try {
    while (!closed) {
      const batch = await decoding.next();
      while (credits === 0 && !closed) await new Promise<void>((resolve) => { wake = resolve; });
      credits -= 1;
      if (batch === null) {
        send({ kind: 'end' });
        break;
      }
      send({ kind: 'batch', batch }, captureBuffers(batch));
    }
  } catch (cause) {
    if (!closed) send({ kind: 'failed', failure: failureOf(cause), of: 'reading' });
  }
  // The files may still be hashed after the last record, so the thread lives until it is told to close.
  while (!closed) await new Promise<void>((resolve) => { wake = resolve; });
  // Ends this thread only; a hash still under way is not waited for.
  process.exit(0);
}

if (parentPort !== null) await run();
