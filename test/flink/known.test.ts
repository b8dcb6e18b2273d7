import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { packageRoot } from '../../src/runtime/versions.js';
import { knownNames } from './known.js';

test('every difference that the judge passes over is explained in the documentation', () => {
  const text = readFileSync(join(packageRoot(), 'docs', 'flink-differences.md'), 'utf8');
  for (const name of knownNames) assert.ok(text.includes(`### ${name}\n`) || text.includes(`**${name}**`), name);
});
