/** One HTML file with all it needs: opened from a disk, it asks no network, and runs nothing but the scripts named by their hashes. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { assert } from '../core/errors.js';
import { packageRoot } from '../runtime/versions.js';
import type { PageData } from './page-data.js';

/** The page's own scripts, in the order in which they are joined. They are no modules: a page from a disk cannot import. */
const scripts = [
  'values.js', 'elements.js', 'packed.js', 'export.js', 'table.js', 'charts.js', 'chart.js', 'alerts.js', 'alert-picture.js', 'alert-detail.js', 'market-bars.js', 'market-chart.js',
  'symbols.js', 'market.js', 'graph.js', 'changes.js', 'limits.js', 'sections.js', 'page.js',
];

export function pageText(data: PageData): Promise<string> {
  return pageOf({ title: 'Tapewright report', scripts, data, without: 'This report is drawn by a script inside this file; report.json beside it holds the same facts.' });
}

export interface PageParts {
  readonly title: string;
  /** Of the folder `page`, in the order in which they are joined. */
  readonly scripts: readonly string[];
  readonly data: unknown;
  /** What stands there where scripts do not run. */
  readonly without: string;
}

export async function pageOf({ title, scripts, data, without }: PageParts): Promise<string> {
  const folder = join(packageRoot(), 'src', 'report', 'page');
  const own = await Promise.all(scripts.map((name) => readFile(join(folder, name), 'utf8')));
  const style = await readFile(join(folder, 'page.css'), 'utf8');
  const charts = await readFile(chartLibrary(), 'utf8');
  // In a block, so that two functions of one name are a syntax error and nothing becomes global.
  const script = `'use strict';\n{\n${own.join('\n')}\n}\n`;
  for (const code of [charts, script]) assert(!/<\/script|<!--/i.test(code), 'a script does not end itself');
  assert(!/<\/style/i.test(style), 'a style does not end itself');
  return [
    '<!doctype html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy([charts, script], style)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">', '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title>`, `<style>${style}</style>`, '</head>', '<body>',
    `<noscript>${without}</noscript>`,
    `<script type="application/json" id="data">${embedded(data)}</script>`, `<script>${charts}</script>`, `<script>${script}</script>`,
    '</body>', '</html>', '',
  ].join('\n');
}

/** JSON that a script element can hold: no text in it can end the element. */
export function embedded(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

function policy(code: readonly string[], style: string): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; script-src ${code.map(hash).join(' ')}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}

/** The standalone build of lightweight-charts, which defines one global. Its package exports only the module beside it. */
function chartLibrary(): string {
  const module = createRequire(import.meta.url).resolve('lightweight-charts/package.json');
  return join(dirname(module), 'dist', 'lightweight-charts.standalone.production.js');
}
