/** Options whose values are not for printing. */
const secretKey = /pass(word|wd|phrase)|secret|token|credential|api-?key|access[.-]?key|account[.-]?key|private[.-]?key|service-key|keystore\.key|jaas\.config|user-info|auth-params|http-headers/i;
const secretInAddress = /([?&;](?:user|[\w.-]*(?:pass(?:word|wd)?|pwd|token|secret|key))=)[^&;\s]+/gi;
const secretBeforeHost = /(:\/\/[^/@\s:]*:)[^/@\s]+@/g;

export const hiddenText = '******';

/** The value as it may be printed: hidden, or with what is secret in an address hidden. */
export function shown(key: string, value: string): string {
  if (secretKey.test(key)) return hiddenText;
  return value.replace(secretInAddress, `$1${hiddenText}`).replace(secretBeforeHost, `$1${hiddenText}@`);
}
