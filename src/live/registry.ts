/** A schema registry that speaks Confluent's REST, and what it has said before. */
import { TapewrightError } from '../core/errors.js';
import { RegistryCache, type KnownSchema } from './registry-cache.js';
import { RegistryHttp } from './registry-http.js';

/** Milliseconds between attempts to learn of a schema: doubling. */
const backOffMin = 1000, backOffMax = 60_000;

interface Attempt {
  /** As `performance.now` counts; Infinity while the registry is asked. */
  readonly notBefore: number;
  readonly wait: number;
}

export interface RegistryOptions {
  /** Folder for what it has said; null: nothing is kept on disk. */
  readonly cache?: string | null;
  readonly onRemark?: (text: string) => void;
}

/** Addresses are asked in turn: the first that answers counts. Schemas once known are never asked for again. */
export class SchemaRegistry {
  readonly #http: RegistryHttp;
  readonly #cache: RegistryCache;
  readonly #remark: (text: string) => void;
  readonly #known = new Map<number, KnownSchema>();
  readonly #attempts = new Map<number, Attempt>();
  readonly #asking = new Map<number, Promise<KnownSchema>>();

  constructor(addresses: readonly string[], authorization: string | null = null, { cache = null, onRemark = () => undefined }: RegistryOptions = {}) {
    this.#http = new RegistryHttp(addresses, authorization);
    this.#cache = new RegistryCache(cache);
    this.#remark = onRemark;
  }

  /** The id of `schema` under `subject`, registered if it is new. Throws REGISTRY_REFUSED or REGISTRY_UNREACHABLE. */
  async register(subject: string, schema: object): Promise<number> {
    const text = JSON.stringify(schema);
    const before = this.#cache.registration(subject, text);
    if (before !== null) return before;
    const id = (await this.#http.call(`/subjects/${encodeURIComponent(subject)}/versions`, { schema: text, schemaType: 'AVRO' }))?.['id'];
    if (typeof id !== 'number') throw new TapewrightError('REGISTRY_REFUSED', `the schema registry gave no id for ${subject}; is it one of Confluent's kind?`, { subject });
    this.#cache.keepRegistration(subject, text, id);
    return id;
  }

  /** The schema of an id, as text. Throws REGISTRY_REFUSED or REGISTRY_UNREACHABLE. */
  async schema(id: number): Promise<string> {
    const known = await this.learn(id);
    if ('refused' in known) throw new TapewrightError('REGISTRY_REFUSED', known.refused, { id });
    return known.schema;
  }

  /** What is known of an id by now; null: it is being asked for, again and again with pauses, as long as this is called. */
  known(id: number): KnownSchema | null {
    const known = this.#known.get(id) ?? this.#cache.schema(id);
    if (known !== null) {
      this.#known.set(id, known);
      return known;
    }
    const attempt = this.#attempts.get(id);
    if (attempt === undefined || performance.now() >= attempt.notBefore) this.#attempt(id, attempt?.wait ?? backOffMin);
    return null;
  }

  #attempt(id: number, wait: number): void {
    this.#attempts.set(id, { notBefore: Infinity, wait });
    this.learn(id).then(() => this.#attempts.delete(id), (error: unknown) => {
      this.#remark(`messages of schema ${id} wait, and their partition with them; asked again in ${wait / 1000} s: ${error instanceof Error ? error.message : String(error)}`);
      this.#attempts.set(id, { notBefore: performance.now() + wait, wait: Math.min(wait * 2, backOffMax) });
    });
  }

  /** What the registry, or the cache, says of an id. Throws REGISTRY_UNREACHABLE. */
  learn(id: number): Promise<KnownSchema> {
    const known = this.#known.get(id) ?? this.#cache.schema(id);
    if (known !== null) return Promise.resolve(known);
    let asking = this.#asking.get(id);
    if (asking === undefined) {
      asking = this.#ask(id).finally(() => this.#asking.delete(id));
      this.#asking.set(id, asking);
    }
    return asking;
  }

  async #ask(id: number): Promise<KnownSchema> {
    const answer = await this.#http.call(`/schemas/ids/${id}`, null);
    const refusal = refusalOf(id, answer);
    const known = refusal === null ? { schema: answer!['schema'] as string, needs: [...(await this.#needs(answer!['references'], new Map())).values()] } : { refused: refusal };
    this.#known.set(id, known);
    this.#cache.keepSchema(id, known);
    return known;
  }

  /** Schemas of other subjects, by name, each after those that it needs. */
  async #needs(references: unknown, found: Map<string, string>): Promise<Map<string, string>> {
    for (const { name, subject, version } of (Array.isArray(references) ? references : []) as readonly { readonly name: string; readonly subject: string; readonly version: number }[]) {
      if (found.has(name)) continue;
      const answer = await this.#http.call(`/subjects/${encodeURIComponent(subject)}/versions/${version}`, null);
      // One that is not there, or needs itself, is missed when the schema is read.
      if (typeof answer?.['schema'] !== 'string') continue;
      found.set(name, '"null"');
      await this.#needs(answer['references'], found);
      found.delete(name);
      found.set(name, answer['schema']);
    }
    return found;
  }
}

/** Why the answer is no schema of ours; null: it is one. */
function refusalOf(id: number, answer: Readonly<Record<string, unknown>> | null): string | null {
  if (answer === null) return `schema ${id} is not in the registry`;
  const { schema, schemaType } = answer;
  if (typeof schemaType === 'string' && schemaType !== 'AVRO') return `schema ${id} is ${schemaType}, not Avro`;
  return typeof schema === 'string' ? null : `the registry gives no schema for id ${id}`;
}
