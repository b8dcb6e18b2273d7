/** What the user bound tables to, found: files as they lie there, datasets made when they must be. */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { isDataset, listDatasets, loadDataset, type Span } from '../datasets/dataset.js';
import { parseReference, referenceName } from '../datasets/reference.js';
import { resolveDataset } from '../datasets/resolve.js';
import type { RequestedBinding } from '../runtime/options.js';
import { bindingOf, isGlob } from '../sources/files.js';
import { withoutSnapshot } from '../sources/iceberg/reference.js';
import type { DatasetRecord } from '../stores/manifest.js';

export interface BoundTable extends DatasetRecord {
  /** Where the dataset says its event times lie; null when nothing says so. */
  readonly span: Span | null;
}

/**
 * Finds what each table is bound to, in the order of `requested`.
 * @throws DATASET_MISSING, DATASET_INVALID, DATASET_CORRUPT, USAGE for parameters that a dataset does not take.
 */
export async function bindTables(
  requested: Readonly<Record<string, RequestedBinding>>, onRemark: (remark: string) => void = () => undefined,
): Promise<Record<string, BoundTable>> {
  const bound: [string, BoundTable][] = [];
  for (const [table, request] of Object.entries(requested)) bound.push([table, (await bindDataset(request, onRemark)) ?? (await bindFiles(table, request))]);
  return Object.fromEntries(bound);
}

async function bindDataset({ given, base, map }: RequestedBinding, onRemark: (remark: string) => void): Promise<BoundTable | null> {
  const name = referenceName(given);
  const isNamed = name !== null && !isFile(resolve(base, given)) && isDataset(name);
  const place = isNamed ? null : datasetAt(base, given);
  if (!isNamed && place === null) return null;
  const dataset = await loadDataset(place ?? name!);
  let said = false;
  const resolved = await resolveDataset(dataset, {
    ...(place === null ? parseReference(given)!.parameters : {}),
    onProgress: (_, rowsTotal) => {
      if (!said) onRemark(`Making dataset ${dataset.name} (${rowsTotal} rows), once.`);
      said = true;
    },
  });
  return {
    dataset: place === null ? given : dataset.name, generated: dataset.data.kind === 'generator', binding: { ...resolved.binding, select: { ...resolved.binding.select, ...map } },
    fingerprint: resolved.fingerprint, rows: resolved.rows, span: resolved.span,
    ...(resolved.labels === null ? {} : { labels: { path: resolved.labels, digest: null } }),
  };
}

async function bindFiles(table: string, { given, base, map }: RequestedBinding): Promise<BoundTable> {
  // A bundle from elsewhere names a folder that is not here: then the path is tried from where we are.
  const here = [resolve(base, given), resolve(given)];
  const path = here.find((candidate) => existsSync(withoutSnapshot(candidate)) && !isGlob(withoutSnapshot(given))) ?? here[0]!;
  if (referenceName(given) !== null && basename(given) === given && !/\.\w+$/.test(given) && !existsSync(withoutSnapshot(path))) {
    const meant = nearest(given, await listDatasets());
    throw new TapewrightError(
      'DATASET_MISSING', `table ${table} is bound to '${given}', but there is no such file and no such dataset${meant === null ? '' : `; did you mean '${meant}'?`}`, { table, given },
    );
  }
  return { dataset: null, generated: false, binding: { ...bindingOf(path), select: map }, fingerprint: null, rows: null, span: null };
}

/** The dataset.yaml that a path names, itself or by its folder; null: it names none. */
function datasetAt(base: string, given: string): string | null {
  const candidates = [resolve(base, given), resolve(given)].flatMap((path) => (basename(path) === 'dataset.yaml' ? [path] : [join(path, 'dataset.yaml')]));
  return candidates.find((path) => existsSync(path)) ?? null;
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
