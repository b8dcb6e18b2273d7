/** A schema registry that speaks Confluent's REST. */
import { TapewrightError } from '../core/errors.js';

const acceptMillis = 10_000;

/** Addresses are asked in turn: the first that answers counts. */
export class SchemaRegistry {
  constructor(private readonly addresses: readonly string[], private readonly authorization: string | null = null) {}

  /** The id of `schema` under `subject`, registered if it is new. Throws REGISTRY_REFUSED or REGISTRY_UNREACHABLE. */
  async register(subject: string, schema: object): Promise<number> {
    const { id } = await this.#call(`/subjects/${encodeURIComponent(subject)}/versions`, { schema: JSON.stringify(schema), schemaType: 'AVRO' }) as { id?: unknown };
    if (typeof id !== 'number') throw new TapewrightError('REGISTRY_REFUSED', `the schema registry gave no id for ${subject}; is it one of Confluent's kind?`, { subject });
    return id;
  }

  /** The schema of an id, as text. */
  async schema(id: number): Promise<string> {
    const { schema } = await this.#call(`/schemas/ids/${id}`, null) as { schema?: unknown };
    if (typeof schema !== 'string') throw new TapewrightError('REGISTRY_REFUSED', `the schema registry gave no schema for id ${id}`, { id });
    return schema;
  }

  async #call(path: string, body: object | null): Promise<object> {
    const failures: string[] = [];
    for (const address of this.addresses) {
      const url = address.replace(/\/$/, '') + path;
      try {
        const response = await fetch(url, {
          method: body === null ? 'GET' : 'POST', signal: AbortSignal.timeout(acceptMillis),
          headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...(this.authorization === null ? {} : { authorization: this.authorization }) },
          ...(body === null ? {} : { body: JSON.stringify(body) }),
        });
        if (response.ok) return await response.json() as object;
        const said = (await response.text()).slice(0, 300);
        // Another instance would say the same of what was asked; of its own trouble it may not.
        if (response.status < 500) throw new TapewrightError('REGISTRY_REFUSED', `the schema registry refuses ${path} (${response.status}): ${said}`, { path, status: response.status });
        failures.push(`${shown(address)}: ${response.status} ${said}`);
      } catch (cause) {
        if (cause instanceof TapewrightError) throw cause;
        failures.push(`${shown(address)}: ${reasonOf(cause)}`);
      }
    }
    throw new TapewrightError('REGISTRY_UNREACHABLE', `no schema registry answers (${failures.join('; ')}); name a running one with --registry or SCHEMA_REGISTRY`, { failures });
  }
}

/** Without user and password. */
function shown(address: string): string {
  try {
    const { origin, pathname } = new URL(address);
    return origin + (pathname === '/' ? '' : pathname);
  } catch {
    return 'an address that is no URL';
  }
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner);
}
