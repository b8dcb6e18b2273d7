/** What Java has loaded of a server, kept from its first start: later ones take half the time. */
import { join } from 'node:path';
import { cached } from './cached.js';

const file = 'classes.jsa';

/** Flags with which Java starts from the archive; the first time `train` runs the server with those that it is given, to its orderly end. */
export async function classArchive(name: string, train: (flags: readonly string[]) => Promise<void>): Promise<readonly string[]> {
  const folder = await cached(`${name}-classes`, (aside) => train([`-XX:ArchiveClassesAtExit=${join(aside, file)}`, quiet]));
  return [`-XX:SharedArchiveFile=${join(folder, file)}`, quiet];
}

/** Where the archive does not fit, of another Java or of jars that were moved, Java does without. */
const quiet = '-Xlog:cds=off';
