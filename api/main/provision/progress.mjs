/** What people see while `npm start` works: one line per step, with how long it took. */

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

export const dim = (text) => paint('2', text);
export const bold = (text) => paint('1', text);
const green = (text) => paint('32', text);
const red = (text) => paint('31', text);

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Something that people have to put right; its message is shown without a stack. */
export class StartError extends Error {}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs one step. `work` may call `say` with what it is doing just now.
 * @template T
 * @param {string} title
 * @param {(say: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = Date.now();
  let detail = '';
  let frame = 0;
  const draw = () => {
    const text = `${FRAMES[(frame += 1) % FRAMES.length]} ${title} ${dim(`${detail} ${seconds(started)}`)}`;
    process.stdout.write(`\r\u001b[K${text.slice(0, (process.stdout.columns ?? 80) + 8)}`);
  };
  // Without a terminal nothing can be drawn over: say once that this takes a while.
  const timer = process.stdout.isTTY
    ? setInterval(draw, 100)
    : setTimeout(() => process.stdout.write(`  … ${title}\n`), 2_000);
  const clear = () => {
    clearTimeout(timer);
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  };
  try {
    const result = await work((text) => (detail = text));
    clear();
    process.stdout.write(`${green('✓')} ${title}${detail === '' ? '' : dim(` · ${detail}`)} ${dim(seconds(started))}\n`);
    return result;
  } catch (error) {
    clear();
    process.stdout.write(`${red('✗')} ${title} ${dim(seconds(started))}\n`);
    throw error;
  }
}
