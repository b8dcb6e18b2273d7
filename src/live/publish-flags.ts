/** Flags of `publish` that are more than a text. */
import { TapewrightError } from '../core/errors.js';
import { parseDuration } from '../scenario/duration.js';

export function publishFlags(flags: { readonly speed?: string | undefined; readonly 'delivery-timeout': string }): { readonly speed: number | null; readonly deliveryTimeout: number } {
  const speed = flags.speed === undefined ? null : Number(flags.speed);
  if (speed !== null && !(speed > 0 && Number.isFinite(speed))) throw new TapewrightError('USAGE', `--speed ${flags.speed}: must be a number above 0`, { given: flags.speed });
  const deliveryTimeout = parseDuration(flags['delivery-timeout']);
  if (deliveryTimeout === null || deliveryTimeout <= 0) throw new TapewrightError('USAGE', `--delivery-timeout ${flags['delivery-timeout']}: write 120s or 2m`, { given: flags['delivery-timeout'] });
  return { speed, deliveryTimeout };
}
