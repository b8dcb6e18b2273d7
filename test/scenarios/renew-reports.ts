/** Replays the shipped scenarios, or those that are named, and writes their committed reports again: `npm run reports [-- NAME…]`. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { committedTexts, replayShipped, reportedScenarios, reportFolder } from './committed-reports.js';

const named = process.argv.slice(2);
for (const scenario of reportedScenarios.filter((one) => named.length === 0 || named.includes(one))) {
  const temporary = await mkdtemp(join(tmpdir(), 'tapewright-reports-'));
  try {
    const { directory } = await replayShipped(scenario, join(temporary, 'run'));
    await mkdir(reportFolder(scenario), { recursive: true });
    for (const [name, text] of Object.entries(await committedTexts(directory))) {
      await writeFile(join(reportFolder(scenario), name), text);
      console.log(`reports/${scenario}/${name}`);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
