/** Lint: recommended rules everywhere; in the pure layers nothing that the data do not decide, and imports that go down only. */
import eslint from '@eslint/js';
import typescript from 'typescript-eslint';

const pure = ['core', 'calendar', 'functions', 'plan', 'operators', 'sql', 'engine'];

/** Pure files outside these folders: the generators of rows. */
const pureFiles = ['src/datasets/market/*.ts'];

/** What each layer may not import: everything above it. The others are shell and may import all of them. */
const above = {
  core: ['calendar', 'functions', 'plan', 'operators', 'sql', 'engine'],
  calendar: ['functions', 'plan', 'operators', 'sql', 'engine'],
  functions: ['calendar', 'plan', 'operators', 'sql', 'engine'],
  plan: ['operators', 'sql', 'engine'],
  operators: ['sql', 'engine'],
  sql: ['operators', 'engine'],
  engine: ['sql'],
};

/** Contracts that stand above in the tree but are plain data: a type of theirs may be imported anywhere below. */
const contracts = ['expression', 'plan', 'stage'];

const shell = ['builder', 'connect', 'database', 'datasets', 'formats', 'reconcile', 'report', 'runtime', 'scenario', 'serve', 'simulate', 'sinks', 'sources', 'stores', 'flink'];

/** Their last bits differ between engines, or they ask the machine. */
const mathForbidden = [
  'acos', 'acosh', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'cos', 'cosh', 'exp', 'expm1', 'hypot', 'log', 'log10', 'log1p', 'log2',
  'pow', 'random', 'sin', 'sinh', 'tan', 'tanh',
];

const told = 'the pure layers are told, they never ask';
const globalsForbidden = [
  'Date', 'Intl', 'Promise', 'Buffer', 'performance', 'process', 'globalThis', 'console', 'crypto', 'fetch', 'setTimeout', 'setInterval',
  'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask', 'structuredClone', 'WeakRef', 'FinalizationRegistry',
];

const asynchronous = 'the pure layers are synchronous';
const locale = 'text is compared and written by code unit, never by locale';

const syntaxForbidden = [
  { selector: ':function[async=true]', message: asynchronous },
  { selector: 'AwaitExpression', message: asynchronous },
  { selector: 'ForOfStatement[await=true]', message: asynchronous },
  { selector: 'ImportExpression', message: asynchronous },
  { selector: 'TSTypeReference[typeName.name="Promise"]', message: asynchronous },
  { selector: 'MemberExpression[property.name=/^(localeCompare|toLocale[A-Z].*)$/]', message: locale },
  // Powers of two and of bigints are exact everywhere.
  { selector: 'BinaryExpression[operator="**"]:not([left.value=2]):not([left.bigint])', message: 'the last bit of a power differs between engines; multiply, or use a table' },
];

const importsForbidden = (layer) => [
  { group: ['node:*', 'fs', 'path', 'os', 'crypto', 'worker_threads', 'child_process'], message: told },
  { group: shell.map((folder) => `**/${folder}/*`), message: `${layer} is below the shell` },
  ...above[layer].map((folder) => ({
    group: [`**/${folder}/*`, ...(folder === 'plan' ? contracts.map((name) => `!**/plan/${name}.js`) : [])],
    message: `${layer} is below ${folder}`,
  })),
];

export default typescript.config(
  { ignores: ['dist/', 'node_modules/', 'runs/', 'reports/', '.cache/'] },
  eslint.configs.recommended,
  typescript.configs.recommended,
  {
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', console: 'readonly' } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      // Where one stands in a pattern here, it is meant: names and texts are checked for them.
      'no-control-regex': 'off',
      // Columns and arrays are indexed within their length: `!` says so where the compiler cannot know.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'name what a module exports; only oclif needs defaults' }] },
  },
  {
    // Scripts that a page joins into one; tsconfig.page.json knows their names and the browser's.
    files: ['src/report/page/*.js'],
    languageOptions: { sourceType: 'script' },
    rules: { 'no-undef': 'off', '@typescript-eslint/no-unused-vars': 'off' },
  },
  { files: ['commands/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: [...pure.map((layer) => `src/${layer}/**/*.ts`), ...pureFiles],
    rules: {
      'no-restricted-globals': ['error', ...globalsForbidden.map((name) => ({ name, message: told }))],
      'no-restricted-properties': ['error', ...mathForbidden.map((property) => ({ object: 'Math', property, message: 'its last bits differ between engines, or it is chance' }))],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'name what a module exports' }, ...syntaxForbidden],
    },
  },
  ...pure.map((layer) => ({
    files: [`src/${layer}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: importsForbidden(layer) }] },
  })),
);
