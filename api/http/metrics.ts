/** Counters for Prometheus, without labels that grow. */

export class Metrics {
  readonly #responses = new Map<string, number>();
  readonly #gauges = new Map<string, { help: string; read(): number }>();

  /** Counts an answer by class of status. */
  response(status: number): void {
    const group = `${Math.floor(status / 100)}xx`;
    this.#responses.set(group, (this.#responses.get(group) ?? 0) + 1);
  }

  gauge(name: string, help: string, read: () => number): void {
    this.#gauges.set(name, { help, read });
  }

  /** Prometheus text format 0.0.4. */
  text(): string {
    const lines = ['# HELP sdp_http_responses_total Answers by class of status.', '# TYPE sdp_http_responses_total counter'];
    for (const [group, count] of [...this.#responses].sort()) lines.push(`sdp_http_responses_total{class="${group}"} ${count}`);
    for (const [name, { help, read }] of this.#gauges) {
      const type = name.endsWith('_total') ? 'counter' : 'gauge';
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${read()}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
