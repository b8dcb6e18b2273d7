/** A description as one page: no script, no network, light and dark, small pictures drawn in place. */
import type { Description } from './describe.js';
import { facts, tables, type Table } from './parts.js';
import type { Finding } from './verdict.js';
import { count, duration, moment } from './words.js';

export function descriptionPage(description: Description): string {
  const { subject, profile, remarks, verdict } = description;
  const found = Object.entries(subject.found).map(([role, column]) => `<li><b>${escaped(role)}</b> ${escaped(column)}</li>`);
  return [
    '<!doctype html>', '<html lang="en">', '<head>', '<meta charset="utf-8">', "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    '<meta name="viewport" content="width=device-width, initial-scale=1">', '<meta name="color-scheme" content="light dark">', `<title>${escaped(subject.name)}</title>`, `<style>${style}</style>`, '</head>', '<body>',
    `<header><p class="brand">tapewright datasets describe</p><h1>${escaped(subject.name)}</h1></header>`,
    `<section class="verdict ${verdict.weight}"><h2>${escaped(verdict.summary)}</h2><ul>${verdict.findings.map(findingItem).join('')}</ul>${verdict.watermark === null ? '' : `<pre>${escaped(verdict.watermark)}</pre>`}</section>`,
    `<section><h2>Facts</h2><dl>${facts(description).map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl><ul class="plain">${found.join('')}</ul>${remarks.map((remark) => `<p class="note">${escaped(remark)}.</p>`).join('')}</section>`,
    `<section><h2>Rows by time</h2>${timePicture(profile)}</section>`,
    ...((profile.strays?.disorder ?? profile.disorder).behind === 0 ? [] : [`<section><h2>How far rows are behind</h2>${behindPicture(profile)}</section>`]),
    ...tables(description).map(tableSection), '</body>', '</html>', '',
  ].join('\n');
}

export const escaped = (text: string): string => text.replace(/[&<>"'\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) => `&#${char === '\0' ? 65533 : char.charCodeAt(0)};`);

const words: Readonly<Record<Finding['weight'], string>> = { good: 'fine', note: 'note', care: 'care', mend: 'mend' };
const findingItem = ({ weight, text }: Finding): string => `<li class="${weight}"><b>${words[weight]}</b><span>${escaped(text)}</span></li>`;

function tableSection({ title, names, rows, left, note }: Table): string {
  const cells = (tag: string, row: readonly string[]): string => row.map((text, column) => `<${tag}${column < left ? '' : ' class="number"'}>${escaped(text)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('');
  return `<section><h2>${escaped(title)}</h2><div class="scroll"><table><thead><tr>${cells('th', names)}</tr></thead><tbody>${body}</tbody></table></div>${note === undefined ? '' : `<p class="note">${escaped(note)}</p>`}</section>`;
}

const wide = 960;
const high = 150;

function timePicture({ timeline: { rows, from, width }, sessions }: Description['profile']): string {
  if (rows.length === 0) return '<p class="note">No row has an event time.</p>';
  const most = Math.max(...rows);
  const step = wide / rows.length;
  const bars = rows.map((times, place) => (times === 0 ? '' : bar(place * step, step, times / most, `${moment(from + place * width)}: ${count(times)}`)));
  const end = from + rows.length * width;
  return `${picture(bars.join(''), `rows by time, ${count(most)} at the most in ${duration(width)}`)}<p class="axis"><span>${escaped(moment(from))}</span><span>${escaped(duration(width))} a bar, ${count(most)} rows at the most${sessions.length > 1 ? `, ${sessions.length} sessions` : ''}</span><span>${escaped(moment(end))}</span></p>`;
}

/** Powers of two, and heights by their logarithm, counted in halvings: one row still shows beside a million. */
function behindPicture({ disorder, strays }: Description['profile']): string {
  const { octaves } = strays?.disorder ?? disorder;
  const most = bitsOf(Math.max(...octaves.map((octave) => octave.count)));
  const step = Math.min(80, wide / octaves.length);
  const bars = octaves.map(({ from, count: times }, place) => bar(place * step, step, bitsOf(times) / most, `${duration(from)} to ${duration(from * 2 - 1)}: ${count(times)} rows`)
    + `<text x="${(place + 0.5) * step}" y="${high + 14}">${escaped(duration(from))}</text><text class="value" x="${(place + 0.5) * step}" y="${Math.max(10, high * (1 - bitsOf(times) / most) - 4)}">${count(times)}</text>`);
  return `<div class="scroll">${picture(bars.join(''), 'rows by how far they are behind', 20)}</div><p class="axis"><span>behind by, at least</span><span>rows, on a logarithmic scale</span></p>`;
}

const bitsOf = (value: number): number => 1 + Math.floor(value).toString(2).length - 1 / value;

const bar = (x: number, width: number, part: number, title: string): string =>
  `<rect x="${x.toFixed(2)}" y="${(high * (1 - part * 0.9)).toFixed(2)}" width="${Math.max(0.6, width * 0.86).toFixed(2)}" height="${(high * part * 0.9).toFixed(2)}"><title>${escaped(title)}</title></rect>`;

const picture = (content: string, label: string, below = 0): string => `<svg viewBox="0 0 ${wide} ${high + below}" role="img" aria-label="${escaped(label)}">${content}</svg>`;

const style = `
:root { color-scheme: light dark; --ground: light-dark(#f5f6f8, #0e1014); --card: light-dark(#fff, #16191f); --text: light-dark(#171a20, #e4e7ec); --muted: light-dark(#5f6875, #949cab);
  --line: light-dark(#e2e5ea, #282d36); --accent: light-dark(#2458d3, #7ea6ff); --good: light-dark(#14764f, #57c797); --care: light-dark(#8a5a00, #e2b25f); --mend: light-dark(#b7322a, #f28b83);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 0 1.25rem 3rem; background: var(--ground); color: var(--text); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { padding: 1.4rem 0 .9rem; }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .6rem; font-size: 1.02rem; font-weight: 600; }
.brand { margin: 0 0 .2rem; color: var(--muted); font: .8rem var(--mono); }
section { margin: 0 0 1.1rem; padding: 1rem 1.1rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.verdict { border-left: 4px solid var(--good); } .verdict.care { border-left-color: var(--care); } .verdict.mend { border-left-color: var(--mend); }
ul { margin: 0; padding: 0; list-style: none; }
.verdict li { display: grid; grid-template-columns: 3.2rem minmax(0, 1fr); padding: .28rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
li.good b { color: var(--good); } li.care b { color: var(--care); } li.mend b { color: var(--mend); } li.note b { color: var(--muted); }
.plain li { display: inline-block; margin: .6rem 1.2rem 0 0; color: var(--muted); overflow-wrap: anywhere; } .plain b { color: var(--text); }
pre { margin: .8rem 0 0; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 8px; font: .86rem var(--mono); overflow-x: auto; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .5rem 1.2rem; margin: 0; }
dt { color: var(--muted); font-size: .78rem; } dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .88rem; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 500; font-size: .8rem; } .number { text-align: right; }
td:first-child, th:first-child { padding-left: 0; } td:last-child, th:last-child { padding-right: 0; }
p.note { margin: .5rem 0 0; color: var(--muted); }
svg { display: block; width: 100%; height: auto; } .scroll svg { min-width: 42rem; }
rect { fill: var(--accent); } text { fill: var(--muted); font-size: 10px; text-anchor: middle; } text.value { fill: var(--text); }
.axis { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1rem; margin: .3rem 0 0; color: var(--muted); font-size: .8rem; font-variant-numeric: tabular-nums; }
@media print { :root { color-scheme: light; } body { background: none; max-width: none; padding: 0; } section { break-inside: avoid; border-radius: 0; } tr { break-inside: avoid; } .scroll { overflow: visible; } th, td { white-space: normal; } }
`;
