/** Describes a dataset or a file: reads all its rows once. */
import { openSource } from '../../sources/open.js';
import type { ResolveOptions } from '../resolve.js';
import type { Profile } from './profile.js';
import { Profiler } from './profiler.js';
import { findSubject, type Asked, type Subject } from './subject.js';
import { verdictOf, type Verdict } from './verdict.js';

export interface Description {
  readonly subject: Subject;
  readonly profile: Profile;
  /** Things that reading said, e.g. that times were floored. */
  readonly remarks: readonly string[];
  /** SHA-256 of the files' bytes. */
  readonly fingerprint: string;
  readonly verdict: Verdict;
}

export interface DescribeOptions extends ResolveOptions {
  /** While rows are read; `total`: null where only reading tells. */
  readonly onRows?: (rows: number, total: number | null) => void;
  readonly onSubject?: (subject: Subject) => void;
}

/** Throws DATASET_MISSING, DATASET_CORRUPT, DATASET_INVALID or USAGE. */
export async function describe(name: string, asked: Asked, options: DescribeOptions = {}): Promise<Description> {
  const subject = await findSubject(name, asked, options);
  options.onSubject?.(subject);
  const profiler = new Profiler(subject.columns.map((column) => column.name), subject.roles);
  const source = await openSource(subject.binding, subject.columns, { table: 'file' });
  try {
    for (let batch = await source.next(); batch !== null; batch = await source.next()) {
      profiler.add(batch);
      options.onRows?.(profiler.rows, source.rowsTotal);
    }
    const profile = profiler.read();
    return { subject, profile, remarks: source.remarks.map((remark) => remark.replace(/^file\./, '')), fingerprint: await source.fingerprint(), verdict: verdictOf(profile, subject) };
  } finally {
    await source.close();
  }
}
