/** Which lanes are this process's: those that it was told, or those that the processes of a group share out among them. */
import kafkajs, { type Consumer, type Kafka, type PartitionAssigner } from 'kafkajs';
import type { TapewrightError } from '../core/errors.js';
import { assignLanes } from './lane-assigner.js';
import { kafkaFailure } from './kafka.js';

export interface Membership {
  /** Null: not known yet. */
  readonly lanes: ReadonlySet<number> | null;
  /** Resolves when `lanes` has changed. Rejects where the group cannot be joined. */
  changed(): Promise<void>;
  /** Leaves the group, so that others need not wait. */
  close(): Promise<void>;
}

/** Lanes that nobody takes away but another process that was told the same. */
export function fixedLanes(lanes: readonly number[]): Membership {
  return { lanes: new Set(lanes), changed: () => new Promise(() => undefined), close: () => Promise.resolve() };
}

export interface GroupOptions {
  readonly group: string;
  readonly brokers: readonly string[];
  readonly lanes: number;
  /** Partitions of each input topic by lane, and so what lag tools show. */
  readonly partitions: (lane: number) => readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly topics: readonly string[];
  /** Milliseconds after which a process that is not heard of loses its lanes. */
  readonly sessionTimeout: number;
}

const { AssignerProtocol: { MemberAssignment, MemberMetadata } } = kafkajs;
const heartbeatsPerSession = 6;

/**
 * A consumer that reads nothing: its membership of the group says which lanes are ours. All partitions of a lane go to
 * one member, where Kafka's own assigners would divide them by topic.
 */
export class GroupMembership implements Membership {
  readonly #consumer: Consumer;
  #lanes: ReadonlySet<number> | null = null;
  #wake: () => void = () => undefined;
  #failure: TapewrightError | null = null;
  #closed = false;

  private constructor(kafka: Kafka, private readonly options: GroupOptions) {
    const { group, sessionTimeout } = options;
    this.#consumer = kafka.consumer({
      groupId: group, sessionTimeout, rebalanceTimeout: Math.max(sessionTimeout, 10_000), heartbeatInterval: Math.floor(sessionTimeout / heartbeatsPerSession), maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false, partitionAssigners: [this.#assigner()], retry: { restartOnFailure: () => Promise.resolve(!this.#closed) },
    });
  }

  /** Joins the group. The lanes are known once `changed` resolves. */
  static async join(kafka: Kafka, options: GroupOptions): Promise<GroupMembership> {
    const membership = new GroupMembership(kafka, options);
    try {
      await membership.#start();
    } catch (cause) {
      await membership.close();
      throw kafkaFailure(`group ${options.group} cannot be joined`, options.brokers, cause);
    }
    return membership;
  }

  get lanes(): ReadonlySet<number> | null {
    return this.#lanes;
  }

  async changed(): Promise<void> {
    const before = this.#lanes;
    while (this.#lanes === before && this.#failure === null && !this.#closed) {
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#consumer.disconnect().catch(() => undefined);
  }

  async #start(): Promise<void> {
    const { group, brokers, topics } = this.options;
    const consumer = this.#consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      const assigned = Object.entries(memberAssignment as Readonly<Record<string, number[]>>);
      // Before the first fetch: what is paused is never asked for.
      consumer.pause(assigned.map(([topic, partitions]) => ({ topic, partitions })));
      this.#take(assigned);
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (restart || this.#closed) return;
      this.#failure = kafkaFailure(`group ${group} cannot be joined`, brokers, error);
      this.#wake();
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics] });
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  }

  #take(assigned: readonly (readonly [string, readonly number[]])[]): void {
    const [first] = assigned;
    const { lanes, partitions } = this.options;
    const mine = Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => partitions(lane).some(({ topic, partitions: of }) => topic === first?.[0] && of.some((partition) => first[1].includes(partition))));
    this.#lanes = new Set(mine);
    this.#wake();
  }

  #assigner(): PartitionAssigner {
    const { lanes, partitions } = this.options;
    const name = 'tapewright-lanes', version = 1;
    return () => ({
      name, version,
      protocol: ({ topics }) => ({ name, metadata: MemberMetadata.encode({ version, topics, userData: Buffer.from(JSON.stringify([...(this.#lanes ?? [])])) }) }),
      assign: ({ members }) => {
        const shares = assignLanes(lanes, members.map(({ memberId, memberMetadata }) => ({ id: memberId, owned: ownedIn(memberMetadata) })));
        return Promise.resolve(members.map(({ memberId }) => ({
          memberId, memberAssignment: MemberAssignment.encode({ version, assignment: byTopic(shares.get(memberId)!.flatMap(partitions)), userData: Buffer.alloc(0) }),
        })));
      },
    });
  }
}

function ownedIn(metadata: Buffer): number[] {
  try {
    const owned = JSON.parse(MemberMetadata.decode(metadata)!.userData.toString()) as unknown;
    return Array.isArray(owned) ? owned.filter((lane): lane is number => Number.isSafeInteger(lane)) : [];
  } catch {
    return [];
  }
}

function byTopic(parts: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): Record<string, number[]> {
  const assignment: Record<string, number[]> = {};
  for (const { topic, partitions } of parts) assignment[topic] = [...new Set([...(assignment[topic] ?? []), ...partitions])];
  return assignment;
}
