/** `.dockerignore` as docker's client reads it: last matching line wins, `!` takes back, `**` crosses directories. */

export interface Ignore {
  excludes(path: string): boolean;
  /** Whether any line takes something back. */
  hasExceptions: boolean;
}

export function parseDockerignore(text: string): Ignore {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const exception = line.startsWith('!');
      const pattern = line.slice(exception ? 1 : 0).trim().replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
      return { exception, pattern: toPattern(pattern) };
    });
  return {
    hasExceptions: rules.some((rule) => rule.exception),
    excludes: (path) => rules.reduce((out, rule) => (rule.pattern.test(path) ? !rule.exception : out), false),
  };
}

/** Matches the path itself and all below it. */
function toPattern(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob.charAt(at);
    if (glob.startsWith('**/', at)) {
      source += '(?:.*/)?';
      at += 2;
    } else if (glob.startsWith('**', at)) {
      source += '.*';
      at += 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = glob.indexOf(']', at + 1);
      if (end < 0) source += '\\[';
      else {
        source += glob.slice(at, end + 1);
        at = end;
      }
    } else if (char === '\\' && at + 1 < glob.length) {
      at += 1;
      source += escape(glob.charAt(at));
    } else source += escape(char);
  }
  return new RegExp(`^${source}(?:/.*)?$`, 's');
}

function escape(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
