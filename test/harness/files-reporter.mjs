/**
 * Keeps the names of the test files that run now in a file, so that a run that hangs can say where; names the slowest
 * files in the end, hooks included.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

const SLOWEST = 8;

export default class FilesReporter {
  #started = new Map();
  #times = [];
  #file = join(tmpdir(), 'running');

  onTestModuleStart(module) {
    this.#started.set(module.relativeModuleId, Date.now());
    this.#write();
  }

  onTestModuleEnd(module) {
    const name = module.relativeModuleId;
    this.#times.push({ name, ms: Date.now() - (this.#started.get(name) ?? Date.now()) });
    this.#started.delete(name);
    this.#write();
  }

  onTestRunEnd() {
    const slowest = this.#times.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
    console.log('\nSlowest files:');
    for (const { name, ms } of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${name}`);
  }

  #write() {
    writeFileSync(this.#file, [...this.#started.keys()].join('\n'));
  }
}
