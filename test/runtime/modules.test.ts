/** Modules of the user's in runs: given by file, kept in the bundle, run from nowhere else, and guarded. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planTexts } from '../../src/runtime/pipeline.js';
import { importsOf, loadModule } from '../../src/runtime/modules.js';
import { runReplay } from '../../src/runtime/replay.js';
import { verifyRun } from '../../src/runtime/verify.js';
import { newRunOptions } from '../../src/scenario/flags.js';
import { queryBundle } from '../../src/sinks/query.js';
import { Bundle } from '../../src/stores/bundle.js';
import { directoryFor } from '../stores/directory.js';

const sql = `CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'x');
CREATE TABLE doubled (symbol STRING, twice DOUBLE) WITH ('connector' = 'x');
INSERT INTO doubled SELECT symbol, twice(price) FROM ticks;
`;
const ticks = [1, 2, 3].map((second) => JSON.stringify({ symbol: 'A', price: second, event_time: `2026-03-02T14:30:0${second}` })).join('\n');
const twice = (body: string, head = '') => `${head}\nexport const twice = { args: ['DOUBLE'], returns: 'DOUBLE', evaluate(price) { ${body} } };\n`;

function files(directory: string, module: string): (name: string) => string {
  mkdirSync(directory, { recursive: true });
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('run.sql'), sql);
  writeFileSync(path('ticks.jsonl'), `${ticks}\n`);
  writeFileSync(path('functions.mjs'), module);
  return path;
}

async function run(path: (name: string) => string, out = 'run') {
  const options = await newRunOptions(path('run.sql'), { bind: [`ticks=${path('ticks.jsonl')}`], functions: [path('functions.mjs')], out: path(out) });
  return runReplay({ ...options, report: true });
}

test('a run with functions of a module: its text is in the bundle, and the same module proves it', async (context) => {
  const directory = directoryFor(context);
  const path = files(directory, twice('return 2 * price;'));
  const result = await run(path);
  assert.deepEqual((await queryBundle(result.directory, 'SELECT twice FROM doubled')).rows.flat(), [2, 4, 6]);
  const { manifest } = await Bundle.open(result.directory);
  assert.deepEqual(manifest.texts.modules!.map(({ path: name, functions }) => [name, functions.map((one) => `${one.kind} ${one.name}`)]), [['functions.mjs', ['scalar twice']]]);
  assert.equal((await verifyRun(result.directory)).equal, true);

  // The same name with other code: verify says so and runs neither.
  writeFileSync(path('functions.mjs'), twice('return price + price + 1;'));
  await loadModule(path('functions.mjs'));
  const forged = { ...manifest.texts, modules: [{ ...manifest.texts.modules![0]!, text: twice('return 3 * price;') }] };
  assert.deepEqual(planTexts(forged).sinks.map(({ name }) => name), ['doubled']);
  await assert.rejects(runReplay({ run: { kind: 'new', texts: forged, parameters: manifest.parameters, out: path('again') }, stopAfterRows: null, report: false }),
    { code: 'USAGE', message: /no code of a bundle is run: read it, then give the file with --functions/ });
});

test('modules import nothing but files beside them', async (context) => {
  const directory = directoryFor(context);
  const path = files(directory, twice('return factor * price;', "import { factor } from './factor.mjs';"));
  writeFileSync(path('factor.mjs'), 'export const factor = 10;\n');
  const result = await run(path);
  assert.deepEqual((await queryBundle(result.directory, 'SELECT twice FROM doubled')).rows.flat(), [10, 20, 30]);
  assert.match((await Bundle.open(result.directory)).manifest.texts.modules![0]!.text, /export const factor = 10/);
  for (const [head, message] of [
    ["import { readFileSync } from 'node:fs';", /imports 'node:fs': a function may use tapewright and files beside it/],
    ["import { x } from './missing.mjs';", /missing\.mjs does not exist/],
    ["const later = () => import('./factor.mjs');", /imports modules while it runs/],
    ['const = 1;', /cannot be loaded/],
  ] as const) {
    writeFileSync(path('functions.mjs'), twice('return price;', head));
    await assert.rejects(loadModule(path('functions.mjs')), { code: 'FUNCTION_INVALID', message });
  }
  await assert.rejects(loadModule('functions.ts'), { code: 'FUNCTION_INVALID', message: /is TypeScript: compile it/ });
  assert.deepEqual(importsOf("import a, { b } from 'x';\nexport * from \"./y.js\";\nimport './z.js';\n// import 'no';\n/* import 'no' */"), ['x', './y.js', './z.js']);
});

test('the guard stops code that asks for what a replay cannot repeat, by the name of the function', async (context) => {
  const directory = directoryFor(context);
  const path = files(directory, '');
  const cases: readonly (readonly [code: string, message: RegExp])[] = [
    ['return Date.now();', /the function twice calls Date\.now, and so asks the clock, which a replay cannot repeat: take the time of the row as an argument/],
    ['return new Date().getTime();', /the function twice calls new Date\(\), and so asks the clock/],
    ['return new Date(0).getHours();', /calls Date\.getHours, and so asks the time zone of the machine/],
    ["return Date.parse('2026-03-02 10:00');", /calls Date\.parse of a local time/],
    ['return Math.random();', /calls Math\.random, and so asks chance, .* seededNumber/],
    ['return crypto.getRandomValues(new Uint8Array(1))[0];', /calls crypto\.getRandomValues/],
    ['return performance.now();', /calls performance\.now/],
    ['return Number(process.hrtime.bigint());', /calls process\.hrtime\.bigint/],
    ['setTimeout(() => {}, 1); return 1;', /calls setTimeout, and so asks a timer of the machine/],
    ["fetch('http://127.0.0.1:1/'); return 1;", /calls fetch, and so asks the world outside/],
    ["return 'a'.localeCompare('b');", /calls String\.localeCompare/],
    ["process.getBuiltinModule?.('fs'); return process.cwd().length;", /calls process\.(getBuiltinModule|cwd)/],
    ['return kept();', /calls Date\.now/],
  ];
  for (const [index, [code, message]] of cases.entries()) {
    writeFileSync(path('functions.mjs'), twice(code, 'const kept = Date.now;'));
    await assert.rejects(run(path, `run-${index}`), { code: 'FUNCTION_FORBIDDEN', message }, code);
  }
  // Arithmetic with times is no clock.
  writeFileSync(path('functions.mjs'), twice("return price + new Date(Date.UTC(2026, 0, 1)).getUTCFullYear() + Date.parse('1970-01-01T00:00:00Z');"));
  const result = await run(path, 'allowed');
  assert.deepEqual((await queryBundle(result.directory, 'SELECT twice FROM doubled')).rows.flat(), [2027, 2028, 2029]);
  // The top level of a module is guarded as well; the rest of the process is not.
  writeFileSync(path('functions.mjs'), twice('return seed;', 'const seed = Date.now();'));
  await assert.rejects(run(path, 'top'), { code: 'FUNCTION_FORBIDDEN', message: /the module functions\.mjs calls Date\.now/ });
  assert.ok(Date.now() > 0 && Math.random() >= 0 && new Date().getHours() >= 0);
});

test('aggregates and operators are guarded as well', async (context) => {
  const directory = directoryFor(context);
  const path = files(directory, '');
  const ask = async (query: string, code: string, out: string): Promise<unknown> => {
    writeFileSync(path('functions.mjs'), code);
    writeFileSync(path('run.sql'), `${sql.slice(0, sql.indexOf('INSERT'))}INSERT INTO doubled ${query};`);
    return run(path, out);
  };
  await assert.rejects(ask("SELECT symbol, noisy(price) FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end",
    "export const noisy = { args: ['DOUBLE'], returns: 'DOUBLE', create: () => ({ sum: 0 }), add(state, value) { state.sum += value * Math.random(); }, result: ({ sum }) => sum };", 'aggregate'),
  { code: 'FUNCTION_FORBIDDEN', message: /the function noisy calls Math\.random/ });
  await assert.rejects(ask('SELECT symbol, age FROM stamped(input => TABLE ticks PARTITION BY symbol)',
    "export const stamped = { input: { price: 'DOUBLE' }, output: { age: 'DOUBLE' }, state: () => null, onRow(row, context) { context.emit({ age: Date.now() - context.time }); } };", 'operator'),
  { code: 'FUNCTION_FORBIDDEN', message: /the function stamped calls Date\.now/ });
});

test('what throws goes to the dead letters, or stops a strict run', async (context) => {
  const directory = directoryFor(context);
  const path = files(directory, twice("if (price === 2) throw new Error('no twos'); return 2 * price;"));
  const result = await run(path);
  assert.deepEqual([result.deadLetters, (await queryBundle(result.directory, 'SELECT error FROM dead_letters')).rows.flat()], [1, ['twice threw: no twos']]);
  const strict = await newRunOptions(path('run.sql'), { bind: [`ticks=${path('ticks.jsonl')}`], functions: [path('functions.mjs')], out: path('strict'), strict: true });
  await assert.rejects(runReplay({ ...strict, report: false }), { code: 'EXPRESSION_FAILED', message: /twice threw: no twos, at row 1 of ticks/ });
});

test('a scenario names modules: of functions, and of pipelines', async (context) => {
  const directory = directoryFor(context);
  const path = files(directory, twice('return 2 * price;'));
  writeFileSync(path('more.mjs'), "export const more = { kind: 'pipeline', sql: 'CREATE TABLE more (twice DOUBLE);\\nINSERT INTO more SELECT twice(price) FROM ticks;\\n', functions: [] };\n");
  writeFileSync(path('scenario.yaml'), 'name: doubled\npipeline: [run.sql, more.mjs]\nfunctions: [functions.mjs]\nbind: { ticks: ticks.jsonl }\n');
  const result = await runReplay({ ...(await newRunOptions(path('scenario.yaml'), { out: path('run') })), report: false });
  assert.deepEqual((await queryBundle(result.directory, 'SELECT twice FROM more')).rows.flat(), [2, 4, 6]);
  assert.equal((await verifyRun(result.directory)).equal, true);
  writeFileSync(path('scenario.yaml'), 'name: doubled\npipeline: [run.sql]\nfunctions: [../functions.mjs]\nbind: { ticks: ticks.jsonl }\n');
  await assert.rejects(newRunOptions(path('scenario.yaml'), {}), { code: 'SCENARIO_INVALID', message: /functions.* files within the scenario's folder, which \.\.\/functions\.mjs is not/ });
});
