/** Calls to a schema registry's REST: several addresses in turn, bounded in time and size. */
import { TapewrightError } from '../core/errors.js';

/** Milliseconds for one address. */
const patienceMillis = 10_000;

/** Of an answer, in bytes: a schema of megabytes is none. */
const answerMax = 8 * 1024 * 1024;

export class RegistryHttp {
  constructor(private readonly addresses: readonly string[], private readonly authorization: string | null) {}

  /**
   * What the first address that answers says; null where one says that there is no such thing and none has it. An answer
   * that is none of a registry (another server, wrong credentials, too many calls) is tried at the next address.
   * Throws REGISTRY_REFUSED where a registry says what is wrong with `body`, else REGISTRY_UNREACHABLE.
   */
  async call(path: string, body: object | null): Promise<Readonly<Record<string, unknown>> | null> {
    const failures: string[] = [];
    let isMissing = false;
    for (const address of this.addresses) {
      try {
        const response = await fetch(address.replace(/\/$/, '') + path, {
          method: body === null ? 'GET' : 'POST', signal: AbortSignal.timeout(patienceMillis),
          headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...(this.authorization === null ? {} : { authorization: this.authorization }) },
          ...(body === null ? {} : { body: JSON.stringify(body) }),
        });
        const text = await answerOf(response);
        const answer = jsonOf(text);
        if (response.ok && answer !== null) return answer;
        const code = answer?.['error_code'];
        // 40403: the registry knows no such schema. Another instance may have heard of it already.
        if (code === 40403) isMissing = true;
        else if (body !== null && (response.status === 409 || response.status === 422)) throw refused(path, response.status, String(answer?.['message'] ?? text).slice(0, 500));
        else failures.push(`${shownAddress(address)}: ${response.status} ${text.slice(0, 200)}`);
      } catch (cause) {
        if (cause instanceof TapewrightError) throw cause;
        failures.push(`${shownAddress(address)}: ${reasonOf(cause)}`);
      }
    }
    if (isMissing) return null;
    throw new TapewrightError('REGISTRY_UNREACHABLE', `no schema registry answers (${failures.join('; ')}); name a running one with --registry or SCHEMA_REGISTRY`, { failures });
  }
}

const refused = (path: string, status: number, said: string): TapewrightError =>
  new TapewrightError('REGISTRY_REFUSED', `the schema registry refuses ${path} (${status}): ${said}`, { path, status });

async function answerOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part as Uint8Array);
    size += (part as Uint8Array).length;
    if (size > answerMax) throw new Error(`the answer has more than ${answerMax} bytes`);
  }
  return Buffer.concat(parts).toString('utf8');
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer as Readonly<Record<string, unknown>> : null;
  } catch {
    return null;
  }
}

/** Without user and password. */
export function shownAddress(address: string): string {
  try {
    const { origin, pathname } = new URL(address);
    return origin + (pathname === '/' ? '' : pathname);
  } catch {
    return 'an address that is no URL';
  }
}

/** The system's code where there is one: messages of URLs may hold what stands in them. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const { code, name, message } = inner as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : name === 'TimeoutError' ? `no answer in ${patienceMillis / 1000} s` : /credentials/.test(message) ? 'user and password do not belong into the address' : message;
}
