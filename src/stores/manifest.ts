/** The manifest of a run bundle: all that `verify`, `query` and a resume need to know beside the data. */
import { createHash } from 'node:crypto';
import { TapewrightError } from '../core/errors.js';
import type { KeptInput } from '../runtime/kept-input.js';
import type { PipelineTexts, RunParameters } from '../runtime/options.js';
import type { Binding } from '../sources/source.js';
import { count, flag, hex, listOf, mapOf, number, objectOf, oneOf, optional, orNull, text, textWhere, type Shape } from './shape.js';

export const manifestFormat = 1;
/** Longest manifest that is read. */
export const manifestBytesMax = 64 * 1024 * 1024;

export interface Versions {
  readonly tapewright: string;
  /** SHA-256 over the compiled code. */
  readonly code: string;
  readonly node: string;
  readonly duckdb: string;
}

/** What a table was read from. */
export interface DatasetRecord {
  /** The dataset as the user named it; null for a file bound directly. */
  readonly dataset: string | null;
  /** Whether a generator made the rows: the fingerprint is then that of the canonical rows, not of file bytes. */
  readonly generated: boolean;
  readonly binding: Binding;
  /** SHA-256 of the files' bytes, or of a generated dataset's canonical rows. Null until known. */
  readonly fingerprint: string | null;
  readonly rows: number | null;
  /** What the dataset's makers say is in the rows. Its file, whose bytes a complete run keeps under labels/, and their SHA-256 (null until then, and where they cannot be used). */
  readonly labels?: { readonly path: string; readonly digest: string | null };
}

export interface SegmentRecord {
  readonly lane: number;
  /** Path within the bundle. */
  readonly file: string;
  readonly rows: number;
}

export interface OutputRecord {
  readonly rows: number;
  readonly digest: string;
  readonly setDigest: string;
  /** Rows [from, to) of the file that are lane i's. */
  readonly lanes: readonly { readonly from: number; readonly to: number }[];
  /** Closed segments in order, while the run is not complete. */
  readonly segments: readonly SegmentRecord[];
  /** Of a changelog, whose changes `rows` are: rows of the table that they add up to. */
  readonly standing?: number;
}

export interface Manifest {
  readonly format: typeof manifestFormat;
  readonly id: string;
  readonly status: 'running' | 'stopped' | 'complete';
  readonly texts: PipelineTexts;
  readonly parameters: RunParameters;
  readonly versions: Versions;
  /** By source table. */
  readonly datasets: Readonly<Record<string, DatasetRecord>>;
  /** By sink table that is a changelog: the primary key of its upserts; null: each change says what it takes back. */
  readonly changelogs?: Readonly<Record<string, readonly string[] | null>>;
  /** Of a live run: what the bundle keeps of its input. */
  readonly live?: KeptInput;
  /** By sink table. */
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  readonly rows: number;
  readonly late: number;
  readonly rejected: number;
  readonly deadLetters: number;
  readonly behind: number;
  /** Real time that the run has taken, over all its starts. */
  readonly seconds: number;
  readonly peakRssMB: number;
  readonly remarks: readonly string[];
  /** SHA-256 of each finished file by its path within the bundle; empty until the run is complete. */
  readonly files: Readonly<Record<string, string>>;
}

/** A name that may become a file's: no separators, nothing hidden, nothing that a terminal would obey. */
export function isFileName(name: string): boolean {
  return name.length > 0 && name.length <= 120 && !name.startsWith('.') && !/[/\\\u0000-\u001f\u007f]/.test(name);
}

/** A relative path that stays inside its directory. */
export function isInnerPath(path: string): boolean {
  return path.length > 0 && path.length <= 1_000 && path.split('/').every((part) => isFileName(part) || /^\.[a-z]+$/.test(part));
}

const fileName = textWhere(isFileName, 'usable as a file name');
const innerPath = textWhere(isInnerPath, 'a path within the bundle');
const textFile = objectOf({ path: text, text });
const optionalCount = orNull(count);
const signature = objectOf({
  kind: oneOf('scalar', 'aggregate', 'process'), name: text, args: listOf(text), returns: text, nulls: text, input: mapOf(text), output: mapOf(text), order: text, can: listOf(text),
});
const moduleText = objectOf({ path: text, text, functions: listOf(signature) });

const expectations = objectOf({
  outputs: listOf(objectOf({ table: text, where: orNull(text), minRows: optionalCount, maxRows: optionalCount })),
  lateMax: optionalCount, rejectedMax: optionalCount,
});

const parameters = objectOf({
  bindings: mapOf(objectOf({ given: text, base: text, map: mapOf(text) })), key: orNull(listOf(text)), lanes: count,
  from: orNull(number), to: orNull(number), stepEvery: count, checkpointEvery: count, openEnd: flag, strict: flag,
  maxAhead: optionalCount, batchRows: count, speed: orNull(number),
});

const binding = objectOf({ path: text, format: oneOf('parquet', 'csv', 'jsonl', 'arrow', 'iceberg'), select: mapOf(text), order: orNull(text) });

const range = objectOf({ from: number, to: number });
const live = objectOf({
  group: text, partitions: listOf(listOf(listOf(count))), inputs: mapOf(listOf(range), fileName), rejected: listOf(range), warm: flag, span: orNull(range),
});

const manifestShape: Shape = objectOf({
  format: oneOf(manifestFormat), id: fileName, status: oneOf('running', 'stopped', 'complete'),
  texts: objectOf({ name: text, scenario: orNull(textFile), sql: listOf(textFile), modules: optional(listOf(moduleText)), expect: expectations }),
  parameters, versions: objectOf({ tapewright: text, code: text, node: text, duckdb: text }),
  datasets: mapOf(objectOf({ dataset: orNull(text), generated: flag, binding, fingerprint: orNull(hex(64)), rows: optionalCount, labels: optional(objectOf({ path: text, digest: orNull(hex(64)) })) })),
  outputs: mapOf(objectOf({
    rows: count, digest: text, setDigest: text, lanes: listOf(objectOf({ from: count, to: count })),
    segments: listOf(objectOf({ lane: count, file: innerPath, rows: count })), standing: optional(count),
  }), fileName),
  changelogs: optional(mapOf(orNull(listOf(text)), fileName)), live: optional(live),
  rows: count, late: count, rejected: count, deadLetters: count, behind: count, seconds: number, peakRssMB: number,
  remarks: listOf(text), files: mapOf(hex(64), innerPath),
});

/** The bytes of a manifest. `seal` is the SHA-256 of the rest, so that `verify` can say that the manifest was edited. */
export function manifestText(manifest: Manifest): string {
  const body = JSON.stringify(manifest, null, 1);
  return `${body.slice(0, -2)},\n "seal": "${sealOf(body)}"\n}\n`;
}

const sealOf = (body: string): string => createHash('sha256').update(body).digest('hex');

/**
 * Reads a manifest, a stranger's perhaps. `sealed`: it is as a run has written it.
 * @throws BUNDLE_INVALID naming the file and the member that is wrong.
 */
export function parseManifest(source: string, path: string): { manifest: Manifest; sealed: boolean } {
  const refuse = (reason: string): TapewrightError =>
    new TapewrightError('BUNDLE_INVALID', `${path} is no manifest of a run: ${reason}; use an intact copy of the bundle`, { path, reason });
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(source) as Record<string, unknown>;
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (typeof value === 'object' && value !== null && typeof value.format === 'number' && value.format > manifestFormat) {
    throw new TapewrightError('BUNDLE_INVALID', `${path} has format ${value.format}, this version reads up to ${manifestFormat}: use a newer tapewright`, { path });
  }
  const fault = manifestShape(value, '');
  if (fault !== null) throw refuse(fault);
  const { seal, ...rest } = value;
  return { manifest: rest as unknown as Manifest, sealed: seal === sealOf(JSON.stringify(rest, null, 1)) };
}
