/** What the linter cannot see: the shape of the repository itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { ESLint } from 'eslint';
import { packageRoot } from '../src/runtime/versions.js';

const root = packageRoot();
const inGit = existsSync(join(root, '.git'));
const tracked = inGit ? execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter((path) => path !== '' && existsSync(join(root, path))) : [];
const texts = tracked.filter((path) => /\.(ts|js|json|md|yaml|yml|sql|sh)$|^\.ci\//.test(path) && path !== 'package-lock.json');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const skip = !inGit && 'not a git work tree';

/** Lines at the most, and where more are one noun nevertheless: a type for every node of the syntax; the fold itself. */
const linesMax = 400;
const linesMaxOf: Readonly<Record<string, number>> = { 'src/sql/ast.ts': 620, 'src/engine/engine.ts': 580 };

test('a file is one noun: code files stay short', { skip }, () => {
  const code = texts.filter((path) => /^(src|commands|bin)\//.test(path)).map((path) => ({ path, lines: read(path).split('\n').length }));
  assert.deepEqual(code.filter(({ path, lines }) => lines > (linesMaxOf[path] ?? linesMax)), []);
});

test('no file names a machine, and nothing was left for later', { skip }, () => {
  // Put together here, so that this file does not find itself.
  const machine = new RegExp(['/ho' + 'me/\\w', '/Us' + 'ers/\\w', '/wo' + 'rk/\\w', 'C:\\\\' + 'Users'].join('|'));
  const later = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
  assert.deepEqual(texts.filter((path) => machine.test(read(path))), []);
  assert.deepEqual(texts.filter((path) => later.test(read(path))), []);
});

test('no tracked file is bulky', { skip }, () => {
  assert.deepEqual(tracked.filter((path) => readFileSync(join(root, path)).length > 1024 * 1024), []);
});

test('every dependency has its line in the README', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const readme = read('README.md');
  for (const name of [...Object.keys(dependencies), ...Object.keys(devDependencies)]) assert.ok(readme.includes(`\`${name}\``), `README.md says nothing about ${name}`);
});

test('tests mirror the sources', { skip }, () => {
  const sources = new Set(tracked.filter((path) => path.startsWith('src/')).map((path) => path.replace(/^src\/|\/[^/]*$/g, '')));
  const special = ['bench', 'commands', 'conformance', 'laws', 'scenarios', 'real', 'flink', 'flink-text', 'support', 'examples'];
  const folders = new Set(tracked.filter((path) => /^test\/.+\//.test(path)).map((path) => path.split('/')[1]!));
  assert.deepEqual([...folders].filter((folder) => !sources.has(folder) && !special.includes(folder)), []);
  assert.deepEqual(tracked.filter((path) => /^test\/.*\.test\.ts$/.test(path) && basename(path) !== basename(path).toLowerCase()), []);
});

test('the linter refuses what the pure layers may not do', async () => {
  const eslint = new ESLint({ cwd: root });
  const offences: [string, string][] = [
    ['export const a = Date.now();\n', 'no-restricted-globals'], ['export const a = Math.random();\n', 'no-restricted-properties'],
    ['export const a = Math.exp(1);\n', 'no-restricted-properties'], ['export const a = (x: number) => x ** 0.5;\n', 'no-restricted-syntax'],
    ['export const a = process.pid;\n', 'no-restricted-globals'], ["import 'node:fs';\n", 'no-restricted-imports'], ["import '../sql/ast.js';\n", 'no-restricted-imports'],
    ["import '../stores/files.js';\n", 'no-restricted-imports'], ["import '../plan/compile.js';\n", 'no-restricted-imports'],
    ['export async function a() {}\n', 'no-restricted-syntax'], ["export const a = 'b'.localeCompare('c');\n", 'no-restricted-syntax'],
    ['export default 1;\n', 'no-restricted-syntax'], ['setTimeout(() => 1, 1);\n', 'no-restricted-globals'],
  ];
  for (const [code, rule] of offences) {
    const [result] = await eslint.lintText(code, { filePath: join(root, 'src/core/offence.ts') });
    assert.deepEqual(result!.messages.map(({ ruleId }) => ruleId), [rule], code);
  }
  const [allowed] = await eslint.lintText("import '../plan/plan.js';\nexport const a = 2 ** -45 + Number(10n ** 3n);\n", { filePath: join(root, 'src/core/innocent.ts') });
  assert.deepEqual(allowed!.messages, []);
});
