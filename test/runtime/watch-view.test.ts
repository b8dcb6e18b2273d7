import assert from 'node:assert/strict';
import test from 'node:test';
import type { ObservedRun, Progress } from '../../src/runtime/options.js';
import { defaultParameters } from '../../src/runtime/options.js';
import { ShownRun, type ShowOptions } from '../../src/runtime/watch-run.js';
import { Watch } from '../../src/runtime/watch-state.js';
import { WatchView } from '../../src/runtime/watch-view.js';

const progress: Progress = { rows: 5, rowsTotal: 10, eventTime: 0, late: 0 };
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l', leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';

test('the screen is taken once, drawn ten times a second at the most, and given back once', () => {
  const written: string[] = [];
  let now = 0;
  const screen = { columns: 60, rows: 12, write: (text: string) => written.push(text) };
  const view = new WatchView(screen, new Watch({ name: 'run', speed: 1, lanes: 1, inputs: [], sinks: [] }), false, () => now);
  view.show(progress);
  assert.equal(written.length, 0, 'nothing is drawn on a screen that is not taken');
  const listeners = process.listenerCount('exit');
  view.open();
  view.open();
  for (; now <= 1_000; now += 10) view.show(progress);
  view.say('Stopping.');
  assert.equal(process.listenerCount('exit'), listeners + 1);
  view.close();
  view.close();
  assert.equal(process.listenerCount('exit'), listeners);
  assert.equal(written[0], enter);
  assert.equal(written.length, 1 + 11 + 1 + 1);
  assert.match(written.at(-2)!, /Stopping\./);
  assert.equal(written.at(-1), leave);
  // Every row of the screen is written, from its first column, and the last column never.
  assert.deepEqual([...written[2]!.matchAll(/\u001b\[(\d+);1H/g)].map(([, row]) => Number(row)), Array.from({ length: 12 }, (_, row) => row + 1));
});

/** What is written for a run that goes on for half a minute: to the screen, and as lines that stay. */
function shown(options: Partial<ShowOptions>, speed: number | null): { screen: string; said: readonly string[] } {
  let screen = '';
  let now = 0;
  const said: string[] = [];
  const run = new ShownRun({ screen: { columns: 80, rows: 24, write: (text: string) => (screen += text) }, isTerminal: true, colours: false, quiet: false, watch: undefined, say: (text) => said.push(text), ...options }, () => now);
  const observed: ObservedRun = { name: 'run', parameters: { ...defaultParameters, bindings: {}, speed }, pipeline: { sources: [], sinks: [], statements: [], settings: {}, remarks: [] }, inputs: [] };
  const observer = run.observe(observed);
  assert.equal(observer !== null, screen.includes(enter));
  for (; now <= 30_000; now += 100) run.onProgress(progress);
  run.remark('A remark.');
  run.close();
  return { screen, said };
}

test('the view is for runs that keep a pace, on a terminal, unless the user says otherwise', () => {
  const isView = (options: Partial<ShowOptions>, speed: number | null): boolean => shown(options, speed).screen.includes(enter);
  assert.deepEqual([isView({}, 1), isView({}, null), isView({ watch: true }, null), isView({ watch: false }, 1), isView({ quiet: true }, 1), isView({ isTerminal: false }, 1)], [true, false, true, false, false, false]);
  assert.equal(isView({ screen: { columns: 20, rows: 24, write: () => true } }, 1), false);
  const { screen, said } = shown({}, 1);
  assert.ok(screen.endsWith(leave));
  assert.deepEqual(said, [], 'what is said while the view is open stands in it');
});

test('without a terminal there are no escapes: a paced run says now and then how far it is, another one nothing', () => {
  const { screen, said } = shown({ isTerminal: false }, 1);
  assert.equal(screen, '');
  assert.deepEqual([said.length, said[0]!.startsWith('1970-01-01 00:00:00.000  50 %  5 rows'), said.at(-1)], [4, true, 'A remark.']);
  assert.deepEqual(shown({ isTerminal: false }, null), { screen: '', said: ['A remark.'] });
  assert.deepEqual(shown({ isTerminal: false, quiet: true }, 1), { screen: '', said: [] });
});
