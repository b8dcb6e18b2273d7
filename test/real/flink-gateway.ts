/** Flink's SQL gateway, spoken to over REST. */
import { setTimeout as pause } from 'node:timers/promises';

interface ResultPage {
  readonly resultType: 'NOT_READY' | 'PAYLOAD' | 'EOS';
  readonly nextResultUri?: string;
  readonly results?: { readonly data: readonly { readonly kind: string; readonly fields: readonly unknown[] }[] };
}

/** A statement that Flink refused or that failed: its causes, from the outermost. */
export class FlinkError extends Error {
  override readonly name = 'FlinkError';

  constructor(readonly statement: string, readonly causes: readonly string[]) {
    super(`${causes.at(-1) ?? 'no reason'}\nin ${statement.length > 2000 ? `${statement.slice(0, 2000)}…` : statement}`);
  }
}

/** Statements of a session run one after the other. */
export class FlinkSession {
  private constructor(private readonly base: string, private readonly handle: string) {}

  /** `base`: the gateway's address. */
  static async open(base: string, properties: Readonly<Record<string, string>>): Promise<FlinkSession> {
    const { sessionHandle } = await call(base, 'POST', '/v1/sessions', { properties }, 'open session') as { sessionHandle: string };
    return new FlinkSession(base, sessionHandle);
  }

  /** Runs a statement to its end and returns its rows as JSON values; with `table.dml-sync` an INSERT ends when its job has. */
  async execute(statement: string): Promise<readonly (readonly unknown[])[]> {
    const { operationHandle } = await call(this.base, 'POST', `/v1/sessions/${this.handle}/statements`, { statement }, statement) as { operationHandle: string };
    const operation = `/v1/sessions/${this.handle}/operations/${operationHandle}`;
    const rows: (readonly unknown[])[] = [];
    let page: string | undefined = `${operation}/result/0?rowFormat=JSON`;
    for (let wait = 4; page !== undefined;) {
      const result = await call(this.base, 'GET', page, null, statement) as ResultPage;
      if (result.resultType === 'NOT_READY') {
        await pause(wait);
        wait = Math.min(wait * 1.5, 200);
        continue;
      }
      rows.push(...(result.results?.data ?? []).map(({ fields }) => fields));
      page = result.resultType === 'EOS' ? undefined : result.nextResultUri;
    }
    await call(this.base, 'DELETE', `${operation}/close`, null, statement).catch(() => undefined);
    return rows;
  }

  async close(): Promise<void> {
    await call(this.base, 'DELETE', `/v1/sessions/${this.handle}`, null, 'close session');
  }
}

async function call(base: string, method: string, path: string, body: unknown, statement: string): Promise<unknown> {
  const response = await fetch(base + path, { method, ...(body === null ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const answer = await response.json() as { errors?: readonly string[] };
  if (answer.errors !== undefined) throw new FlinkError(statement, causesOf(answer.errors.join('\n')));
  return answer;
}

/** The messages in a stack trace. */
function causesOf(trace: string): string[] {
  const causes = trace.split('\n').filter((line) => line.trim() !== '' && !/^\s*(at |\.\.\. \d+ more|<Exception on server side|End of exception on server side)/.test(line));
  return causes.length === 0 ? [trace] : causes;
}
