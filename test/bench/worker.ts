/** One measured process: takes an assignment, prints one JSON value. */
import type { Assignment } from './processes.js';

const assignment = JSON.parse(process.argv[2]!) as Assignment;

async function carryOut(): Promise<unknown> {
  // Loaded only where needed: what a process imports counts into its start-up and its memory.
  switch (assignment.role) {
    case 'provide': return (await import('./provide.js')).provideDataset(assignment.dataset);
    case 'replay': return (await import('./replay-run.js')).measureReplay(assignment, false);
    case 'naive': return (await import('./replay-run.js')).measureReplay(assignment, true);
    case 'peer': return (await import('./peer-run.js')).measurePeer(assignment);
    case 'compare': return (await import('./compare.js')).compareOutputs(assignment);
  }
}

process.stdout.write(JSON.stringify(await carryOut()));
