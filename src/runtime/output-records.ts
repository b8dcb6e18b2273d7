/** What the manifest says of a run's outputs. */
import { combineLanes, combineSets, type HashFunction } from '../core/digest.js';
import type { Engine } from '../engine/engine.js';
import type { SinkTable } from '../plan/plan.js';
import { standingCounts, type ChangelogKey } from '../sinks/changelog-view.js';
import type { Bundle } from '../stores/bundle.js';
import type { Manifest, OutputRecord } from '../stores/manifest.js';

/** MiB in which a changelog is added up. */
const memoryMax = 512;

const isChangelog = ({ changes }: SinkTable): boolean => changes !== 'none';
const keyOf = ({ changes, primaryKey }: SinkTable): ChangelogKey => (changes === 'upsert' ? primaryKey : null);

/** Which outputs are changelogs: known before the first row, and asked for by whoever reads a run that has not ended. */
export function changelogsOf(sinks: readonly SinkTable[]): Pick<Manifest, 'changelogs'> {
  const changelogs = sinks.filter(isChangelog).map((sink) => [sink.name, keyOf(sink)] as const);
  return changelogs.length === 0 ? {} : { changelogs: Object.fromEntries(changelogs) };
}

export function changelogRemarks(sinks: readonly SinkTable[], from: number | null): string[] {
  if (from === null) return [];
  return sinks.filter(isChangelog).map(({ name }) => `${name} is a changelog, and holds the changes before --from as well: later ones replace them.`);
}

/** Of a complete run, whose files are joined. `lanes`: the outputs of each lane's engine. */
export async function outputRecords(bundle: Bundle, sinks: readonly SinkTable[], lanes: readonly Engine['outputs'][], hash: HashFunction): Promise<Record<string, OutputRecord>> {
  const changelogs = sinks.filter(isChangelog);
  const counts = await standingCounts(changelogs.map((sink) => ({ path: bundle.path('outputs', `${sink.name}.parquet`), key: keyOf(sink) })), memoryMax);
  const records: [string, OutputRecord][] = [];
  for (const [table, sink] of sinks.entries()) {
    const outputs = lanes.map((lane) => lane[table]!);
    let at = 0;
    const ranges = outputs.map(({ rows }) => ({ from: at, to: (at += rows) }));
    // One lane's digest is the output's; several are hashed together in lane order.
    const digest = outputs.length === 1 ? outputs[0]!.digest : combineLanes(outputs.map((output) => output.digest), hash);
    const record = { rows: at, digest, setDigest: combineSets(outputs.map((output) => output.setDigest)), lanes: ranges, segments: [] };
    records.push([sink.name, { ...record, ...(isChangelog(sink) ? { standing: counts[changelogs.indexOf(sink)]! } : {}) }]);
  }
  return Object.fromEntries(records);
}
