import assert from 'node:assert/strict';
import { tryLaw } from './support/law.js';
import { oracleLaw } from './support/laws.js';

tryLaw(oracleLaw, (tally) => assert.deepEqual(tally.missing(), [], 'everything was drawn'));
