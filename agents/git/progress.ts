/** Lines about single refs that are shown; a first fetch may have thousands. */
const MAX_REFS = 20;

/** Git redraws its progress many times a second; people get a line per second and each step's last one. */
export function thinProgress(log: (line: string) => void, now: () => number = Date.now): (line: string) => void {
  let last = -Infinity;
  let refs = 0;
  return (line) => {
    // Such as ` * [new branch]  a -> a`.
    if (/^ [ *+t=!-] .* -> /.test(line)) {
      refs += 1;
      if (refs === MAX_REFS + 1) log('... and more refs');
      if (refs > MAX_REFS) return;
    }
    const percent = /:\s+(\d+)% \(/.test(line);
    if (percent && !/done\.$/.test(line.trimEnd()) && now() - last < 1_000) return;
    if (percent) last = now();
    log(line.trimEnd());
  };
}
