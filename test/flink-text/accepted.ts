/**
 * What `explain --flink` says of every shipped scenario, and of texts that Flink does not take as they are, is planned
 * by a real Flink with the connectors on its class path. Needs no broker and no database. Ends with 1 at a refusal.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explainFlink, type FlinkExplanation } from '../../src/flink/explain.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { mergeParameters } from '../../src/scenario/flags.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { flinkMissing } from '../real/flink-files.js';
import { FlinkError } from '../real/flink-gateway.js';
import { FlinkServer } from '../real/flink-server.js';
import { listedJars } from '../real/cached.js';
import { explained, texts } from './texts.js';

/** How many pipelines Flink refused, each said. */
export async function countRefused(flink: FlinkServer, say: (text: string) => void): Promise<number> {
  const jars = await listedJars('flink-connectors-pom.xml');
  let refused = 0;
  const all: [string, FlinkExplanation][] = Object.entries(texts).map(([name, sql]) => [`text ${name}`, explained(sql)]);
  for (const name of readdirSync(join(packageRoot(), 'scenarios')).sort()) {
    const { texts: files, parameters } = await loadScenario(name);
    all.push([`scenario ${name}`, explainFlink(files, mergeParameters({}, parameters))]);
  }
  for (const [name, explanation] of all) {
    const why = await refusal(flink, jars, explanation);
    // A function that Flink does not have is all that it may complain of.
    const lacking = why !== null && explanation.functions.some((lacked) => why.includes(`No match found for function signature ${lacked}`));
    if (why !== null && !lacking) refused += 1;
    say(why === null ? `${name}: accepted` : lacking ? `${name}: read up to ${explanation.functions.join(', ')}, which Flink is to be given` : `${name}: REFUSED: ${why}`);
  }
  return refused;
}

/** Flink's reason not to plan the statements; null: it plans them. */
async function refusal(flink: FlinkServer, jars: readonly string[], { statements }: FlinkExplanation): Promise<string | null> {
  const session = await flink.session({});
  try {
    for (const jar of jars) await session.execute(`ADD JAR '${jar}'`);
    for (const statement of statements) await session.execute(statement.startsWith('EXECUTE ') ? `EXPLAIN ${statement}` : statement);
    return null;
  } catch (error) {
    if (!(error instanceof FlinkError)) throw error;
    return error.message;
  } finally {
    await session.close();
  }
}

async function main(say: (text: string) => void): Promise<void> {
  const missing = flinkMissing();
  if (missing !== null) {
    if (process.env['CI'] === 'true') throw new Error(`the statements for Flink: ${missing}, and in CI nothing is skipped`);
    return say(`skipped: the statements for Flink: ${missing}`);
  }
  const flink = await FlinkServer.start({ say });
  try {
    if (await countRefused(flink, say) > 0) process.exitCode = 1;
  } finally {
    await flink.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main((text) => void process.stdout.write(`${text}\n`));
