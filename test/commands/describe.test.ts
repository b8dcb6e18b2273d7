import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { example, writeFiles } from './command-line.js';
import { runAll } from './one-process.js';

const directory = mkdtempSync(join(tmpdir(), 'tapewright-describe-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('describe: text, one JSON object, a page, and refusals', () => {
  writeFiles(directory, { 'ticks.jsonl': example['ticks.jsonl']! });
  const [text, json, page, said, wrong, nowhere, map] = runAll(directory, [
    ['datasets', 'describe', 'ticks.jsonl'],
    ['datasets', 'describe', 'ticks.jsonl', '--json'],
    ['datasets', 'describe', 'ticks.jsonl', '--page', 'ticks.html', '--quiet'],
    ['datasets', 'describe', 'us-equities-day', '--said', '--json'],
    ['datasets', 'describe', 'ticks.jsonl', '--price', 'prize'],
    ['datasets', 'describe', 'nowhere.csv'],
    ['datasets', 'describe', 'ticks.jsonl', '--map', 'price'],
  ]);
  assert.equal(text!.code, 0, text!.err);
  assert.match(text!.out, /Found: time is event_time; symbol is symbol; price is price; volume is volume\.[^]*Verdict: /);
  const described = JSON.parse(json!.out) as { profile: { rows: number }; verdict: { watermark: string }; schema: object; dataset: null; found: object };
  assert.equal(described.dataset, null);
  assert.ok(described.profile.rows > 0);
  assert.match(described.verdict.watermark, /^WATERMARK FOR event_time AS event_time - INTERVAL '\d+' SECOND$/);
  assert.deepEqual([page!.code, /^<!doctype html>/.test(readFileSync(join(directory, 'ticks.html'), 'utf8'))], [0, true]);
  assert.deepEqual(Object.keys(JSON.parse(said!.out) as object), ['name', 'dataset', 'schema']);
  assert.deepEqual([wrong!.code, nowhere!.code, map!.code], [2, 2, 2]);
  assert.match(wrong!.err, /--price prize: ticks\.jsonl has no such column; did you mean 'price'\?/);
  assert.match(nowhere!.err, /nowhere\.csv does not exist/);
  assert.match(map!.err, /--map price: must be COLUMN=EXPRESSION/);
});
