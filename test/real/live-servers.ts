/** Real servers and a folder for the tests of a file: there before the first, gone after the last. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Client } from '../../src/live/clients.js';
import type { LiveOptions } from '../../src/live/live.js';
import { settingsFrom, type LiveSettings } from '../../src/live/settings.js';
import { verifyLive, type LiveVerdict } from '../../src/live/verify-live.js';
import { KafkaServer, kafkaMissing, type KafkaOptions } from './kafka-server.js';
import { mustEnd } from './must-end.js';
import { RegistryServer, registryMissing } from './registry-server.js';
import { skipped } from './skip.js';

export interface LiveServersOptions {
  readonly kafka?: KafkaOptions;
  /** Whether there is a schema registry. */
  readonly registry?: boolean;
  /** Whether they may be a user's own, which KAFKA_BROKERS and SCHEMA_REGISTRY name: the tests want no more of them than an address, and no topic of a fixed name. */
  readonly mayBeOwn?: boolean;
  /** What the file opens on them; resolves to what closes it again. */
  readonly opened?: () => Promise<() => Promise<unknown>>;
}

export class LiveServers {
  /** Why the tests cannot run here. */
  readonly skip: string | false;
  readonly #own: { readonly brokers?: string | undefined; readonly registry?: string | undefined };
  #kafka: KafkaServer | null = null;
  #registry: RegistryServer | null = null;
  #folder: string | null = null;

  /** To be made at the top of a test file. */
  constructor(options: LiveServersOptions = {}) {
    this.#own = options.mayBeOwn === true ? { brokers: process.env['KAFKA_BROKERS'], registry: process.env['SCHEMA_REGISTRY'] } : {};
    const needsKafka = this.#own.brokers === undefined, needsRegistry = options.registry === true && this.#own.registry === undefined;
    this.skip = skipped((needsKafka ? kafkaMissing() : null) ?? (needsRegistry ? registryMissing() : null));
    let close: () => Promise<unknown> = () => Promise.resolve();
    before(async () => {
      if (this.skip !== false) return;
      this.#folder = await mkdtemp(join(tmpdir(), 'tapewright-live-'));
      [this.#kafka, this.#registry] = await Promise.all([needsKafka ? KafkaServer.start(options.kafka) : null, needsRegistry ? RegistryServer.start() : null]);
      if (options.opened !== undefined) close = await options.opened();
    });
    after(async () => {
      await close();
      await Promise.all([this.#kafka?.stop(), this.#registry?.stop()]);
      if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
      mustEnd();
    });
  }

  get kafka(): KafkaServer {
    return started(this.#kafka);
  }

  get registry(): RegistryServer {
    return started(this.#registry);
  }

  get folder(): string {
    return started(this.#folder);
  }

  get brokers(): string {
    return this.#own.brokers ?? this.kafka.brokers.join(',');
  }

  /** Undefined: there is none. */
  get registryAddress(): string | undefined {
    return this.#own.registry ?? this.#registry?.address;
  }

  settings(client?: Client): LiveSettings {
    return settingsFrom({ brokers: this.brokers, registry: this.registryAddress, client }, {});
  }

  /** Makes a group's run again from its journal and input. */
  verify(sql: string, group: string, settings: LiveSettings = this.settings()): Promise<LiveVerdict> {
    return verifyLive({ texts: liveTexts(sql), settings, group, redirect: new Map(), onRemark: () => undefined });
  }
}

function started<Server>(server: Server | null): Server {
  if (server === null) throw new Error('the servers are there while tests run only');
  return server;
}

/** An SQL text as live is given it. */
export const liveTexts = (sql: string): LiveOptions['texts'] => ({ name: 'live', scenario: null, sql: [{ path: 'live.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } });
