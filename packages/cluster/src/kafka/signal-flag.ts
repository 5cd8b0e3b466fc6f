/** Something has happened that a loop may be waiting for. */
export class SignalFlag {
  #raised = false;
  #wake: (() => void) | undefined;

  raise(): void {
    this.#raised = true;
    this.#wake?.();
  }

  /** Resolves when it was raised since the last wait, or when the time is over. */
  async wait(timeoutMs?: number): Promise<void> {
    if (!this.#raised)
      await new Promise<void>((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#raised = false;
  }
}
