/** Each law fails on planted bugs: switches in the engine's own code, turned on one at a time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cdcLaw } from '../cdc/cdc-law.js';
import { savedLaw, streamLaw } from '../cdc/stream-laws.js';
import { faults } from '../../src/core/faults.js';
import { matchLaw } from '../operators/match-model.js';
import { regularLaw } from '../operators/regular-model.js';
import { temporalLaw } from '../operators/temporal-model.js';
import { updatingLaw } from '../operators/updating-model.js';
import { failsAfter, seedOf, type Law } from './support/law.js';
import { arrivalLaw, batchLaw, lanesLaw, onceLaw, oracleLaw, recoveryLaw, replayLaw } from './support/laws.js';
import type { Case } from './support/random-pipelines.js';

/** What is no bug, or one of live: its law waits for a log, and is shown to fail in test/live/lane-faults.test.ts. */
const elsewhere = ['stopAtRow', 'resentUnasked'] as const;

type Bug = Exclude<keyof typeof faults, typeof elsewhere[number]>;

interface Caught {
  readonly law: string;
  failsAfter(): number | null;
}

const by = <Drawn extends { readonly drawn: Case }>(law: Law<Drawn>): Caught => ({ law: law.name, failsAfter: () => failsAfter(law) });

/** A law of one operator. */
const byOperator = <Drawn>(law: string, property: fc.IProperty<Drawn>): Caught => ({
  law,
  failsAfter: () => {
    const { failed, numRuns } = fc.check(property, { seed: seedOf(law), numRuns: 200, endOnFailure: true });
    return failed ? numRuns : null;
  },
});

/** Each of two laws. */
const both = (one: Caught, other: Caught): Caught => ({
  law: `${one.law}, ${other.law}`,
  failsAfter: () => {
    const draws = [one.failsAfter(), other.failsAfter()];
    return draws.includes(null) ? null : Math.max(...draws.map(Number));
  },
});

/** Which law is to catch which bug. */
const bugs: Readonly<Record<Bug, Caught>> = {
  naiveSum: by(oracleLaw), dropCarry: by(oracleLaw), averageRounds: by(oracleLaw), integersRounded: by(oracleLaw), varianceBySquares: by(oracleLaw),
  extremesStartAtZero: by(oracleLaw), lateAtBound: by(oracleLaw), watermarkAhead: by(oracleLaw), fastestInputLeads: by(oracleLaw),
  peersLeftOut: by(oracleLaw), looksAhead: by(oracleLaw), neverRetract: by(oracleLaw), nullKeysMerged: by(oracleLaw), tiesReversed: by(oracleLaw),
  filteredRowsHoldWatermark: by(oracleLaw), tiesByChance: by(replayLaw), watermarkPerBatch: by(batchLaw), keysUnordered: by(arrivalLaw),
  arrivalForEventTime: by(arrivalLaw), lanesOverlap: by(lanesLaw), watermarkNotSaved: by(recoveryLaw), waitingRowsNotSaved: by(recoveryLaw),
  openWindowsNotSaved: by(recoveryLaw), firesAgainAfterRestore: by(recoveryLaw), lateRowsDropped: by(onceLaw), sessionsApart: by(oracleLaw), boundsLeftOut: by(oracleLaw),
  pairedRowsPadded: by(oracleLaw), rankedByArrival: by(oracleLaw), firstRowRepeats: by(oracleLaw),
  versionsByArrival: both(byOperator('temporal', temporalLaw), by(oracleLaw)), partnersNotCounted: both(byOperator('regular', regularLaw), by(oracleLaw)),
  greedyGivesWay: byOperator('match', matchLaw), matchesNotSaved: by(recoveryLaw),
  timersNotSaved: by(recoveryLaw), triggersNotSaved: by(recoveryLaw), partsLost: by(oracleLaw),
  retractionLeftOut: both(byOperator('updating', updatingLaw), by(oracleLaw)), nobodyMovesUp: both(byOperator('updating', updatingLaw), by(oracleLaw)),
  unchangedTaken: byOperator('cdc', cdcLaw), pageNotMarked: by(recoveryLaw), frameRowsNotPaged: by(recoveryLaw), transactionsShown: byOperator('cdc', cdcLaw),
  transactionsCut: byOperator('cdc stream', streamLaw), repeatsTaken: byOperator('cdc stream', streamLaw), changesNotSaved: byOperator('cdc saved', savedLaw),
};

test('every switch has its law', () => {
  assert.deepEqual(Object.keys(bugs).sort(), Object.keys(faults).filter((name) => !elsewhere.some((other) => other === name)).sort());
});

test('every planted bug fails its law within the normal number of draws', async (context) => {
  const lines: string[] = [];
  for (const [bug, caught] of Object.entries(bugs) as [Bug, Caught][]) {
    await context.test(bug, () => {
      faults[bug] = true;
      let draws: number | null;
      try {
        draws = caught.failsAfter();
      } finally {
        faults[bug] = false;
      }
      lines.push(`${bug.padEnd(26)} ${caught.law.padEnd(9)} ${draws === null ? 'not caught' : `draw ${draws}`}`);
      assert.notEqual(draws, null, `the law ${caught.law} does not notice ${bug}`);
    });
  }
  for (const line of [`${'planted bug'.padEnd(26)} ${'law'.padEnd(9)} caught at`, ...lines]) context.diagnostic(line);
});
