/** Ctrl-C: the first asks the run to stop where it can go on later, the second ends the process at once. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  end(): void;
}

/** The usual exit code of a process that SIGINT has ended. */
export const interruptedExit = 130;

export function stopOnInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(interruptedExit);
    controller.abort();
    onFirst();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    end: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
