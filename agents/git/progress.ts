/** Git redraws its progress many times a second; people get a line per second and each step's last one. */
export function thinProgress(log: (line: string) => void, now: () => number = Date.now): (line: string) => void {
  let last = -Infinity;
  return (line) => {
    const percent = /:\s+(\d+)% \(/.test(line);
    if (percent && !/done\.$/.test(line.trimEnd()) && now() - last < 1_000) return;
    if (percent) last = now();
    log(line.trimEnd());
  };
}
