/** Lines that show what the start is doing: one per step with its time, and what it does now on a terminal. */
export class Progress {
  private current: string | undefined;

  /** A step is under way: what is said belongs to its line. */
  get busy(): boolean {
    return this.current !== undefined;
  }

  /** Runs a step; `say` shows a detail of it. */
  async step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T> {
    const started = Date.now();
    const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(1)} s`;
    this.current = title;
    let last = '';
    try {
      const result = await work((detail) => {
        if (detail === last) return;
        last = detail;
        this.draw(`… ${title}: ${detail}`);
      });
      this.finish(`✓ ${title} ${seconds()}`);
      return result;
    } catch (error) {
      this.finish(`✗ ${title} ${seconds()}`);
      throw error;
    } finally {
      this.current = undefined;
    }
  }

  private draw(line: string): void {
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    else process.stdout.write(`${line}\n`);
  }

  private finish(line: string): void {
    process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}\n` : `${line}\n`);
  }
}
