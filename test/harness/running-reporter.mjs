/** Keeps the names of the test files that run now in a file, so that a run that hangs can say where. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

export default class RunningReporter {
  #running = new Set();
  #file = join(tmpdir(), 'running');

  onTestModuleStart(module) {
    this.#running.add(module.relativeModuleId);
    this.#write();
  }

  onTestModuleEnd(module) {
    this.#running.delete(module.relativeModuleId);
    this.#write();
  }

  #write() {
    writeFileSync(this.#file, [...this.#running].join('\n'));
  }
}
