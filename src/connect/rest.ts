/** Kafka Connect's REST interface: what of it is asked here. */
import { TapewrightError } from '../core/errors.js';
import type { Configuration } from './configuration.js';

export interface ConnectorState {
  readonly name: string;
  readonly connector: { readonly state: string; readonly worker: string };
  readonly tasks: readonly { readonly id: number; readonly state: string; /** Its first line; null: it runs. */ readonly error: string | null }[];
}

/** Where it stands in the log of the database, as Connect remembers it. */
export interface ConnectorOffset {
  readonly lsn: number | null;
  /** Of the last transaction whose end it knows. */
  readonly lastCommit: number | null;
  readonly xid: string | null;
}

/** Connect checks a configuration against the database before it answers. */
const patience = 60_000;

export class ConnectRest {
  /** `address`: `http://HOST:8083`. Throws USAGE for another. */
  constructor(private readonly address: string) {
    if (!/^https?:\/\/[^\s/]+/.test(address)) throw new TapewrightError('USAGE', `'${address}' is no address of Kafka Connect: write http://HOST:8083`, { address });
  }

  /** Makes the connector, or changes it. Throws CONNECT_REFUSED with what Connect says is wrong. */
  async apply(name: string, configuration: Configuration): Promise<'made' | 'changed'> {
    const response = await this.#ask('PUT', `/connectors/${encodeURIComponent(name)}/config`, configuration);
    return response!.status === 201 ? 'made' : 'changed';
  }

  /** Null: there is no such connector. */
  async state(name: string): Promise<ConnectorState | null> {
    const response = await this.#ask('GET', `/connectors/${encodeURIComponent(name)}/status`);
    if (response === null) return null;
    const { connector, tasks } = (await response.json()) as { connector: { state: string; worker_id: string }; tasks: { id: number; state: string; trace?: string }[] };
    return {
      name, connector: { state: connector.state, worker: connector.worker_id },
      tasks: tasks.map(({ id, state, trace }) => ({ id, state, error: trace === undefined ? null : lastCause(trace) })),
    };
  }

  async configuration(name: string): Promise<Configuration | null> {
    const response = await this.#ask('GET', `/connectors/${encodeURIComponent(name)}/config`);
    return response === null ? null : ((await response.json()) as Configuration);
  }

  /** Null: it has none yet, or this Connect does not tell. */
  async offset(name: string): Promise<ConnectorOffset | null> {
    const response = await this.#ask('GET', `/connectors/${encodeURIComponent(name)}/offsets`);
    if (response === null) return null;
    const { offsets } = (await response.json()) as { offsets: readonly { readonly offset: Readonly<Record<string, unknown>> | null }[] };
    const offset = offsets[0]?.offset;
    if (offset == null) return null;
    const number = (value: unknown): number | null => (value == null ? null : Number(value));
    return { lsn: number(offset['lsn']), lastCommit: number(offset['lsn_commit']), xid: offset['txId'] == null ? null : String(offset['txId']) };
  }

  /** The answer; null: 404 to a question. Throws CONNECT_UNREACHABLE, CONNECT_REFUSED. */
  async #ask(method: 'GET' | 'PUT', path: string, body?: unknown): Promise<Response | null> {
    const response = await fetch(`${this.address.replace(/\/+$/, '')}${path}`, {
      method, signal: AbortSignal.timeout(patience), ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new TapewrightError('CONNECT_UNREACHABLE', `Kafka Connect at ${this.address} does not answer: is it running, and is the address right?`, { address: this.address }, { cause });
    });
    if (response.ok) return response;
    if (method === 'GET' && response.status === 404) return null;
    const text = await response.text();
    const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    throw new TapewrightError('CONNECT_REFUSED', `Kafka Connect refuses (${response.status}): ${said === undefined ? text.slice(0, 500) : (JSON.parse(`"${said}"`) as string)}`, { status: response.status });
  }
}

/** The innermost cause of a Java trace, which says most. */
function lastCause(trace: string): string {
  const lines = trace.split('\n').filter((line) => line !== '' && !/^\s+(at |\.\.\. )/.test(line));
  return (lines.at(-1) ?? trace).replace(/^Caused by: /, '');
}
