#!/usr/bin/env node
import { existsSync } from 'node:fs';

if (!existsSync(new URL('../dist/commands', import.meta.url))) {
  process.stderr.write('Error: tapewright is not built yet; run: npm ci && npm run build\n');
  process.exit(2);
}
const { flush, handle, run } = await import('@oclif/core');
await run(process.argv.slice(2), import.meta.url).catch((error) => {
  // What oclif itself refuses (an unknown command) could not run either.
  if (error?.oclif?.exit !== 0) error = Object.assign(error, { oclif: { ...error.oclif, exit: 2 } });
  return handle(error);
});
await flush();
