/** The bodies of the log, by the name of the client under them. */
import { KafkaLog } from './kafka-log.js';
import type { Log } from './log.js';
import { PlatformaticLog } from './platformatic-log.js';
import type { LiveSettings } from './settings.js';

/** The first is what `live` takes unless told otherwise. */
export const clients = ['platformatic', 'kafkajs'] as const;

export type Client = (typeof clients)[number];

/** `remark` is told what the client would log as a warning. */
export function openLog(settings: LiveSettings, remark: (text: string) => void): Log {
  return settings.client === 'kafkajs' ? new KafkaLog(settings, remark) : new PlatformaticLog(settings, remark);
}
