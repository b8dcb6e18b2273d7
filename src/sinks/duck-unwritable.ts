/** What a disk refuses while DuckDB writes, in this tool's words. */
import { TapewrightError } from '../core/errors.js';
import { shortened } from '../sources/duck-error.js';
import { unwritable } from '../stores/files.js';

const systemWords: Readonly<Record<string, string>> = {
  'No space left on device': 'ENOSPC', 'Disk quota exceeded': 'EDQUOT', 'Permission denied': 'EACCES', 'Read-only file system': 'EROFS',
  'No such file or directory': 'ENOENT', 'Is a directory': 'EISDIR', 'File too large': 'EFBIG',
};

/** DuckDB reports a full disk or a forbidden path as an IO Error whose text holds the system's words. */
export function asUnwritable(path: string, cause: unknown): unknown {
  const system = unwritable(path, cause);
  if (system !== cause || cause instanceof TapewrightError) return system;
  const said = shortened(cause);
  const code = Object.entries(systemWords).find(([words]) => said.includes(words))?.[1];
  if (code !== undefined) return unwritable(path, Object.assign(new Error(said), { code }));
  if (!/^(IO|Permission|Fatal) Error/.test(said)) return cause;
  return new TapewrightError('OUTPUT_UNWRITABLE', `cannot write ${path}: ${said}; free some space or choose another directory with --out`, { path, said }, { cause });
}
