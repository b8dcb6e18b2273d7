import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runState } from './state-run.js';
import { stateWorkloads } from './state-workloads.js';

const folder = mkdtempSync(join(tmpdir(), 'tapewright-test-'));
after(() => rmSync(folder, { recursive: true }));

/** At full size: `npm run bench -- --state`. */
for (const name of Object.keys(stateWorkloads)) {
  test(`state of a ${name}: few bytes a key, a checkpoint writes little more than what changed, and it is taken up again`, async () => {
    const keys = 20_000;
    const { first, changed, agrees } = await runState(name, keys, join(folder, name));
    assert.ok(first.bytes < 120 * keys, `${first.bytes} bytes`);
    for (const { bytes } of changed) assert.ok(bytes < first.bytes / 10, `${bytes} of ${first.bytes} bytes`);
    assert.ok(agrees);
  });
}
