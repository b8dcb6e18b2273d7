/** SET 'table.exec.source.idle-timeout': how long an input partition may be silent before it no longer holds the watermark back. */
import { flinkMillis } from '../core/flink-duration.js';

export const idleTimeoutSetting = 'table.exec.source.idle-timeout';

/** Milliseconds; null: for ever, which is the default. The planner has checked the value. */
export function idleTimeoutOf(settings: Readonly<Record<string, string>>): number | null {
  const millis = flinkMillis(settings[idleTimeoutSetting] ?? '0');
  return millis === 0 ? null : millis;
}
