import { Args, Flags } from '@oclif/core';
import type { Difference, VerifyResult } from '../src/runtime/options.js';
import { BaseCommand, exitCodes } from './base.js';

export default class Verify extends BaseCommand {
  static override summary = 'Re-run a run from its bundle and compare, or compare two runs.';

  static override description = `With one bundle: runs it again and compares every step and output.
With two: compares their outputs; how they were cut, when and how fast they ran does not count.
A difference is told with the first step, row and field that differ and the class of its cause (order, clock, code, data, numeric, configuration).
No code of a bundle is run: where its SQL calls functions, give their module with --functions.

Exit codes: 0 equal, 1 different, 2 could not run.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/vwap',
    '<%= config.bin %> <%= command.id %> runs/vwap runs/vwap-again --json',
  ];

  static override args = {
    bundle: Args.string({ description: 'directory of a run', required: true }),
    other: Args.string({ description: 'directory of a second run', required: false }),
  };

  static override flags = {
    functions: Flags.string({ description: 'the .js module whose functions the run called', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
  };

  async run(): Promise<VerifyResult> {
    const { args, flags } = await this.parse(Verify);
    const [{ verifyRun, verifyTwo }, { loadModule }] = await Promise.all([import('../src/runtime/verify.js'), import('../src/runtime/modules.js')]);
    for (const path of flags.functions ?? []) await loadModule(path);
    const result = args.other === undefined ? await verifyRun(args.bundle) : await verifyTwo(args.bundle, args.other);
    for (const remark of result.remarks) this.say(remark);
    if (result.difference === null) this.log(equalText(result));
    else this.log(differenceText(result.difference));
    if (!result.equal) process.exitCode = exitCodes.different;
    return result;
  }
}

function equalText(result: VerifyResult): string {
  const outputs = Object.entries(result.outputs).map(([table, { rows, digest }]) => `  ${table}  ${rows} rows  ${digest}`);
  return ['Equal.', ...outputs].join('\n');
}

function differenceText(difference: Difference): string {
  const { cause, message, file, lane, step, output, row, field, expected, actual } = difference;
  const parts: [string, unknown][] = [
    ['cause', cause], ['file', file], ['lane', lane], ['step', step], ['output', output], ['row', row], ['field', field], ['expected', expected], ['actual', actual],
  ];
  return [`Different: ${message}`, ...parts.filter(([, value]) => value !== null).map(([name, value]) => `  ${name.padEnd(8)}  ${String(value)}`)].join('\n');
}
