/** A test file whose process does not end once its tests have holds up the whole suite: this names what keeps it. */
import { writeSync } from 'node:fs';

const patience = 20_000;

/** To be called when all tests of the file have ended and its servers are stopped. */
export function mustEnd(): void {
  setTimeout(() => {
    writeSync(2, `the tests have ended, and still there are: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(1);
  }, patience).unref();
}
