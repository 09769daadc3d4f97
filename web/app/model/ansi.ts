/** ANSI colours of a log line as data: elements are made of it, never HTML. Pure. */
export interface Segment {
  text: string;
  /** 0..7, the theme's colours; bright ones are the same. */
  color?: number;
  bold?: true;
  dim?: true;
  underline?: true;
}

type Style = Omit<Segment, 'text'>;

// CSI sequences; OSC sequences up to BEL or ST; two-character escapes; other control characters but tab.
const ESCAPE =
  /\x1b\[([0-9;:]*)([@-~])|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_a-z]?|[\x00-\x08\x0b-\x1f\x7f]/g;

/** 256-colour codes that have a neighbour among the eight; the cube and greys keep the text's own colour. */
function basic(code: number | undefined): number | undefined {
  return code !== undefined && code < 16 ? code % 8 : undefined;
}

function without<K extends keyof Style>(style: Style, ...keys: K[]): Style {
  const copy = { ...style };
  for (const key of keys) delete copy[key];
  return copy;
}

function select(style: Style, parameters: string): Style {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map(Number);
  let next = style;
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0;
    if (code === 0) next = {};
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 4) next = { ...next, underline: true };
    else if (code === 22) next = without(next, 'bold', 'dim');
    else if (code === 24) next = without(next, 'underline');
    else if (code === 39) next = without(next, 'color');
    else if (code >= 30 && code <= 37) next = { ...next, color: code - 30 };
    else if (code >= 90 && code <= 97) next = { ...next, color: code - 90 };
    else if (code === 38 || code === 48) {
      const indexed = codes[index + 1] === 5;
      const color = indexed && code === 38 ? basic(codes[index + 2]) : undefined;
      if (color !== undefined) next = { ...next, color };
      index += indexed ? 2 : 4;
    }
  }
  return next;
}

export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  let style: Style = {};
  let from = 0;
  const push = (part: string): void => {
    if (part === '') return;
    const before = segments.at(-1);
    if (before !== undefined && sameStyle(before, style)) before.text += part;
    else segments.push({ text: part, ...style });
  };
  for (const match of text.matchAll(ESCAPE)) {
    push(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') style = select(style, match[1] ?? '');
  }
  push(text.slice(from));
  return segments;
}

function sameStyle(a: Style, b: Style): boolean {
  return a.color === b.color && a.bold === b.bold && a.dim === b.dim && a.underline === b.underline;
}

/** The words alone: for search, copying and files. */
export function plainText(text: string): string {
  return text.replace(ESCAPE, '');
}
