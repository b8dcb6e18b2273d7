/** What all commands share: how they fail, and what goes where. */
import { Command, Errors } from '@oclif/core';
import { TapewrightError } from '../src/core/errors.js';

/** Exit codes: 0 as expected, 1 a failed expectation or a difference, 2 could not run. */
export const exitCodes = { expected: 0, different: 1, failed: 2 } as const;

export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  /** For people, on standard error: standard output is for results. A file's own text is shown, never sent to the terminal as a command. */
  protected say(text: string): void {
    const shown = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
    process.stderr.write(`${shown}\n`);
  }

  /** A refusal is told in one sentence; a bug keeps its stack trace. Both exit 2. With --json the error is the one object. */
  protected override async catch(error: Error & { oclif?: { exit?: number } }): Promise<void> {
    if (error instanceof Errors.ExitError && error.oclif.exit === 0) throw error;
    process.exitCode = exitCodes.failed;
    const refused = error instanceof TapewrightError || error instanceof Errors.CLIError;
    this.say(refused ? `Error: ${error.message}` : `${error.stack ?? error.message}\nThis is a bug in tapewright; please report it with the lines above.`);
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error));
  }

  protected override toErrorJson(error: Error): { error: { code: string; message: string; details: unknown } } {
    const code = error instanceof TapewrightError ? error.code : error instanceof Errors.CLIError ? 'USAGE' : 'BUG';
    return { error: { code, message: error.message, details: error instanceof TapewrightError ? error.details : {} } };
  }
}
