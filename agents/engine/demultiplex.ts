/** The engine's framing of stdout and stderr: 8 bytes (stream, 0, 0, 0, length) before each piece. */
import { StringDecoder } from 'node:string_decoder';

/** Takes chunks as they come, calls `onLine` with whole lines of either stream, without their line ends. */
export class LineDemultiplexer {
  private rest: Buffer = Buffer.alloc(0);
  private readonly lines = new Map<number, { decoder: StringDecoder; text: string }>();

  constructor(
    private readonly onLine: (line: string) => void,
    /** Longer lines are cut into pieces of this many characters. */
    private readonly longest = 8_192,
  ) {}

  push(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 8) {
      const length = this.rest.readUInt32BE(4);
      if (this.rest.length < 8 + length) return;
      this.take(this.rest[0] ?? 1, this.rest.subarray(8, 8 + length));
      this.rest = this.rest.subarray(8 + length);
    }
  }

  /** Hands out what has no line end yet. */
  end(): void {
    for (const line of this.lines.values()) {
      if (line.text !== '') this.onLine(line.text);
      line.text = '';
    }
  }

  private take(stream: number, piece: Buffer): void {
    const line = this.lines.get(stream) ?? { decoder: new StringDecoder('utf8'), text: '' };
    this.lines.set(stream, line);
    const parts = (line.text + line.decoder.write(piece)).split('\n');
    line.text = parts.pop() ?? '';
    for (const part of parts) this.onLine(part.replace(/\r$/, ''));
    while (line.text.length > this.longest) {
      this.onLine(line.text.slice(0, this.longest));
      line.text = line.text.slice(this.longest);
    }
  }
}

/** Lines of a whole answer. */
export function demultiplex(bytes: Buffer): string[] {
  const lines: string[] = [];
  const demultiplexer = new LineDemultiplexer((line) => lines.push(line));
  demultiplexer.push(bytes);
  demultiplexer.end();
  return lines;
}
